"""A Shopify export: variants in rows, pictures in rows, two sets of column names."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import feed_of, loaded_problems, refusal_of

HANDLE = """\
Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,\
Variant Price,Variant Compare At Price,Image Src,Image Position,Variant Image,Status
oak-lamp,Oak lamp,<p>Warm</p>,Size,S,'001,shopify,7,19.90,29.90,https://cdn.example/b.jpg,2,,active
oak-lamp,,,,M,LAMP-M,shopify,-2,24.90,24.90,,,https://cdn.example/m.jpg,
oak-lamp,,,,,,,,,,https://cdn.example/a.jpg,1,,
mug,Mug,,Title,Default Title,MUG,,9,7.50,0,,,,draft
"""
URL_HANDLE = """\
Title,URL handle,Description,Status,SKU,Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,\
Inventory quantity,Product image URL,Image position,Variant image URL
Oak lamp,oak-lamp,<p>Warm</p>,active,'001,Size,S,19.90,29.90,shopify,7,https://cdn.example/b.jpg,2,
,oak-lamp,,,LAMP-M,,M,24.90,24.90,shopify,-2,,,https://cdn.example/m.jpg
,oak-lamp,,,,,,,,,,https://cdn.example/a.jpg,1,
Mug,mug,,draft,MUG,Title,Default Title,7.50,0,,9,,,
"""
both = pytest.mark.parametrize("export", [HANDLE, URL_HANDLE], ids=["handle", "url-handle"])


@both
def test_variants_inherit_title_and_text_and_are_told_apart(tmp_path: Path, export: str) -> None:
    """The apostrophe before a SKU is the shop's; what is oversold is sold out; a list price of 0 is none."""
    text = {"description": "<p>Warm</p>", "description_format": "html"}
    assert feed_of(tmp_path, export).rows == (
        {
            **{"sku": "001", "name": "Oak lamp – S", "slug": "oak-lamp-s", "price": "19.90", "list_price": "29.90"},
            **{"stock": "7", "images": "https://cdn.example/a.jpg\nhttps://cdn.example/b.jpg", **text},
        },
        {
            **{"sku": "LAMP-M", "name": "Oak lamp – M", "slug": "oak-lamp-m", "price": "24.90", "stock": "0"},
            **{"images": "\n".join(f"https://cdn.example/{one}.jpg" for one in "mab"), **text},
        },
        {"sku": "MUG", "name": "Mug", "slug": "mug", "price": "7.50"},
    )


@both
def test_the_understanding_counts_variants_products_and_pictures(tmp_path: Path, export: str) -> None:
    """As the person who made the export counts them."""
    found = feed_of(tmp_path, export).understanding
    assert ("shopify", 4, 3, 2, 1) == (found.format, found.rows, found.variants, found.products, found.picture_rows)
    assert {"sku", "name", "description", "price", "list_price", "stock", "image", "variants"} == set(found.columns)


@both
def test_drafts_are_a_warning(tmp_path: Path, export: str) -> None:
    """The mug is not sold in the shop."""
    (draft,) = feed_of(tmp_path, export).warnings
    assert draft.message == "1 product on sale that the shop does not sell: status is draft, for example"
    assert draft.hint == "leave them out with `where: {status: active}` beside `from:`"


def test_hidden_products_of_an_older_export_are_a_warning(tmp_path: Path) -> None:
    """It has no status, and says what is published; `where` leaves all variants out."""
    export = "Handle,Title,Published,Option1 Value,Variant SKU,Variant Price\n"
    export += "lamp,Lamp,FALSE,S,A,1\nlamp,,,M,B,2\nmug,Mug,TRUE,,C,3\n"
    (warning,) = feed_of(tmp_path, export).warnings
    assert "leave them out with `where: {published: true}` beside `from:`" == warning.hint
    assert ["C"] == [row["sku"] for row in feed_of(tmp_path, export, where={"published": "true"}).rows]


@both
def test_variants_inherit_the_status_that_where_asks_for(tmp_path: Path, export: str) -> None:
    """A shop writes the status of a product once."""
    feed = feed_of(tmp_path, export, where={"status": "active"})
    assert ["001", "LAMP-M"] == [row["sku"] for row in feed.rows]
    assert (1, 1) == (feed.understanding.excluded, feed.understanding.picture_rows)


def test_pictures_have_their_order(tmp_path: Path) -> None:
    """A variant's own picture goes before those of the product."""
    feed = feed_of(tmp_path, HANDLE.replace("https://cdn.example/", ""))
    assert ["a.jpg\nb.jpg", "m.jpg\na.jpg\nb.jpg", None] == [row.get("images") for row in feed.rows]


def test_variants_without_options_have_slugs_of_their_skus(tmp_path: Path) -> None:
    """Two rows of one product whose options are the same, or are none."""
    export = "Handle,Title,Variant SKU,Variant Price\nlamp,Lamp,A-1,1\nlamp,,A-2,2\n"
    assert ["lamp", "lamp-a-2"] == [row["slug"] for row in feed_of(tmp_path, export).rows]


def test_an_empty_variant_is_named_by_its_cell(tmp_path: Path) -> None:
    """A row with an option and without a SKU is a variant that nobody can order."""
    export = "Handle,Title,Option1 Value,Variant SKU,Variant Price\nlamp,Lamp,S,A,1\nlamp,,M,,2\n"
    (problem,) = loaded_problems(tmp_path, export)
    assert ('"Variant SKU" is empty', 3, 4) == (problem.message, problem.where.line, problem.where.column)


def test_a_price_in_another_currency_names_both(tmp_path: Path) -> None:
    """An export of a shop in dollars."""
    export = "Handle,Title,Variant SKU,Variant Price\nlamp,Lamp,A,$1.00\n"
    (problem,) = refusal_of(tmp_path, export)
    assert "in $ (USD, for example), and the sale in EUR" in problem.message


def test_variants_inherit_the_type_as_their_category(tmp_path: Path) -> None:
    """Only the first row of a product has it."""
    export = (
        "Handle,Title,Type,Option1 Value,Variant SKU,Variant Price\nhat,Hat,Headwear,S,H-1,9.90\nhat,,,M,H-2,9.90\n"
    )
    assert ["Headwear", "Headwear"] == [row["category"] for row in feed_of(tmp_path, export).rows]


@pytest.mark.parametrize(
    ("type_", "taxonomy", "category"),
    [
        ("Hats", "Apparel > Clothing > Headwear", "Hats"),
        ("", "Apparel > Clothing > Headwear", "Headwear"),
        ("", "2271", None),
        ("", "", None),
    ],
)
def test_shops_taxonomy_is_the_category_of_products_without_a_type(
    tmp_path: Path, type_: str, taxonomy: str, category: str | None
) -> None:
    """Its last part; the number of a category says nothing to shoppers."""
    export = f"Handle,Title,Product Category,Type,Variant SKU,Variant Price\nhat,Hat,{taxonomy},{type_},H-1,9.90\n"
    assert category == feed_of(tmp_path, export).rows[0].get("category")
