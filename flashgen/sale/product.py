"""The model of one product, written in a list or in a row of a feed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.document.builder import KeyPath
from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import money, text
from flashgen.sale.specs import MAX_SPECS, spec_rows

PRODUCT_TEXTS = ("name", "summary", "description", "category", "specs")
"""The keys of texts that may be written for each language."""

BY_LANGUAGE = (*PRODUCT_TEXTS, "description_format")
"""The keys whose value is that of a language: a description may be HTML, and its translation Markdown."""

MAX_STOCK = 10**9
MAX_IMAGES = 50


def _description_format(value: object) -> str:
    written = text.given(value).strip().lower()
    if written not in ("markdown", "html"):
        raise InvalidValue(f"must be markdown or html, found {quoted(value)}")
    return written


def _image_names(value: object) -> object:
    """A list as it is; the lines of a text."""
    names = [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else value
    if isinstance(names, list) and len(names) > MAX_IMAGES:
        raise InvalidValue(f"must have at most {MAX_IMAGES}, found {len(names):,}", "keep the best")
    return names


class Product(Model):
    """One thing on sale; one unit of it per buyer.

    Field order matters: a validator sees the fields above its own. The validation context may have the `currency` of
    prices, without which their decimals are not checked, and the sale's DefaultSlugs as `slugs`.
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
        description="The product page's part of the URL: a-z, 0-9, hyphens. By default the name's, else the SKU's.",
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
    image: Annotated[str, text.line(2_000)] | None = Field(
        default=None,
        description="An image file beside the YAML (JPEG, PNG, WebP, AVIF, GIF), or a URL for `flashgen fetch-images`.",
        examples=["shirt.jpg"],
    )
    images: Annotated[tuple[Annotated[str, text.line(2_000)], ...], BeforeValidator(_image_names)] = Field(
        default=(),
        description=f"Several images, the first on the sale page, all on the product's; at most {MAX_IMAGES}.",
        examples=["[shirt.jpg, shirt-back.jpg]"],
    )
    gtin: Annotated[str, BeforeValidator(text.gtin)] = Field(
        default="",
        description="The number of its barcode (GTIN: EAN, UPC, ISBN), for search engines.",
        examples=['"4006381333931"'],
    )
    summary: Annotated[str, text.line(1_000)] = Field(
        default="", description="One or two sentences for the sale page; at most 1,000 characters."
    )
    description: Annotated[str, text.lines(20_000)] = Field(
        default="", description="The product page's text in Markdown; at most 20,000 characters."
    )
    description_format: Annotated[Literal["markdown", "html"], BeforeValidator(_description_format)] = Field(
        default="markdown", description="Whether `description` is Markdown, or HTML as shops export it."
    )

    category: Annotated[str, text.line(100)] = Field(
        default="", description="What kind of thing it is, for filters; at most 100 characters.", examples=["Lamps"]
    )
    specs: Annotated[
        dict[Annotated[str, text.line(100)], Annotated[str, text.line(1_000)]], BeforeValidator(spec_rows)
    ] = Field(
        default={},
        description=f"A table on the product's page: names and values; at most {MAX_SPECS} rows.",
        examples=["{Material: linen, Size: 60 cm}"],
    )

    @field_validator("slug", mode="before")
    @classmethod
    def _slug(cls, value: object, info: ValidationInfo) -> str:
        if value != "":
            return text.slug(value)
        if "name" not in info.data or "sku" not in info.data:
            return ""
        slugs = (info.context or {}).get("slugs") or text.DefaultSlugs("", ())
        default = slugs.take(info.data["name"], info.data["sku"])
        if not default:
            found = quoted(info.data["name"])
            raise InvalidValue(
                f"cannot be made from the name {found} or the SKU", "give it a `slug` of a-z, 0-9 and hyphens"
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

    @property
    def image_places(self) -> dict[str, KeyPath]:
        """Every image once, `image` first, with the key that names it: `("image",)`, `("images", 2)`."""
        places: dict[str, KeyPath] = {self.image: ("image",)} if self.image else {}
        for place, name in enumerate(self.images):
            places.setdefault(name, ("images", place))
        return places


def _currency(info: ValidationInfo) -> str | None:
    context: dict[str, Any] = info.context or {}
    return context.get("currency")
