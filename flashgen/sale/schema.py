"""JSON Schema (2020-12) of a sale's file, for completion and checks in an editor, from the models themselves.

An editor types what it reads: 19.90 is a number to it, and `NO` perhaps a boolean. flashgen reads both as text, so the
schema takes any scalar wherever the loader does; formats are the loader's to judge.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from flashgen.sale.instant import YEARS, in_words
from flashgen.sale.model import OrderSettings, Product, SaleSection, Unlock
from flashgen.sale.order import MAX_SERVERS
from flashgen.sale.products import MAX_PRODUCTS

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
    "buyer": "^(cookie|header:[A-Za-z0-9][A-Za-z0-9-]*)$",
    "starts_at": "^ *[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ] *[0-9]{2}:[0-9]{2}",
    "ends_at": "^ *[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ] *[0-9]{2}:[0-9]{2}",
}
_ENUMS = {"edge_ttl_seconds": [0, 1, 2, "0", "1", "2", None]}


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
        },
        "required": ["sale", "products"],
        "additionalProperties": False,
    }


def _products() -> dict[str, Any]:
    feed = {
        "description": "A CSV feed beside this file, its columns named as the keys of a product.",
        "type": "object",
        "properties": {"from": {"type": "string", "description": "The feed's name.", "examples": ["products.csv"]}},
        "required": ["from"],
        "additionalProperties": False,
    }
    listed = {"type": "array", "minItems": 1, "maxItems": MAX_PRODUCTS, "items": _section(Product)}
    return {"description": "The products, listed here or in a feed.", "oneOf": [listed, feed]}


def _section(model: type[BaseModel], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    raw = model.model_json_schema()
    required = [key for key in raw.get("required", []) if key not in optional]
    properties = {key: _property(key, value, key in required) for key, value in raw["properties"].items()}
    section = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    summary = (model.__doc__ or "").strip().partition("\n")[0]
    return {"description": summary, **section}


def _property(key: str, raw: dict[str, Any], required: bool) -> dict[str, Any]:
    told = {"description": raw["description"], **_default(key, raw.get("default"))}
    if examples := raw.get("examples"):
        told["examples"] = [example.strip('"') for example in examples]
    if raw.get("type") == "array":
        return {**told, **_list(key, required)}
    if key in _ENUMS:
        return {**told, "enum": _ENUMS[key]}
    types = _AMOUNT if key in _AMOUNTS else _TEXT
    return {**told, "type": types if required else [*types, "null"], **_AMOUNTS.get(key, {}), **_pattern(key, required)}


def _default(key: str, value: Any) -> dict[str, Any]:
    """The default as somebody would write it; none where it says no more than the key's absence."""
    if value in (None, "", []):
        return {}
    return {"default": in_words(value) if key == "lease" else value}


def _pattern(key: str, required: bool) -> dict[str, Any]:
    if key not in _PATTERNS:
        return {}
    return {"pattern": _PATTERNS[key] if required else f"^$|{_PATTERNS[key]}"}


def _list(key: str, required: bool) -> dict[str, Any]:
    bounds = {"minItems": 1, "maxItems": MAX_SERVERS} if key == "servers" else {}
    return {"type": "array" if required else ["array", "null"], "items": {"type": "string"}, **bounds}


def _optional(section: dict[str, Any]) -> dict[str, Any]:
    return {**section, "type": ["object", "null"]}
