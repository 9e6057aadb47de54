"""The file that `flashgen new` writes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flashgen.document.validation import keys_of
from flashgen.sale.load import load_sale
from flashgen.sale.model import OrderSettings, Product, SaleSection, Unlock
from flashgen.sale.template import new_sale

START, END = datetime(2026, 11, 27, 8, tzinfo=UTC), datetime(2026, 11, 27, 20, tzinfo=UTC)


def written(currency: str = "EUR", feed: str | None = None) -> str:
    """A new sale `black-friday` in Berlin."""
    return new_sale("black-friday", "7k2mq9xw4t", START, END, "Europe/Berlin", currency, "de", feed)


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_a_new_sale_is_valid_as_it_is(tmp_path: Path, currency: str) -> None:
    """Two products, no image files, no warnings; prices with the currency's places."""
    path = tmp_path / "black-friday.yaml"
    path.write_text(written(currency))
    loaded = load_sale(path, tmp_path)
    sale = loaded.sale
    assert (loaded.warnings, len(sale.products), sale.starts_at, sale.ends_at) == ((), 2, START, END)
    assert (sale.title, sale.unlock.version) == ("Black friday", "7k2mq9xw4t")


def test_a_new_sale_with_a_feed_reads_it(tmp_path: Path) -> None:
    """The name of the feed may need quotes."""
    (tmp_path / "my #1 feed.csv").write_text("sku,name,price\nA,Shirt,1\n")
    path = tmp_path / "black-friday.yaml"
    path.write_text(written(feed="my #1 feed.csv"))
    assert [product.sku for product in load_sale(path, tmp_path).sale.products] == ["A"]


def test_a_new_sale_shows_every_key() -> None:
    """Optional keys are in comments, so that nobody has to know the schema by heart."""
    text = written()
    keys = [key for model in (SaleSection, Product, OrderSettings, Unlock) for key in keys_of(model)]
    assert [key for key in keys if f"{key}: " not in text] == []


def test_the_first_line_is_for_editors() -> None:
    """The YAML language server reads the schema's path there."""
    assert written().startswith("# yaml-language-server: $schema=../.flashgen/sale.schema.json\n")


def test_times_are_written_with_the_offset_of_the_zone() -> None:
    """People read local time."""
    assert 'starts_at: "2026-11-27T09:00:00+01:00"' in written()
