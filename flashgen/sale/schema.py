"""Makes the JSON Schema (2020-12) of a sale's file from the models, for completion and checks in an editor.

An editor gives types to what it reads: 19.90 is a number, and `NO` may be a boolean. flashgen reads both as text, so
the schema accepts any scalar where the loader does. Only the loader checks formats in full.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from flashgen.sale.brand.settings import (
    MAX_FONT_FILES,
    BrandColours,
    BrandFonts,
    BrandLinks,
    BrandSettings,
    ColourPair,
    LogoFiles,
)
from flashgen.sale.feeds.headings import COLUMNS
from flashgen.sale.feeds.options import FeedOptions
from flashgen.sale.instant import YEARS, in_words
from flashgen.sale.language import MAX_LOCALES
from flashgen.sale.model import SALE_TEXTS, OrderSettings, Product, SaleSection, Unlock
from flashgen.sale.order import MAX_SERVERS
from flashgen.sale.product import BY_LANGUAGE, MAX_IMAGES, PRODUCT_TEXTS
from flashgen.sale.product_list import MAX_PRODUCTS
from flashgen.sale.translation import TABLES

_TEXT = ["string", "number", "boolean"]
_AMOUNT = ["string", "number"]
_AMOUNTS: dict[str, dict[str, Any]] = {
    "price": {"exclusiveMinimum": 0},
    "list_price": {"exclusiveMinimum": 0},
    "stock": {"minimum": 0},
    "slots_per_server": {"minimum": 1},
}
_PATTERNS = {
    "id": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    "slug": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    "theme": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    "version": "^[a-z0-9]{6,32}$",
    "gtin": "^[0-9 -]{8,20}$",
    "buyer": "^(cookie|header:[A-Za-z0-9][A-Za-z0-9-]*)$",
    "starts_at": "^ *[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ] *[0-9]{2}:[0-9]{2}",
    "ends_at": "^ *[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ] *[0-9]{2}:[0-9]{2}",
}
_BOUNDS = {
    "servers": {"minItems": 1, "maxItems": MAX_SERVERS},
    "images": {"maxItems": MAX_IMAGES},
    "locales": {"minItems": 1, "maxItems": MAX_LOCALES},
}
_TAG = "^[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?$"
_ENUMS: dict[str, list[Any]] = {
    "edge_ttl_seconds": [0, 1, 2, "0", "1", "2", None],
    "description_format": ["markdown", "html", None],
    "format": ["auto", "flashgen", "shopify", "merchant", None],
    "decimal": [",", ".", None],
    "noindex": [True, False, "true", "false", None],
    "show_limit": [True, False, "true", "false", None],
}
_COLOUR = "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"
_HEADING = {"type": ["string", "number", "boolean"]}


def sale_schema() -> dict[str, Any]:
    """The schema as plain data; the same in every run."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A flash sale",
        "description": f"One sale for flashgen; times from {YEARS.start} on, prices in one currency.",
        "type": "object",
        "properties": {
            "sale": _section(SaleSection),
            "products": _products(),
            "order": _optional(_section(OrderSettings)),
            "unlock": _optional(_section(Unlock, optional=("version",))),
            "brand": _optional(_brand()),
        },
        "required": ["sale", "products"],
        "additionalProperties": False,
    }


def _products() -> dict[str, Any]:
    feed = _section(FeedOptions)
    feed["properties"]["columns"] |= {"propertyNames": _column_keys(), "additionalProperties": _HEADING}
    feed["properties"]["where"] |= {"additionalProperties": {"oneOf": [_HEADING, {"type": "array", "items": _HEADING}]}}
    listed = {"type": "array", "minItems": 1, "maxItems": MAX_PRODUCTS, "items": _section(Product)}
    return {"description": "The products, listed here or in a feed.", "oneOf": [listed, feed]}


def _column_keys() -> dict[str, Any]:
    """The keys that `columns:` may name: those of a product, and a text in a language."""
    in_a_language = f"^({'|'.join(PRODUCT_TEXTS)}):{_TAG.removeprefix('^')}"
    return {"anyOf": [{"enum": list(COLUMNS)}, {"pattern": in_a_language}]}


