"""Amounts as people write them, and one decimal mark for a column."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import feed_of

from flashgen.sale.feeds.amounts import AmountColumn, amount, currencies, read_amounts
from flashgen.sale.feeds.table import NumberCell


def read(*cells: str, decimal: str = "", currency: str | None = "EUR", whole: bool = False) -> AmountColumn:
    """A column of prices."""
    return read_amounts(cells, decimal=decimal, currency=currency, whole=whole)


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("19", "19", "19"),
        ("19.90", "19.90", None),
        ("19,90", None, "19.90"),
        ("1.299", "1.299", "1299"),
        ("1,299", "1299", "1.299"),
        ("1.299,00", None, "1299.00"),
        ("1,299.00", "1299.00", None),
        ("1.234.567", None, "1234567"),
        ("1 299,00", None, "1299.00"),
        ("1\u202f299,00\u00a0€", None, "1299.00"),
        ("CHF 1’299.50", "1299.50", None),
        ("1'299", "1299", "1299"),
        ("€19.90", "19.90", None),
        ("19,90 EUR", None, "19.90"),
        ("19,–", None, "19"),
        ("12,34,567.00", "1234567.00", None),
        ("0.500", "0.500", None),
        (",50", None, "0.50"),
        ("١٢٫٥٠", "12.50", None),
        ("１２３円", "123", "123"),
        ("-5", "-5", "-5"),
        ("\u200f12.50\u00a0₪", "12.50", None),
    ],
)
def test_an_amount_has_the_digits_of_each_mark_that_fits(text: str, point: str | None, comma: str | None) -> None:
    """The point and the comma; None where the text cannot be written with it."""
    found = amount(text)
    assert found is not None
    assert (point, comma) == (found.digits.get("."), found.digits.get(","))


@pytest.mark.parametrize("text", ["", "free", "19.90.20", "1,2,3", "19 90", "10–20 €", "EUR 19 EUR", "1e3", "19,90,–"])
def test_other_texts_are_no_amounts(text: str) -> None:
    """The model says what is wrong with them."""
    assert amount(text) is None


def test_one_mark_fits_all_cells_of_a_column() -> None:
    """The cell that shows it decides for those that do not."""
    assert ["1299", "19.90"] == read("1.299", "19,90").cells
    assert ["1299", "19.90"] == read("1,299", "19.90").cells
    assert ["1299", "5"] == read("1.299", "5", decimal=",").cells


def test_a_column_with_two_meanings_is_a_question() -> None:
    """Never a guess: the answer is `decimal:`."""
    (problem,) = read("5", "1.299").problems
    assert problem.index == 1
    assert problem.message == "can be 1.299 or 1299, and no cell of its column shows which: found 1.299"
    assert problem.hint == 'add `decimal: ","` or `decimal: "."` beside `from:`'


def test_a_cell_that_is_written_unlike_the_others_is_named() -> None:
    """The mark that fits most cells is the column's."""
    (problem,) = read("19,90", "29,90", "39.95").problems
    assert problem.index == 2
    assert problem.message == (
        'is not written like the others of its column, "19,90", with a decimal comma: found 39.95'
    )


def test_a_cell_that_does_not_fit_the_mark_of_the_yaml_is_named() -> None:
    """Perhaps the YAML is wrong, so the hint names it."""
    (problem,) = read("19.90", "20", decimal=",").problems
    assert (0, 'correct it, or the `decimal:` of the YAML, which is ","') == (problem.index, problem.hint)


def test_three_digits_are_thousands_where_a_currency_has_no_decimals() -> None:
    """1.299 yen are one amount."""
    assert ["1299"] == read("1.299", currency="JPY", whole=True).cells
    assert ["1299"] == read("¥1,299", currency="JPY", whole=True).cells


def test_another_currency_is_one_problem_that_names_both() -> None:
    """However many cells have it."""
    (problem,) = read("19.90 USD", "5 €", "7 USD").problems
    assert problem.message == 'is in USD, and the sale in EUR: found "19.90 USD", and 1 more cell'
    (problem,) = read("$5").problems
    assert problem.message.startswith("is in $ (USD, for example), and the sale in EUR")


def test_a_word_beside_a_number_is_a_problem() -> None:
    """`/Stk` may mean that the price is for one of several."""
    (problem,) = read("5 Stk").problems
    assert ('must be a number and nothing else, found "5 Stk"', "delete Stk") == (problem.message, problem.hint)


def test_a_number_of_a_workbook_has_one_meaning() -> None:
    """It is stored with a point, whatever the sheet shows; only its currency may be wrong."""
    assert ["1.299", "5"] == read(NumberCell("1.299"), NumberCell("5")).cells
    (problem,) = read(NumberCell("5", "$")).problems
    assert 'found "5 $"' in problem.message


def test_signs_stand_for_the_currencies_that_use_them() -> None:
    """A sign of several is right for each of them."""
    assert ("EUR",) == currencies("€")
    assert {"SEK", "NOK", "DKK", "ISK"} == set(currencies("kr"))
    assert ("CHF",) == currencies("chf")
    assert () == currencies("Stk")


@pytest.mark.parametrize("unit", ["Stk.", "Stück", "pcs", "pièces", "шт.", "件"])
def test_pieces_behind_a_stock_are_no_part_of_it(tmp_path: Path, unit: str) -> None:
    """Nor is the full stop of an abbreviation a decimal mark."""
    feed = feed_of(tmp_path, f"sku,name,price,stock\nA,a,1,12 {unit}\nB,b,1,3 {unit}\n")
    assert (["12", "3"], (), "") == (
        [row["stock"] for row in feed.rows],
        feed.problems,
        feed.understanding.numbers,
    )


def test_any_other_word_behind_a_stock_is_refused(tmp_path: Path) -> None:
    """A box may hold six; and pieces have no price."""
    for body in ("sku,name,price,stock\nA,a,1,12 boxes\n", "sku,name,price\nA,a,1 pcs\n"):
        (problem,) = feed_of(tmp_path, body).problems
        assert "must be a number and nothing else" in problem.message
