"""Rows that add up a spreadsheet's products: left out with a warning, and never a product on sale."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.feeds import feed_of

import flashgen.sale.feeds.totals as totals

WORDS = json.loads(Path(totals.__file__).with_name("total_words.json").read_text("utf-8"))
PRODUCTS = "Nr;sku;name;price;stock\n1;A;Lamp;5,50;2\n2;B;Mug;6,00;3\n"


def skus(body: str, folder: Path) -> list[str]:
    """The SKUs of the products that a feed is read as."""
    return [row["sku"] for row in feed_of(folder, body).rows if "sku" in row]


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_word_for_a_total_is_one(tmp_path: Path, language: str) -> None:
    """In the place of a SKU, with any price: an average or a rounded sum is no product either."""
    for word in WORDS[language]:
        quoted = '"' + word.replace('"', '""') + '"'
        feed = feed_of(tmp_path, f"sku;name;price\nA;Lamp;5\nB;Mug;6\n{quoted};;12\n")
        assert ["A", "B"] == [row["sku"] for row in feed.rows], word
        assert 1 == feed.understanding.totals


@pytest.mark.parametrize(
    "row",
    [
        "Summe;;;11,50;5",
        ";Summe:;;11,50;5",
        ";;Gesamt (netto);11,50;5",
        ";;;11,50;",
        ";;;;5",
        "TOTAL;2 items;2;11,50;5",
        "Summe netto;;;11,50;",
    ],
)
def test_a_total_is_left_out_and_said(tmp_path: Path, row: str) -> None:
    """By its word, by its sum, or by both where SKU and name are filled."""
    feed = feed_of(tmp_path, f"{PRODUCTS}{row}\n", "de")
    assert ["A", "B"] == [product["sku"] for product in feed.rows]
    (warning,) = [one for one in feed.warnings if one.message.endswith("is left out")]
    assert 4 == warning.where.line
    assert "3 rows: 2 products, 1 row with a total left out" in feed.understanding.lines()[1]
    assert () == feed.problems


def test_totals_of_parts_each_add_up_their_own(tmp_path: Path) -> None:
    """The second part begins after the first total."""
    body = f"{PRODUCTS};;;11,50;\n3;C;Jug;1,00;\n4;D;Cup;2,00;\n;;;3,00;\nGesamt;;;14,50;\n"
    assert ["A", "B", "C", "D"] == skus(body, tmp_path)


@pytest.mark.parametrize("row", ["9;TOTAL-1;Total body lotion;7,00;", "Total;T1;Total;7,00;", "9;C;Set of both;11,50;"])
def test_a_product_whose_name_or_price_is_like_a_total_stays(tmp_path: Path, row: str) -> None:
    """A brand may be called Total, and a set may cost as much as its parts."""
    assert 3 == len(skus(f"{PRODUCTS}{row}\n", tmp_path))


def test_the_amounts_of_a_total_decide_nothing(tmp_path: Path) -> None:
    """A program may write it in another way than people wrote the prices."""
    feed = feed_of(tmp_path, "sku;name;price\nA;Lamp;5,50\nB;Mug;6,00\nTotal;;11.50 USD\n")
    assert (["5.50", "6.00"], ()) == ([row["price"] for row in feed.rows], feed.problems)


def test_rows_without_a_sku_are_no_totals_if_a_column_is_empty(tmp_path: Path) -> None:
    """They are a mistake that is told, once."""
    feed = feed_of(tmp_path, "sku,name,price\n" + "".join(f",Lamp {number},5\n" for number in range(200)))
    assert 0 == feed.understanding.totals
    assert ["`sku` is empty, also in 199 more rows: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …"] == [
        problem.message for problem in feed.problems
    ]
