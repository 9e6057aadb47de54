"""A CSV feed as spreadsheets write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.document.validation import keys_of
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feed import COLUMNS, Feed, read_feed
from flashgen.sale.model import Product


def feed_of(folder: Path, text: str, locale: str = "en") -> Feed:
    """The feed a text holds."""
    path = folder / "feed.csv"
    path.write_bytes(text.encode())
    return read_feed(path, locale)


def test_columns_are_the_keys_of_a_product() -> None:
    """A key added to the model is a column too."""
    assert set(COLUMNS) == keys_of(Product)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found_in_the_header(tmp_path: Path, delimiter: str, end: str) -> None:
    """A German Excel writes semicolons, a copied table tabs; a quoted header is one too."""
    header = delimiter.join(['"sku"', "name", '"price"'])
    row = delimiter.join(["0100", f'"a{delimiter} ""b"""', "19.90"])
    feed = feed_of(tmp_path, header + end + row + end)
    assert ({"sku": "0100", "name": f'a{delimiter} "b"', "price": "19.90"},) == feed.rows


def test_rows_know_their_lines_after_quoted_newlines_and_blank_rows(tmp_path: Path) -> None:
    """The place is the line in the file, whatever a row is in a spreadsheet."""
    feed = feed_of(tmp_path, 'sku,name,price\nA,"a\nb\nc",1\n\n , ,\nB,b,2\n')
    assert [feed.where(row, "sku").line for row in range(2)] == [2, 7]
    assert [feed.where(1, key).column for key in ("sku", "name", "price")] == [1, 2, 3]


def test_the_locale_picks_the_columns(tmp_path: Path) -> None:
    """The most special one that has a text; only texts have translations."""
    text = "sku,name,name:de,name:pt_BR,price,price:de\nA,one,eins,um,1,2\nB,two,,,1,2\n"
    names = {
        locale: [row["name"] for row in feed_of(tmp_path, text, locale).rows]
        for locale in ("en", "de-AT", "pt-BR", "pt")
    }
    assert names == {"en": ["one", "two"], "de-AT": ["eins", "two"], "pt-BR": ["um", "two"], "pt": ["one", "two"]}
    assert {"1"} == {row["price"] for row in feed_of(tmp_path, text, "de").rows}


def test_unknown_columns_are_named_and_left_out(tmp_path: Path) -> None:
    """A shop's export has dozens; they are no reason to fail."""
    feed = feed_of(tmp_path, "sku,name,price,Stok,,price:de\nA,a,1,2,3,4\n")
    path, quote = tmp_path / "feed.csv", "sku,name,price,Stok,,price:de"
    expected = (
        Problem(Where(path, 1, 4), "unknown column Stok, left out", "did you mean `stock`?", quote=quote),
        Problem(Where(path, 1, 5), "column 5 has no name, and is left out", "name or delete it", quote=quote),
        Problem(Where(path, 1, 6), "unknown column price:de, left out", "did you mean `price`?", quote=quote),
    )
    assert expected == feed.warnings
    assert feed.rows == ({"sku": "A", "name": "a", "price": "1"},)


def test_a_quote_left_open_before_much_text_is_one_problem(tmp_path: Path) -> None:
    """The csv module's limit on a cell is met long before the file ends."""
    with pytest.raises(InvalidInput) as caught:
        feed_of(tmp_path, 'sku,name,price\nA,"a,1\n' + "B,b,2\n" * 50_000)
    (problem,) = caught.value.problems
    assert Where(tmp_path / "feed.csv", 2) == problem.where
    assert problem.message == "a cell of the row that begins here is longer than 131,072 characters"


def test_a_spreadsheets_way_to_write_headers_is_understood(tmp_path: Path) -> None:
    """Capitals and blanks, and the semicolons of a European Excel."""
    feed = feed_of(tmp_path, "SKU;Name;Price;List Price\nA;Lamp;1.00;2.00\n")
    assert feed.rows == ({"sku": "A", "name": "Lamp", "price": "1.00", "list_price": "2.00"},)
    assert feed.warnings == ()


def test_a_workbook_is_not_taken_for_text(tmp_path: Path) -> None:
    """One message that says what to do, and none about control characters."""
    path = tmp_path / "feed.csv"
    path.write_bytes(b"PK\x03\x04\x14\x00")
    with pytest.raises(InvalidInput) as caught:
        read_feed(path, "en")
    (problem,) = caught.value.problems
    assert "Excel workbook" in problem.message
    assert "CSV UTF-8" in problem.hint
