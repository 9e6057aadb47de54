"""CSV as Excel and its relatives save it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import feed_of, refusal_of

ROW = {"sku": "A", "name": "Grün", "price": "19.90"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("sku;name;price\nA;Grün;19.90\n".encode("utf-8-sig"), "CSV with semicolons, UTF-8"),
        ("sku\tname\tprice\nA\tGrün\t19.90\n".encode("utf-16"), "TSV, UTF-16"),
        ("sku\tname\tprice\nA\tGrün\t19.90\n".encode("utf-16-le"), "TSV, UTF-16"),
        ("sku\tname\tprice\nA\tGrün\t19.90\n".encode("utf-16-be"), "TSV, UTF-16"),
        ("sep=;\nsku;name;price\nA;Grün;19.90\n".encode(), "CSV with semicolons, UTF-8"),
        ('"sep=|"\r\nsku|name|price\r\nA|Grün|19.90\r\n'.encode(), "CSV with bars, UTF-8"),
        ("\n\n;;;\nsku;name;price;\nA;Grün;19.90;;;\n".encode(), "CSV with semicolons, UTF-8"),
        ("sku,name,price,list_price,stock\nA,Grün,19.90\n".encode(), "CSV with commas, UTF-8"),
    ],
)
def test_every_way_to_save_a_csv_gives_the_same_row(tmp_path: Path, body: bytes, kind: str) -> None:
    """Byte order marks, UTF-16, a `sep=` line, blank lines above the header, empty cells at the end, missing ones."""
    feed = feed_of(tmp_path, body)
    assert ((ROW,), kind, ()) == (feed.rows, feed.understanding.kind, feed.warnings)


@pytest.mark.parametrize(
    ("locale", "page", "text"),
    [("de", "cp1252", "Grün"), ("pl", "cp1250", "Łódź"), ("ru", "cp1251", "Лампа"), ("ja", "cp932", "ランプ")],
)
def test_a_windows_code_page_is_guessed_by_the_locale_and_said(
    tmp_path: Path, locale: str, page: str, text: str
) -> None:
    """A guess is a warning with a word to check it by."""
    feed = feed_of(tmp_path, f"sku,name,price\nA,{text},1\n".encode(page), locale)
    assert text == feed.rows[0]["name"]
    (warning,) = feed.warnings
    assert "which is a guess" in warning.message
    assert text in warning.message
    assert (2, 'save it as UTF-8 (in Excel: "CSV UTF-8 (Comma delimited)")') == (warning.where.line, warning.hint)


def test_lines_are_counted_below_a_sep_line(tmp_path: Path) -> None:
    """As an editor counts them."""
    assert feed_of(tmp_path, "sep=;\nsku;name;price\nA;a;1\n").where(0, "sku").line == 3


def test_texts_in_formulas_are_texts(tmp_path: Path) -> None:
    """People write ="00123" to keep the zeros; a shop's export has '00123."""
    feed = feed_of(tmp_path, 'sku,name,price\n="00123",a,1\n"=""00124""",b,2\n\'00125,c,3\n')
    assert ["00123", "00124", "00125"] == [row["sku"] for row in feed.rows]


def test_a_title_above_the_header_is_left_out_with_a_warning(tmp_path: Path) -> None:
    """Sheets begin with the name of the shop."""
    feed = feed_of(tmp_path, "Our sale,,\n27 November,,\nsku,name,price\nA,a,1\n")
    assert ["2 rows above the header in line 3 left out"] == [warning.message for warning in feed.warnings]
    assert ("A", 4) == (feed.rows[0]["sku"], feed.where(0, "sku").line)


@pytest.mark.parametrize("sku", ["4,00638E+12", "4.00638E+12"])
def test_a_rounded_sku_is_lost(tmp_path: Path, sku: str) -> None:
    """Excel has thrown its digits away; nobody can tell them."""
    (problem,) = refusal_of(tmp_path, f"sku;name;price\n{sku};a;1\n")
    assert "is a rounded number, its last digits are gone" in problem.message
    assert problem.hint == "format the column as text, enter the SKUs again, and export it"


def test_a_sku_that_only_looks_like_a_number_is_kept(tmp_path: Path) -> None:
    """A spreadsheet writes the sign of an exponent."""
    assert "12E5" == feed_of(tmp_path, "sku,name,price\n12E5,a,1\n").rows[0]["sku"]


@pytest.mark.parametrize("error", ["#REF!", "#NAME?", "#BEZUG!", "#N/A"])
@pytest.mark.parametrize("key", ["sku", "name", "price"])
def test_error_values_are_problems_that_say_why(tmp_path: Path, error: str, key: str) -> None:
    """In the languages of Excel, in any column that is read."""
    cells = {"sku": "A", "name": "a", "price": "1", key: error}
    (problem,) = refusal_of(tmp_path, f"sku,name,price\n{','.join(cells.values())}\n")
    assert f"`{key}` was lost in a spreadsheet: {error} is the result of a formula that failed" == problem.message


def test_shorter_skus_among_zeros_are_a_warning(tmp_path: Path) -> None:
    """00123 stays, 124 may have been 00124."""
    feed = feed_of(tmp_path, "sku,name,price\n00123,a,1\n124,b,2\n125,c,3\n")
    (warning,) = feed.warnings
    assert warning.message == "`sku` has 3 digits, 124, where others have 5, and 1 more SKU"
    assert (3, 1) == (warning.where.line, warning.where.column)
