"""A sale as the rest of flashgen sees it: frozen, typed, in UTC, with Decimal money.

`SaleSection`, `OrderSettings`, `Unlock` and `Product` are the sections of the file. `Header` is all but the products:
the commands of sale time need no more. `Sale` is the whole. Field order matters: a validator sees the fields above its
own.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import instant, language, money, text
from flashgen.sale.brand.settings import BrandSettings
from flashgen.sale.order import OrderSettings
from flashgen.sale.product import Product

__all__ = ["SALE_TEXTS", "Header", "OrderSettings", "Product", "Sale", "SaleSection", "Unlock", "derived_version"]

SALE_TEXTS = ("title", "description")
"""The keys of the section `sale` that may be written for each language."""

_VERSION = re.compile(r"[a-z0-9]{6,32}")


class Unlock(Model):
    """The one object that opens the sale."""

    version: str = Field(
        description="Random part of the pointer's name, written by `flashgen new`, replaced by `flashgen rotate`.",
        examples=["7k2mq9xw4t"],
    )
    edge_ttl_seconds: Annotated[Literal[0, 1, 2], text.whole(0, 2)] = Field(
        default=1, description="Seconds the edge keeps the pointer. 0: every poll reaches the store.", examples=["1"]
    )

    @field_validator("version", mode="before")
    @classmethod
    def _version(cls, value: object) -> str:
        version = text.given(value)
        if not _VERSION.fullmatch(version):
            hint = "let `flashgen rotate` write one"
            raise InvalidValue(f"must be 6 to 32 letters and digits of a-z and 0-9, found {quoted(version)}", hint)
        return version


class SaleSection(Model):
    """The section `sale`: what, when, and in which language and money."""

    id: str = Field(
        description="Names the sale, its file and its URL: a-z, 0-9, hyphens; at most 63.", examples=["black-friday"]
    )
    title: Annotated[str, text.line(200)] = Field(
        description="The sale page's headline; at most 200 characters.", examples=["Black Friday"]
    )
    description: Annotated[str, text.lines(20_000)] = Field(
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
    locales: Annotated[tuple[str, ...], BeforeValidator(language.locales)] = Field(
        default=(),
        description="In place of `locale`: several languages, the default first; each has its own pages.",
        examples=["[de, en, ar]"],
    )
    show_limit: Annotated[bool, BeforeValidator(text.yes_or_no)] = Field(
        default=False,
        description="Whether product pages say how many units are on sale in all: a product's `stock`.",
        examples=["true"],
    )
    theme: str = Field(
        default="spotlight",
        description="How the pages look: spotlight for a few products, catalogue for many, plain for the least weight.",
        examples=["spotlight", "catalogue", "plain"],
    )
    noindex: Annotated[bool, BeforeValidator(text.yes_or_no)] = Field(
        default=False,
        description="true: search engines are asked not to list the sale, and the host's root page leaves it out.",
        examples=["true"],
    )

    @model_validator(mode="before")
    @classmethod
    def _default_locale(cls, data: Any) -> Any:
        """The first of `locales` is the locale, if the file names no other."""
        if isinstance(data, dict) and not data.get("locale") and (locales := data.get("locales")):
            return {**data, "locale": locales[0]} if isinstance(locales, list | tuple) else data
        return data

    @field_validator("locales")
    @classmethod
    def _locales(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        first = info.data.get("locale")
        if value and first is not None and first != value[0]:
            raise InvalidValue(f"must begin with the `locale`, {first}, found {value[0]}", "delete `locale`")
        return value

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
        # A zone that failed is missing from the data, and is already reported. None means that the file has none.
        time = instant.instant(value, info.data.get("timezone", "UTC"))
        starts_at = info.data.get("starts_at")
        if info.field_name == "ends_at" and starts_at is not None and time <= starts_at:
            raise InvalidValue(f"must be after `starts_at`, found {quoted(value)}", "move one of the two")
        return time


class Header(SaleSection):
    """All of a sale but its products. Times are aware and in UTC; `timezone` is UTC if the file names none."""

    timezone: Annotated[str, BeforeValidator(instant.zone_name)] = "UTC"
    order: OrderSettings | None = None
    unlock: Unlock

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the page shows times."""
        return ZoneInfo(self.timezone)

    @property
    def order_origins(self) -> tuple[str, ...]:
        """The origins of the order servers; none for a sale without an `order` section."""
        return self.order.servers if self.order else ()

    @property
    def version_is_derived(self) -> bool:
        """Whether the file has no version for the pointer, so that the one in use can be guessed."""
        return self.unlock.version == derived_version(self.id, self.starts_at)


class Sale(Header):
    """A whole valid sale, in its default locale; `translations` are the same sale in the other ones."""

    products: tuple[Product, ...]
    brand: BrandSettings | None = None
    translations: tuple[Sale, ...] = ()

    @property
    def is_multilingual(self) -> bool:
        """Whether it has several locales. Then each has pages in a folder of its own."""
        return len(self.locales) > 1

    @property
    def language_folder(self) -> str:
        """The folder of its pages inside the sale's folder: `de/`; empty for a sale of one locale."""
        return f"{self.locale}/" if self.is_multilingual else ""

    @property
    def languages(self) -> tuple[Sale, ...]:
        """The sale in each of its locales, the default first. Only texts and `locale` differ."""
        return (self, *self.translations)


def derived_version(sale_id: str, starts_at: datetime) -> str:
    """A version for a sale that has none: 10 characters of a SHA-256, the same in every build, and no secret."""
    digest = hashlib.sha256(f"{sale_id}\n{starts_at.isoformat()}".encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:10]
