"""The JSON Schema follows the models, and accepts what the loader accepts."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from flashgen.document.validation import keys_of
from flashgen.errors import InvalidInput
from flashgen.sale.feeds.options import FeedOptions
from flashgen.sale.load import load_sale
from flashgen.sale.model import OrderSettings, Product, SaleSection, Unlock
from flashgen.sale.schema import sale_schema

DATA = Path(__file__).parents[1] / "data" / "sale"


def properties(schema: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The properties of a section."""
    found: Any = schema
    for step in path:
        found = found[step]
    properties: dict[str, Any] = found["properties"]
    return properties


def test_the_schema_has_the_keys_of_the_models() -> None:
    """A key added to a model is in the schema too."""
    schema = sale_schema()
    assert keys_of(SaleSection) == properties(schema, "properties", "sale").keys()
    assert keys_of(OrderSettings) == properties(schema, "properties", "order").keys()
    assert keys_of(Unlock) == properties(schema, "properties", "unlock").keys()
    assert keys_of(Product) == properties(schema, "properties", "products", "oneOf", 0, "items").keys()
    assert keys_of(FeedOptions) == properties(schema, "properties", "products", "oneOf", 1).keys()


def test_only_what_the_contract_requires_is_required() -> None:
    """`sale.{id,title,starts_at,ends_at,currency}` and `products[].{sku,name,price}`."""
    sections = sale_schema()["properties"]
    assert sections["sale"]["required"] == ["id", "title", "starts_at", "ends_at", "currency"]
    assert sections["products"]["oneOf"][0]["items"]["required"] == ["sku", "name", "price"]
    assert sections["unlock"]["required"] == []


def test_every_key_is_described() -> None:
    """Editors show the description beside the key."""
    sections = sale_schema()["properties"]
    listed, feed = sections["products"]["oneOf"]
    described = [sections["sale"], sections["order"], sections["unlock"], listed["items"], feed]
    texts = [value["description"] for section in described for value in section["properties"].values()]
    assert [text for text in texts if not text.endswith(".")] == []


@pytest.mark.parametrize("path", sorted((DATA / "valid").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_editor_accepts_a_valid_sale(path: Path) -> None:
    """Also with the types an editor gives: numbers, booleans, dates."""
    assert schema_errors(path) == []


@pytest.mark.parametrize("name", ["unknown-keys", "sale-without-its-keys", "product-is-text", "bad-id", "no-servers"])
def test_an_invalid_sale_is_marked_in_the_editor(name: str) -> None:
    """The schema finds such problems while the author types."""
    assert schema_errors(DATA / "invalid" / f"{name}.yaml")


@pytest.mark.parametrize(
    ("format", "is_valid"),
    [("html", True), ("{de: html, en: markdown}", True), ("{de: html, en: rtf}", False), ("{german: html}", False)],
)
def test_the_schema_and_the_loader_agree_on_formats_of_descriptions(
    tmp_path: Path, format: str, is_valid: bool
) -> None:
    """One, or one for each language."""
    path = tmp_path / "night.yaml"
    path.write_text(
        "sale: {id: night, title: Night, starts_at: '2026-11-27T09:00Z', ends_at: '2026-11-27T21:00Z', "
        "currency: EUR, locales: [de, en]}\nproducts: [{sku: A, name: Hut, price: 1, "
        f"description: {{de: a, en: b}}, description_format: {format}}}]\n"
    )
    assert is_valid == (not schema_errors(path))
    with contextlib.nullcontext() if is_valid else pytest.raises(InvalidInput):
        load_sale(path, tmp_path)


def schema_errors(path: Path) -> list[str]:
    """A validator's errors. Scalars have the types of an editor (YAML 1.2 core: dates and times stay text)."""
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked with: pip install jsonschema")
    schema = sale_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    data = yaml.load(path.read_text("utf-8"), Loader=_Editor)
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


class _Editor(yaml.SafeLoader):
    """Numbers, booleans and null as YAML 1.2 reads them."""


_Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":bool", ":null", ":float"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
