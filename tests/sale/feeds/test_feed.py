"""A feed with flashgen's own columns: what they are, where a value stands, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import feed_of, refusal_of

from flashgen.document.validation import keys_of
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feeds.headings import COLUMNS
from flashgen.sale.product import Product


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
    """The position is the line in the file, not the row in a spreadsheet."""
    feed = feed_of(tmp_path, 'sku,name,price\nA,"a\nb\nc",1\n\n , ,\nB,b,2\n')
    assert [feed.where(row, "sku").line for row in range(2)] == [2, 7]
    assert [feed.where(1, key).column for key in ("sku", "name", "price")] == [1, 2, 3]


def test_the_locale_picks_the_columns(tmp_path: Path) -> None:
    """The most specific column with a text counts; only texts have translations."""
    text = "sku,name,name:de,name:pt_BR,price,price:de\nA,one,eins,um,1,2\nB,two,,,1,2\n"
    names = {
        locale: [row["name"] for row in feed_of(tmp_path, text, locale).rows]
        for locale in ("en", "de-AT", "pt-BR", "pt")
    }
    assert names == {"en": ["one", "two"], "de-AT": ["eins", "two"], "pt-BR": ["um", "two"], "pt": ["one", "two"]}
    assert {"1"} == {row["price"] for row in feed_of(tmp_path, text, "de").rows}


def test_unknown_columns_are_named_and_left_out(tmp_path: Path) -> None:
    """A shop's export has dozens; they are no reason to fail."""
    feed = feed_of(tmp_path, "sku,name,price,Stok,,price:de\nA,a,1,2,3,4\n", "en")
    path, quote = tmp_path / "feed.csv", "sku,name,price,Stok,,price:de"
    expected = (
        Problem(Where(path, 1, 5, "E1"), "column 5 has no name, and is left out", "name or delete it", quote=quote),
        Problem(Where(path, 1, 6, "F1"), "unknown column price:de, left out", "did you mean `price`?", quote=quote),
    )
    assert expected == feed.warnings
    assert feed.rows == ({"sku": "A", "name": "a", "price": "1", "stock": "2"},)
    assert {"stock"} == feed.understanding.guessed


def test_a_quote_left_open_before_much_text_is_one_problem(tmp_path: Path) -> None:
    """The csv module reaches its limit on a cell long before the file ends."""
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


def test_a_column_that_nobody_reads_may_stand_there_twice(tmp_path: Path) -> None:
    """A shop's export has two `Note`s; only columns that are read must be one."""
    feed = feed_of(tmp_path, "sku,name,price,Note,Note\nA,a,1,x,y\n")
    assert feed.understanding.ignored == ("Note", "Note")


def test_a_column_that_is_read_must_stand_there_once(tmp_path: Path) -> None:
    """Nobody can know which of the two is right."""
    (problem,) = refusal_of(tmp_path, "sku,name,price,Price\nA,a,1,2\n")
    assert ("column `price` is there twice, first as column 3", "delete one of them") == (problem.message, problem.hint)


def test_columns_names_the_headings_of_keys(tmp_path: Path) -> None:
    """It goes before what headings seem to mean, in any case."""
    columns = {"sku": "Code", "name": "LABEL", "price": "Net price"}
    feed = feed_of(tmp_path, "code,Label,price,Net Price\nA,a,9,8\n", columns=columns)
    assert ({"sku": "A", "name": "a", "price": "8"},) == feed.rows


def test_columns_that_are_not_there_are_named_with_a_suggestion(tmp_path: Path) -> None:
    """A typo in the YAML."""
    (problem,) = refusal_of(tmp_path, "sku,name,price\nA,a,9\n", columns={"name": "nmae"})
    assert ("no column nmae in feed.csv", "did you mean `name`?") == (problem.message, problem.hint)


