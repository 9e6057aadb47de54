"""The section `products` that names a feed: `from:`, and how to read the feed if its content does not show it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted, suggestion
from flashgen.sale import text
from flashgen.sale.feeds.headings import COLUMNS, Format, normal
from flashgen.sale.language import normal_tag
from flashgen.sale.product import PRODUCT_TEXTS

AUTO = "auto"
MAX_NAME_BYTES = 200
_FORMATS = (AUTO, *(each.value for each in Format))
_DECIMALS = {",": ",", ".": ".", "comma": ",", "point": "."}


def _one_of(value: object) -> str:
    written = text.given(value).strip().lower()
    if written not in _FORMATS:
        raise InvalidValue(
            f"must be one of {', '.join(_FORMATS)}, found {quoted(value)}", suggestion(written, _FORMATS)
        )
    return written


def _decimal(value: object) -> str:
    written = text.given(value).strip().lower()
    if written not in _DECIMALS:
        raise InvalidValue(f'must be "," or ".", found {quoted(value)}', 'write `decimal: ","`')
    return _DECIMALS[written]


class FeedOptions(Model):
    """A feed beside this file: a spreadsheet, a CSV, a Shopify export or a Google Merchant feed."""

    file: str = Field(
        alias="from", description="The feed's name: .csv, .tsv, .xlsx, .ods or .xml.", examples=["products.csv"]
    )
    format: Annotated[str, BeforeValidator(_one_of)] = Field(
        default=AUTO, description="The names of its columns; by default recognised by the headings."
    )
    columns: dict[str, str] = Field(
        default={},
        description="The heading for a key, such as `sku` or `name:en`, if the feed calls it something else.",
    )
    where: dict[str, tuple[str, ...]] = Field(
        default={}, description="Only rows with these values, by heading: one value, or a list of them."
    )
    sheet: Annotated[str, text.line(200)] = Field(
        default="", description="The sheet of a workbook; the first by default."
    )
    decimal: Annotated[Literal[",", ".", ""], BeforeValidator(_decimal)] = Field(
        default="", description="The decimal mark of its numbers, if they can be read in two ways."
    )

    @field_validator("file", mode="before")
    @classmethod
    def _file(cls, value: object) -> str:
        if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value.encode()) <= MAX_NAME_BYTES:
            raise InvalidValue(f"must name a feed's file, found {quoted(value)}")
        return value

    @field_validator("columns", mode="before")
    @classmethod
    def _columns(cls, value: object) -> object:
        for key, heading in value.items() if isinstance(value, dict) else ():
            text_key, colon, tag = key.partition(":")
            if key not in COLUMNS and not (colon and text_key in PRODUCT_TEXTS and normal_tag(tag)):
                raise InvalidValue(f"names the key {quoted(key)}, which no product has", suggestion(key, COLUMNS))
            if not isinstance(heading, str) or not heading.strip():
                raise InvalidValue(f"must name one heading for `{key}`, found {quoted(heading)}")
        return {normal(key): heading for key, heading in value.items()} if isinstance(value, dict) else value

    @field_validator("where", mode="before")
    @classmethod
    def _where(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {heading: wanted if isinstance(wanted, list) else [wanted] for heading, wanted in value.items()}