def _brand() -> dict[str, Any]:
    """The section `brand`, whose own sections are models too."""
    brand = _section(BrandSettings)
    by_language = _texts(required=False)
    brand["properties"]["name"] = {
        "description": brand["properties"]["name"]["description"],
        "type": [*_TEXT, "null"],
    }
    for key, model in (("colours", BrandColours), ("fonts", BrandFonts), ("links", BrandLinks)):
        brand["properties"][key] = _optional(_section(model))
    pair = _section(ColourPair)
    pair["properties"] = {key: {**value, "pattern": _COLOUR} for key, value in pair["properties"].items()}
    for value in brand["properties"]["colours"]["properties"].values():
        value.update({"type": ["string", "object", "null"], "pattern": _COLOUR, **_parts(pair)})
    brand["properties"]["logo"].update({"type": ["string", "object", "null"], **_parts(_section(LogoFiles))})
    for value in brand["properties"]["fonts"]["properties"].values():
        value["type"] = ["string", "array", "null"]
        value["maxItems"] = MAX_FONT_FILES
    for value in (*brand["properties"]["links"]["properties"].values(), brand["properties"]["note"]):
        value.update(by_language)
    brand["properties"]["texts"]["additionalProperties"] = by_language
    return brand


def _parts(section: dict[str, Any]) -> dict[str, Any]:
    return {key: section[key] for key in ("properties", "required", "additionalProperties")}


def _section(model: type[BaseModel], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    raw = model.model_json_schema(by_alias=True)
    required = [key for key in raw.get("required", []) if key not in optional]
    properties = {key: _property(key, value, key in required) for key, value in raw["properties"].items()}
    section = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    summary = (model.__doc__ or "").strip().partition("\n")[0]
    return {"description": summary, **section}


def _property(key: str, raw: dict[str, Any], required: bool) -> dict[str, Any]:
    schema = {"description": raw["description"], **_default(key, raw.get("default"))}
    if examples := raw.get("examples"):
        schema["examples"] = [example.strip('"') for example in examples]
    if raw.get("type") == "array":
        return {**schema, **_list(key, required)}
    if raw.get("type") == "object":
        return {**schema, **(_table() if key in TABLES else {"type": ["object", "null"]})}
    if key in (*SALE_TEXTS, *PRODUCT_TEXTS):
        return {**schema, **_texts(required)}
    if key in BY_LANGUAGE:
        each = {"enum": _ENUMS[key]}
        by_language = {"type": "object", "propertyNames": {"pattern": _TAG}, "additionalProperties": each}
        return {**schema, "anyOf": [each, by_language]}
    if key in _ENUMS:
        return {**schema, "enum": _ENUMS[key]}
    types = _AMOUNT if key in _AMOUNTS else _TEXT
    return {
        **schema,
        "type": types if required else [*types, "null"],
        **_AMOUNTS.get(key, {}),
        **_pattern(key, required),
    }


def _texts(required: bool) -> dict[str, Any]:
    """A text, or one for each language."""
    types = [*_TEXT, "object"]
    by_language = {"propertyNames": {"pattern": _TAG}, "additionalProperties": {"type": [*_TEXT, "null"]}}
    return {"type": types if required else [*types, "null"], **by_language}


def _table() -> dict[str, Any]:
    """Names and values, or a cell such as `Size: 60 cm`; or one of these for each language."""
    return {"type": ["object", "string", "null"], "additionalProperties": {"type": [*_TEXT, "object", "null"]}}


def _default(key: str, value: Any) -> dict[str, Any]:
    """The default as a person would write it; left out if it is the same as no value."""
    if value in (None, "", [], {}):
        return {}
    return {"default": in_words(value) if key == "lease" else value}


def _pattern(key: str, required: bool) -> dict[str, Any]:
    if key not in _PATTERNS:
        return {}
    return {"pattern": _PATTERNS[key] if required else f"^$|{_PATTERNS[key]}"}


def _list(key: str, required: bool) -> dict[str, Any]:
    bounds = _BOUNDS.get(key, {})
    return {"type": "array" if required else ["array", "null"], "items": {"type": "string"}, **bounds}


def _optional(section: dict[str, Any]) -> dict[str, Any]:
    return {**section, "type": ["object", "null"]}
