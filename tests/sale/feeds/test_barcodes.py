"""The numbers of barcodes: from every kind of feed, and without the other codes that shops keep in the same column."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import feed_of, loaded_problems

EAN, ISBN = "4006381333931", "978-3-16-148410-0"
FEEDS = {
    "own key": "sku,name,price,gtin\nA,Lamp,1,{}\n",
    "common word": "Artikelnummer;Bezeichnung;Preis;EAN/GTIN\nA;Lamp;1;{}\n",
    "Chinese": "货号,名称,价格,条形码\nA,Lamp,1,{}\n",
    "Shopify": "Handle,Title,Variant SKU,Variant Price,Variant Barcode\na,Lamp,A,1,{}\n",
    "Shopify, new columns": "Title,URL handle,SKU,Barcode,Price\nLamp,a,A,{},1\n",
    "Merchant": "id\ttitle\tprice\tgtin\nA\tLamp\t1 EUR\t{}\n",
    "Merchant XML": (
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>A</g:id><g:title>Lamp</g:title>'
        "<g:price>1 EUR</g:price><g:gtin>{}</g:gtin></item></channel></rss>"
    ),
}


@pytest.mark.parametrize("kind", FEEDS)
def test_barcode_is_read_from_every_kind_of_feed(tmp_path: Path, kind: str) -> None:
    """By the column of the format, or by what people call it."""
    feed = feed_of(tmp_path, FEEDS[kind].format(EAN))
    assert (EAN, ()) == (feed.rows[0]["gtin"], feed.warnings)


@pytest.mark.parametrize("kind", FEEDS)
def test_code_that_is_no_gtin_is_a_warning(tmp_path: Path, kind: str) -> None:
    """Shops keep numbers of their own there, which are no reason to stop."""
    body = FEEDS[kind].format("INTERN-7")
    feed = feed_of(tmp_path, body)
    assert "gtin" not in feed.rows[0]
    (warning,) = feed.warnings
    assert "must be a GTIN of 8, 12, 13 or 14 digits, found INTERN-7: left out" in warning.message
    assert () == loaded_problems(tmp_path, body)


def test_one_warning_names_the_first_cell_and_counts_the_others(tmp_path: Path) -> None:
    """A column of other codes is one mistake. A wrong check digit is said as such."""
    feed = feed_of(tmp_path, f"sku,name,price,EAN\nA,a,1,4006381333932\nB,b,1,{EAN}\nC,c,1,X-1\nD,d,1,\n")
    (warning,) = feed.warnings
    assert ["D2", '"EAN" must have a right check digit, found 4006381333932, and 1 more cell: left out'] == [
        warning.where.cell,
        warning.message,
    ]
    assert [None, EAN, None, None] == [row.get("gtin") for row in feed.rows]


def test_spreadsheet_marks_before_a_barcode_are_no_part_of_it(tmp_path: Path) -> None:
    """An apostrophe or a formula of a text keeps its zeros."""
    feed = feed_of(tmp_path, 'sku,name,price,EAN\nA,a,1,\'012345678905\nB,b,1,"=""012345678905"""\n')
    assert ["012345678905"] * 2 == [row["gtin"] for row in feed.rows]


def test_several_columns_of_barcodes_are_read_together(tmp_path: Path) -> None:
    """A book has an ISBN, a lamp an EAN."""
    feed = feed_of(tmp_path, f"sku,name,price,EAN,ISBN\nA,Lamp,1,{EAN},\nB,Book,1,,{ISBN}\n")
    assert [EAN, ISBN] == [row["gtin"] for row in feed.rows]
