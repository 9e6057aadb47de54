"""A sale as the rest of flashgen sees it: frozen, typed, in UTC, with Decimal money.

`Product`, `Order`, `Unlock` and `Facts` are the sections of the file; `Header` is all but the products, which is what
the verbs of sale time need; `Sale` is the whole. Field order matters: a validator sees the fields above its own.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.sale import instant, language, money, origin, text
from flashgen.sale.validation import Model
from flashgen.sale.wording import Unfit, shown

MAX_PRODUCTS = 100_000
MAX_STOCK = 10**9
MAX_SERVERS = 64
_VERSION = re.compile(r"[a-z0-9]{6,32}")
_WHOLE = re.compile(r"[0-9]{1,12}")
_HEADER_NAME = re.compile(r"header:[A-Za-z0-9][A-Za-z0-9-]{0,63}")


def _whole(value: object, least: int, most: int) -> int:
    if isinstance(value, int):
        return value
    written = text.given(value).strip()
    if not _WHOLE.fullmatch(written) or not least <= int(written) <= most:
        raise Unfit(f"must be a whole number from {least:,} to {most:,}, found {shown(written)}", "write plain digits")
    return int(written)


def _several(value: object, what: str) -> object:
    """YAML's `key: value` where `key: [value]` is meant is the commonest slip."""
    if isinstance(value, str):
        raise Unfit(f"must be a list, found {shown(value)}", f"write it as [{what}]")
    return value


def _line(longest: int) -> BeforeValidator:
    return BeforeValidator(partial(text.line, longest=longest))


def _lines(longest: int) -> BeforeValidator:
    return BeforeValidator(partial(text.lines, longest=longest))


def _number(least: int, most: int) -> BeforeValidator:
    return BeforeValidator(partial(_whole, least=least, most=most))


class Product(Model):
    """One thing on sale; one unit of it per buyer."""

    sku: Annotated[str, BeforeValidator(text.sku)] = Field(
        description="The stock keeping unit: unique in the sale, whatever its case.", examples=["SHIRT-1"]
    )
    name: Annotated[str, _line(200)] = Field(
        description="What shoppers call it; at most 200 characters.", examples=["Blue shirt"]
    )
    slug: str = Field(
        default="",
        validate_default=True,
        description="The product page's part of the URL: a-z, 0-9, hyphens. The name's by default, else the SKU's.",
        examples=["blue-shirt"],
    )
    price: Decimal = Field(
        description="Price in the sale's currency: plain digits with a point, above 0.", examples=['"19.90"']
    )
    list_price: Decimal | None = Field(
        default=None, description="The price before the sale, shown struck through.", examples=['"39.90"']
    )
    stock: Annotated[int, _number(0, MAX_STOCK)] | None = Field(
        default=None, description="Units the order gate may sell. None given: no limit here.", examples=["100"]
    )
    image: Annotated[str, _line(500)] | None = Field(
        default=None, description="An image file beside the YAML: JPEG, PNG or WebP.", examples=["shirt.jpg"]
    )
    summary: Annotated[str, _line(500)] = Field(
        default="", description="One or two sentences for the sale page; at most 500 characters."
    )
    description: Annotated[str, _lines(20_000)] = Field(
        default="", description="The product page's text in Markdown; at most 20,000 characters."
    )

    @field_validator("slug", mode="before")
    @classmethod
    def _slug(cls, value: object, info: ValidationInfo) -> str:
        if value != "":
            return text.slug(value)
        if "name" not in info.data or "sku" not in info.data:
            return ""
        default = text.default_slug(info.data["name"], info.data["sku"])
        if not default:
            found = shown(info.data["name"])
            raise Unfit(f"cannot be made from the name {found} or the SKU", "add a `slug:` of a-z, 0-9 and hyphens")
        return default

    @field_validator("price", mode="before")
    @classmethod
    def _price(cls, value: object, info: ValidationInfo) -> Decimal:
        return money.price(value, _currency(info))

    @field_validator("list_price", mode="before")
    @classmethod
    def _list_price(cls, value: object, info: ValidationInfo) -> Decimal | None:
        if value is None:
            return None
        amount, price = money.price(value, _currency(info)), info.data.get("price")
        if price is not None and amount < price:
            raise Unfit(f"must not be below the price of {price}, found {amount}", "swap the two, or delete it")
        return amount


