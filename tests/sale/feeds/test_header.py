"""Where the headings of a table are: below a cover, in two rows, or nowhere."""

from __future__ import annotations

from pathlib import Path

from support.feeds import feed_of, refusal_of


def test_a_header_of_two_rows_is_read_together(tmp_path: Path) -> None:
    """Merged cells above are empty beside their text, as spreadsheets save them."""
    feed = feed_of(tmp_path, "Artikel;;Preise;\nNummer;Bezeichnung;VK;UVP\nA;Lampe;5,90;9,90\n", "de")
    assert ({"sku": "A", "name": "Lampe", "price": "5.90", "list_price": "9.90"},) == feed.rows
    assert ["the header has two rows, which are read together"] == [one.message for one in feed.warnings]


def test_a_row_of_units_below_the_headings_is_no_product(tmp_path: Path) -> None:
    """It has no number, and neither SKU nor name."""
    feed = feed_of(tmp_path, "Artikelnummer;Bezeichnung;Preis;Bestand\n;;EUR;Stück\nA;Lampe;5,90;3\n", "de")
    assert (["A"], ()) == ([row["sku"] for row in feed.rows], feed.problems)


def test_a_row_without_numbers_that_has_a_sku_is_a_product(tmp_path: Path) -> None:
    """Else a mistake in the first product would hide it."""
    (problem,) = refusal_of(tmp_path, "sku,name,price\nLAMP,,\nB,b,1\n")
    assert ("`name` and `price` are empty", 2) == (problem.message, problem.where.line)


def test_a_title_with_two_words_of_headings_is_not_the_header(tmp_path: Path) -> None:
    """The first row that names all that a product needs is."""
    feed = feed_of(tmp_path, "Artikel;Bestand\n\nArtikelnummer;Bezeichnung;Preis\nA;Lampe;5,90\n", "de")
    assert ["A"] == [row["sku"] for row in feed.rows]


def test_a_message_names_the_heading_and_the_cell_as_the_file_has_them(tmp_path: Path) -> None:
    """A cell with several lines moves the rows of a spreadsheet against the lines of the file."""
    body = 'Artikelnummer;Bezeichnung;Kurztext;Preis\nA;Lampe;"zwei\nZeilen";5,90\nB;Mug;;ab 5\n'
    (problem,) = refusal_of(tmp_path, body)
    assert problem.message.startswith('"Preis" must be a number')
    assert "feed.csv:4:4 (D3)" == str(problem.where).rpartition("/")[2]
