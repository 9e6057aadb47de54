"""One thing on sale, as it is written in a list or in a row of a feed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import money, text

MAX_STOCK = 10**9


class Product(Model):
    """One thing on sale; one unit of it per buyer.

    Field order matters: a validator sees the fields above its own. The currency of prices comes in as the validation
    context `{"currency": code}`; without one their number of decimals is not checked.
    """

    sku: Annotated[str, BeforeValidator(text.sku)] = Field(
        description="The stock keeping unit: unique in the sale, whatever its case.", examples=["SHIRT-1"]
    )
    name: Annotated[str, text.line(200)] = Field(
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
    stock: Annotated[int, text.whole(0, MAX_STOCK)] | None = Field(
        default=None, description="Units the order gate may sell. None given: no limit here.", examples=["100"]
    )
    image: Annotated[str, text.line(500)] | None = Field(
        default=None, description="An image file beside the YAML: JPEG, PNG or WebP.", examples=["shirt.jpg"]
    )
    summary: Annotated[str, text.line(1_000)] = Field(
        default="", description="One or two sentences for the sale page; at most 1,000 characters."
    )
    description: Annotated[str, text.lines(20_000)] = Field(
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
            found = quoted(info.data["name"])
            raise InvalidValue(
                f"cannot be made from the name {found} or the SKU", "add a `slug:` of a-z, 0-9 and hyphens"
            )
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
            raise InvalidValue(f"must not be below the price of {price}, found {amount}", "swap the two, or delete it")
        return amount


def _currency(info: ValidationInfo) -> str | None:
    context: dict[str, Any] = info.context or {}
    return context.get("currency")
