"""Prices and quotas, read from one dated file; a project's own file may change any of them.

Amounts are US dollars before tax. GB are 10⁹ bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as Day
from math import inf, isfinite
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from flashgen.document.builder import KeyPath
from flashgen.document.parse import Document, read_document
from flashgen.document.validation import Model, validate
from flashgen.document.wording import InvalidValue, quoted, suggestion
from flashgen.errors import InvalidInput, Problem

PACKAGED = Path(__file__).parent / "prices.yaml"
OLD_AFTER_DAYS = 180

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")


def _number(most: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        text = value if isinstance(value, str) else "a list or a mapping"
        if not _NUMBER.fullmatch(text) or not float(text) <= most:
            raise InvalidValue(f"must be a number from 0 to {most:,.0f}, found {quoted(value)}", "such as 0.085")
        return float(text)

    return read


def _date(value: object) -> Day:
    try:
        return Day.fromisoformat(str(value))
    except ValueError:
        raise InvalidValue(f"must be a date, found {quoted(value)}", "write it as 2026-11-29") from None


Dollars = Annotated[float, BeforeValidator(_number(1e6))]
Amount = Annotated[float, BeforeValidator(_number(1e15))]


class PriceSource(Model):
    """Where numbers come from, and when they were read there."""

    url: str
    date: Annotated[Day, BeforeValidator(_date)] = Field(examples=["2026-11-29"])
    note: str = ""


class Step(Model):
    """A price for each GB up to `to` GB of a month; without `to`, for all above."""

    to: Amount = inf
    usd: Dollars = Field(examples=["0.085"])


def _ascending(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    ends = [step.to for step in steps]
    if not ends or ends != sorted(set(ends)) or isfinite(ends[-1]):
        raise InvalidValue("must have steps that rise, the last of them without `to`", "[{to: 10000, usd: 0.085}, …]")
    return steps


class EdgeNetwork(Model):
    """How many edge locations and regional caches there are."""

    source: str
    edges: Amount
    regional_caches: Amount


class Free(Model):
    """What costs nothing in a month."""

    source: str
    gb: Amount
    requests: Amount
    function_calls: Amount


class FunctionPrice(Model):
    """What calls of edge functions cost."""

    source: str
    usd: Dollars


class Region(Model):
    """CloudFront's prices where viewers are."""

    name: str
    source: str
    request_source: str
    request_usd_per_10000: Dollars
    gb_steps: tuple[Step, ...]

    _check = field_validator("gb_steps")(_ascending)


class FlatPlan(Model):
    """A flat rate of a month, for so many requests and GB."""

    name: str
    source: str
    usd: Dollars
    requests: Amount
    gb: Amount


class CloudFrontPrices(Model):
    """CloudFront's prices."""

    free: Free
    function_usd_per_million: FunctionPrice
    regions: dict[str, Region]
    plans: tuple[FlatPlan, ...]


class StorePrice(Model):
    """What requests cost that reach the store."""

    source: str
    usd_per_million: Dollars


class Waf(Model):
    """What a web ACL with one rule costs; it looks at every request of a distribution."""

    source: str
    usd_per_month: Dollars
    usd_per_million: Dollars


class OtherCdn(Model):
    """Another CDN: what is not given costs nothing. Requests to the store cost as in `store` without a price here."""

    name: str
    source: str
    store_source: str = ""
    usd_per_month: Dollars = 0.0
    least_usd_per_month: Dollars = 0.0
    free_gb: Amount = 0.0
    free_requests: Amount = 0.0
    request_usd_per_10000: Dollars = 0.0
    gb_steps: tuple[Step, ...] = (Step(usd="0"),)  # type: ignore[arg-type]  # as a file writes it
    store_usd_per_million: Dollars | None = None

    _check = field_validator("gb_steps")(_ascending)


class Quota(Model):
    """A rate up to which a service serves."""

    source: str
    limit: Amount


class Quotas(Model):
    """Of the distribution, and of one prefix of the bucket."""

    edge_requests_per_second: Quota
    edge_gbit_per_second: Quota
    store_requests_per_second: Quota


class Prices(Model):
    """All that the file says."""

    sources: dict[str, PriceSource]
    network: EdgeNetwork
    cloudfront: CloudFrontPrices
    store: StorePrice
    waf: Waf
    others: tuple[OtherCdn, ...]
    quotas: Quotas

    def oldest(self) -> PriceSource:
        """The source that was read the longest ago."""
        return min(self.sources.values(), key=lambda source: source.date)

    def region(self, key: str) -> Region:
        """A region's prices. Raises InvalidValue if there are none."""
        if key not in self.cloudfront.regions:
            raise InvalidValue(f"must be a region with prices, found {quoted(key)}", suggestion(key, self.regions))
        return self.cloudfront.regions[key]

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions with prices."""
        return tuple(self.cloudfront.regions)


@dataclass(frozen=True, slots=True)
class _Layers:
    """The packaged file and the project's over it: a value's place is in the upper one, if it is there."""

    lower: Document
    upper: Document | None

    def problem(self, path: KeyPath, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """As `Document.problem`."""
        document = self.upper or self.lower
        return document.problem(path, message, hint, at_key=at_key)


def read_prices(override: Path | None = None) -> Prices:
    """The packaged prices, with those of `override` over them: mappings are merged, lists replaced.

    Raises InvalidInput with every problem of `override`.
    """
    lower = read_document(PACKAGED)
    upper = read_document(override) if override else None
    data = _merged(lower.data, upper.data) if upper else lower.data
    layers = _Layers(lower, upper)
    prices, problems = validate(Prices, data, layers)
    if prices:
        problems = tuple(_unknown_sources(data, (), prices.sources, layers))
    if problems or prices is None:
        raise InvalidInput(problems)
    return prices


def _merged(lower: Any, upper: Any) -> Any:
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return upper
    return {**lower, **{key: _merged(lower.get(key), value) for key, value in upper.items()}}


def _unknown_sources(data: Any, path: KeyPath, sources: Mapping[str, PriceSource], layers: _Layers) -> list[Problem]:
    """A number without a date would never be noticed to be old."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    problems = []
    for key, value in items:
        if str(key).endswith("source") and value not in sources:
            message = f"`{key}` must name one of `sources`, found {quoted(value)}"
            problems.append(layers.problem((*path, key), message, suggestion(str(value), sources)))
        problems += _unknown_sources(value, (*path, key), sources, layers)
    return problems