class Order(Model):
    """How orders are taken. A sale without it can be built, and cannot go live."""

    servers: tuple[Annotated[str, BeforeValidator(origin.origin)], ...] = Field(
        description="Origins of the order gate's servers; the page picks one at random.",
        examples=["[https://order.example.com]"],
    )
    slots_per_server: Annotated[int, _number(1, 10_000)] = Field(
        default=10, description="Buyers a server serves at the same time, 1 to 10,000.", examples=["10"]
    )
    lease_seconds: int = Field(
        default=180, alias="lease", description="How long a slot waits for its buyer, 10s to 1h.", examples=["3m"]
    )
    trusted_proxies: tuple[Annotated[str, BeforeValidator(origin.network)], ...] = Field(
        default=(),
        description="Proxies whose buyer header is believed: addresses or networks.",
        examples=["[10.0.0.0/8]"],
    )
    buyer: str = Field(
        default="cookie",
        description="How a buyer is known: `cookie`, or `header:NAME` as set by a trusted proxy.",
        examples=["cookie", "header:X-User-Id"],
    )
    forward_to: Annotated[str, BeforeValidator(origin.url)] | None = Field(
        default=None,
        description="Where accepted orders are sent.",
        examples=["https://orders.internal.example/api/orders"],
    )

    @field_validator("servers", "trusted_proxies", mode="before")
    @classmethod
    def _lists(cls, value: object, info: ValidationInfo) -> object:
        return _several(value, "https://order.example.com" if info.field_name == "servers" else "10.0.0.0/8")

    @field_validator("servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not 1 <= len(value) <= MAX_SERVERS:
            raise Unfit(f"must have 1 to {MAX_SERVERS} origins, found {len(value)}")
        for place, server in enumerate(value):
            if server in value[:place]:
                raise Unfit(f"must not name a server twice, found {server} again", "keep one of them")
        return value

    @field_validator("lease_seconds", mode="before")
    @classmethod
    def _lease(cls, value: object) -> int:
        return instant.seconds(value, 10, 3600)

    @field_validator("buyer", mode="before")
    @classmethod
    def _buyer(cls, value: object, info: ValidationInfo) -> str:
        written = text.given(value)
        if written != "cookie" and not _HEADER_NAME.fullmatch(written):
            raise Unfit(f"must be cookie or header:NAME, found {shown(written)}", "write header:X-User-Id, say")
        if written != "cookie" and info.data.get("trusted_proxies") == ():
            hint = "add `trusted_proxies: [10.0.0.0/8]`, or write cookie"
            raise Unfit(f"must not be {written} without `trusted_proxies`: anyone can send a header", hint)
        return written


class Unlock(Model):
    """The one object that opens the sale."""

    version: str = Field(
        description="Random part of the pointer's name, written by `flashgen new`, replaced by `flashgen rotate`.",
        examples=["7k2mq9xw4t"],
    )
    edge_ttl_seconds: Literal[0, 1, 2] = Field(
        default=1, description="Seconds the edge keeps the pointer. 0: every poll reaches the store.", examples=["1"]
    )

    @field_validator("version", mode="before")
    @classmethod
    def _version(cls, value: object) -> str:
        written = text.given(value)
        if not _VERSION.fullmatch(written):
            hint = "let `flashgen rotate` write one"
            raise Unfit(f"must be 6 to 32 letters and digits of a-z and 0-9, found {shown(written)}", hint)
        return written

    @field_validator("edge_ttl_seconds", mode="before")
    @classmethod
    def _edge_ttl(cls, value: object) -> int:
        return _whole(value, 0, 2)


class Facts(Model):
    """The section `sale`: what, when, and in which language and money."""

    id: str = Field(
        description="Names the sale, its file and its URL: a-z, 0-9, hyphens; at most 63.", examples=["black-friday"]
    )
    title: Annotated[str, _line(200)] = Field(
        description="The sale page's headline; at most 200 characters.", examples=["Black Friday"]
    )
    description: Annotated[str, _lines(20_000)] = Field(
        default="", description="A text in Markdown for the sale page; at most 20,000 characters."
    )
    timezone: Annotated[str, BeforeValidator(instant.zone_name)] | None = Field(
        default=None,
        description="IANA time zone: how times without an offset are read, and the zone the page shows.",
        examples=["Europe/Berlin"],
    )
    starts_at: datetime = Field(
        description="When the sale opens: date, time and offset, or a local time in `timezone`.",
        examples=['"2026-11-27T09:00:00+01:00"'],
    )
    ends_at: datetime = Field(
        description="When the sale ends, written as `starts_at`.", examples=['"2026-11-27T21:00:00+01:00"']
    )
    currency: Annotated[str, BeforeValidator(money.currency)] = Field(
        description="ISO 4217 code of every price.", examples=["EUR"]
    )
    locale: Annotated[str, BeforeValidator(language.locale)] = Field(
        default="en",
        description="Language of the page, its numbers, money and dates (BCP 47).",
        examples=["de", "pt-BR"],
    )
    theme: str = Field(default="plain", description="How the pages look.", examples=["plain"])

    @field_validator("id", mode="before")
    @classmethod
    def _id(cls, value: object) -> str:
        return text.name(value, 63, "a name")

    @field_validator("theme", mode="before")
    @classmethod
    def _theme(cls, value: object) -> str:
        return text.name(value, 63, "a theme's name")

    @field_validator("starts_at", "ends_at", mode="before")
    @classmethod
    def _time(cls, value: object, info: ValidationInfo) -> datetime:
        # A zone that failed is missing here and reported already; None means that none was given.
        time = instant.instant(value, info.data.get("timezone", "UTC"))
        starts_at = info.data.get("starts_at")
        if info.field_name == "ends_at" and starts_at is not None and time <= starts_at:
            found = shown(value)
            raise Unfit(f"must be after `starts_at`, found {found}", "move one of the two")
        return time


class Header(Facts):
    """All of a sale but its products. Times are aware and in UTC; `timezone` is UTC where the file names none."""

    timezone: Annotated[str, BeforeValidator(instant.zone_name)] = "UTC"
    order: Order | None = None
    unlock: Unlock

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the page shows times."""
        return ZoneInfo(self.timezone)

    @property
    def version_is_derived(self) -> bool:
        """Whether the pointer's version can be guessed, as the file has none."""
        return self.unlock.version == derived_version(self.id, self.starts_at)


class Sale(Header):
    """A whole sale, valid in all its parts."""

    products: tuple[Product, ...]


def derived_version(sale_id: str, starts_at: datetime) -> str:
    """A version for a sale that has none: the same in every build, and no secret (10 characters of SHA-256)."""
    digest = hashlib.sha256(f"{sale_id}\n{starts_at.isoformat()}".encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:10]


def _currency(info: ValidationInfo) -> str | None:
    context: dict[str, Any] = info.context or {}
    return context.get("currency")
