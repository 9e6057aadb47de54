"""What `check` and `new` print of a feed."""

from __future__ import annotations

from pathlib import Path

from support.feeds import feed_of


def test_everything_that_was_understood_is_printed(tmp_path: Path) -> None:
    """Format, rows, columns, guesses, what is ignored, numbers and three products."""
    text = "SKU;Name;Preis;Farbe;Bestand\nA;Lamp;1.299,00 €;oak;5\nB;Mug;7,5;;\nC;Jug;8;;\nD;Cup;9;;\n"
    assert feed_of(tmp_path, text, "de").understanding.lines() == (
        "feed.csv: flashgen's columns (CSV with semicolons, UTF-8)",
        "  4 rows: 4 products",
        "  columns: sku ← SKU, name ← Name",
        "  guessed: price ← Preis, stock ← Bestand",
        "  ignored: Farbe",
        '  numbers: decimal comma in price, "1.299,00 €" is 1299.00',
        "  1. A, Lamp, price 1299.00, stock 5",
        "  2. B, Mug, price 7.50",
        "  3. C, Jug, price 8.00",
    )


def test_the_same_is_there_for_programs(tmp_path: Path) -> None:
    """Under stable keys."""
    found = feed_of(tmp_path, "sku,name,price\nA,Lamp,1\n").understanding.to_json()
    assert ("flashgen", 1, 1, {"sku": ["sku"], "name": ["name"], "price": ["price"]}) == (
        found["format"],
        found["rows"],
        found["variants"],
        found["columns"],
    )


def test_examples_are_rows_that_can_be_read(tmp_path: Path) -> None:
    """A row with a mistake has a message of its own; if all have one, the first are shown."""
    feed = feed_of(tmp_path, "sku,name,price\nA,a,on request\n,b,1\nC,c,2\nD,d,3\n")
    assert ["C", "D"] == [row["sku"] for row in feed.understanding.examples]
    feed = feed_of(tmp_path, "sku,name,price\nA,a,on request\n")
    assert ["A"] == [row["sku"] for row in feed.understanding.examples]
