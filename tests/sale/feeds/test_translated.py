"""Texts of several languages in a feed of any format: columns such as `name:en`, or those that `columns:` names."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.errors import InvalidInput
from flashgen.sale.load import load_sale
from flashgen.sale.model import Sale


def sale_of(folder: Path, body: str, columns: str = "{}") -> Sale:
    """The sale in German and English whose products are this feed."""
    (folder / "feed.csv").write_text(body, "utf-8")
    path = folder / "night.yaml"
    path.write_text(
        "sale: {id: night, title: Night, starts_at: 2026-11-27T09:00Z, ends_at: 2026-11-27T21:00Z, currency: EUR, "
        f"locales: [de, en]}}\nproducts: {{from: feed.csv, columns: {columns}}}\n"
    )
    return load_sale(path, folder).sale


@pytest.mark.parametrize(
    ("heading", "columns"),
    [("Name EN", '{"name:en": "Name EN"}'), ("name:en", "{}"), ("Name EN", '{"name:EN": name en}')],
)
def test_variants_of_a_shop_inherit_the_translated_title(tmp_path: Path, heading: str, columns: str) -> None:
    """With their options, and one address for both languages."""
    header = f"Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,{heading}\n"
    sale = sale_of(tmp_path, f"{header}hut,Hut,Size,S,A,1,Hat\nhut,,,M,B,1,\n", columns)
    (english,) = sale.translations
    assert ["Hut – S", "Hut – M"] == [product.name for product in sale.products]
    assert ["Hat – S", "Hat – M"] == [product.name for product in english.products]
    assert [product.slug for product in sale.products] == [product.slug for product in english.products]


def test_a_merchant_feed_has_translations_by_columns(tmp_path: Path) -> None:
    """Also if the heading is that of no format."""
    body = "id\ttitle\tprice\timage_link\ttitle_en\nA\tHut\t5 EUR\t\tHat\n"
    (english,) = sale_of(tmp_path, body, '{"name:en": title_en}').translations
    assert ["Hat"] == [product.name for product in english.products]


def test_the_column_of_the_sales_own_language_comes_first(tmp_path: Path) -> None:
    """Before that of no language, which fills its gaps."""
    body = "sku,name,price,Name DE\nA,Hat,1,Hut\nB,Mug,1,\n"
    sale = sale_of(tmp_path, body, '{name: name, "name:de": "Name DE"}')
    assert ["Hut", "Mug"] == [product.name for product in sale.products]


def test_a_text_that_the_first_language_lacks_is_missing_in_a_column(tmp_path: Path) -> None:
    """A spreadsheet has no keys to add."""
    with pytest.raises(InvalidInput) as refused:
        sale_of(tmp_path, "sku,name,price,summary,summary:en\nA,Hut,1,,Warm\n")
    (problem,) = refused.value.problems
    assert ("`summary` has no text in de, the sale's first locale", "fill a column `summary:de`") == (
        problem.message,
        problem.hint,
    )


def test_each_description_has_the_format_that_it_is_written_in(tmp_path: Path) -> None:
    """One may be HTML and its translation Markdown, and the other way round."""
    body = (
        "sku,name,price,description,description:en\nA,a,1,<p>Rot</p>,*red*\nB,b,1,*rot*,<p>Red</p>\nC,c,1,<p>Rot</p>,\n"
    )
    sale = sale_of(tmp_path, body)
    (english,) = sale.translations
    assert ["html", "markdown", "html"] == [product.description_format for product in sale.products]
    assert ["markdown", "html", "html"] == [product.description_format for product in english.products]


def test_a_key_of_columns_is_one_of_a_product(tmp_path: Path) -> None:
    """A language is of a text only, and is a tag."""
    for key in ("price:en", "name:english language"):
        with pytest.raises(InvalidInput) as invalid:
            sale_of(tmp_path, "sku,name,price\nA,a,1\n", f'{{"{key}": x}}')
        assert "which no product has" in invalid.value.problems[0].message