def test_where_keeps_the_rows_with_a_value(tmp_path: Path) -> None:
    """One value or several, in any case."""
    text = "sku,name,price,Status\nA,a,1,Active\nB,b,2,draft\nC,c,3,new\n"
    assert ["A"] == [row["sku"] for row in feed_of(tmp_path, text, where={"status": "active"}).rows]
    assert ["A", "C"] == [row["sku"] for row in feed_of(tmp_path, text, where={"status": ["active", "NEW"]}).rows]
    (problem,) = refusal_of(tmp_path, text, where={"status": "sale"})
    assert ("no row of 3 rows has sale in status", "values there: Active, draft, new") == (
        problem.message,
        problem.hint,
    )


def test_two_headings_for_one_key_are_a_question(tmp_path: Path) -> None:
    """`Preis` and `VK` are both a price."""
    (problem,) = refusal_of(tmp_path, "sku,name,Preis,VK\nA,a,1,2\n")
    assert problem.message == "columns Preis and VK may both be `price`"
    assert problem.hint == "write beside `from:` which one is meant: `columns: {price: …}` with Preis or VK"
    assert "2" == feed_of(tmp_path, "sku,name,Preis,VK\nA,a,1,2\n", columns={"price": "VK"}).rows[0]["price"]


def test_a_sale_price_is_the_price_and_the_price_the_list_price(tmp_path: Path) -> None:
    """As shops name them; a product without a sale price is not reduced."""
    feed = feed_of(tmp_path, "sku,name,price,sale price\nA,a,20,10\nB,b,20,\n")
    assert [("10", "20"), ("20", None)] == [(row["price"], row.get("list_price")) for row in feed.rows]


def test_a_price_that_was_chosen_is_the_price(tmp_path: Path) -> None:
    """Also beside a sale price, which would go before it."""
    text = "sku,name,price,sale price\nA,a,20,10\n"
    feed = feed_of(tmp_path, text, columns={"price": "price"})
    assert ({"sku": "A", "name": "a", "price": "20"},) == feed.rows
    assert ("sale price",) == feed.understanding.ignored


def test_rows_that_are_too_long_do_not_hide_other_problems(tmp_path: Path) -> None:
    """All problems of a file at once."""
    problems = refusal_of(tmp_path, "sku,name,price\nA,a,1,2\nB,b,USD 3\n")
    assert ["a row of 4 cells under a header of 3", '`price` is in USD, and the sale in EUR: found "USD 3"'] == [
        problem.message for problem in problems
    ]


def test_three_decimals_are_thousands_in_a_currency_of_two(tmp_path: Path) -> None:
    """`1.299` can be no price in EUR: nobody is asked, and nobody sells it for 1.30."""
    feed = feed_of(tmp_path, "sku;name;price\nA;a;1.299\nB;b;2.499\n")
    assert ["1299", "2499"] == [row["price"] for row in feed.rows]


@pytest.mark.parametrize("sku", ["2026-02-01", "01.02.2026", "1-Feb", "Mrz 26", "MAR-01"])
def test_a_sku_that_became_a_date_is_a_warning(tmp_path: Path, sku: str) -> None:
    """Excel writes 1-2 as a date into CSV, too."""
    (warning,) = feed_of(tmp_path, f"sku;name;price\n{sku};a;1\n").warnings
    assert f"`sku` is a date, {sku}" == warning.message


@pytest.mark.parametrize("sku", ["SP-001", "1-2", "2026-1", "MARS-01", "12.5"])
def test_other_skus_are_no_dates(tmp_path: Path, sku: str) -> None:
    """As they are common."""
    assert not feed_of(tmp_path, f"sku;name;price\n{sku};a;1\n").warnings


def test_a_table_with_far_too_many_cells_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    """A heading in each of 20,000 columns, and short rows."""
    header = ",".join(["sku", "name", "price", *(f"c{number}" for number in range(20_000))])
    (problem,) = refusal_of(tmp_path, f"{header}\nA,a,1\n")
    assert problem.message == "the table reaches to row 2 and column 20,003"
