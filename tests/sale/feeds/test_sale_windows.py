"""The time in which a Merchant feed says that its sale prices count."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.errors import Problem
from flashgen.sale.load import load_sale

HEADER = "id\ttitle\tprice\timage_link\tsale_price\tsale_price_effective_date\n"


def warnings_of(folder: Path, *windows: str, sale_price: str = "5 EUR", more: str = "") -> list[Problem]:
    """Warnings about the sale prices of products with these windows, in a sale from 18:00 to 22:00 in Berlin."""
    rows = "".join(f"L-{n}\tLamp {n}\t9 EUR\t\t{sale_price}\t{window}\n" for n, window in enumerate(windows))
    (folder / "feed.tsv").write_text(HEADER + rows, "utf-8")
    path = folder / "night.yaml"
    path.write_text(
        "sale: {id: night, title: Night, timezone: Europe/Berlin, starts_at: 2026-12-12 18:00, "
        f"ends_at: 2026-12-12 22:00, currency: EUR}}\nproducts: {{from: feed.tsv{more}}}\n"
    )
    return [one for one in load_sale(path, folder).warnings if "sale price" in one.message]


@pytest.mark.parametrize(
    "window",
    [
        "2026-12-12T18:00+0100/2026-12-12T22:00+0100",
        "2026-12-12T17:00Z/2026-12-13T00:00Z",
        "2026-12-12T18:00/2026-12-12T22:00",
        "2026-12-01/2026-12-31",
        "",
    ],
)
def test_a_sale_price_that_counts_during_the_sale_is_no_warning(tmp_path: Path, window: str) -> None:
    """In any zone; without one in the sale's; and without a window always."""
    assert [] == warnings_of(tmp_path, window)


@pytest.mark.parametrize(
    "window",
    [
        "2026-12-12T18:01+0100/2026-12-12T22:00+0100",
        "2026-12-12T18:00+0100/2026-12-12T21:59+0100",
        "2025-12-12T18:00+0100/2025-12-12T22:00+0100",
        "2026-12-12T18:00Z/2026-12-12T22:00Z",
        "12 December",
        "2026-12-12T18:00+0100",
    ],
)
def test_a_sale_price_outside_of_its_window_is_not_used_silently(tmp_path: Path, window: str) -> None:
    """Too late, too early, last year's, of another zone, or unreadable: at its cell."""
    (warning,) = warnings_of(tmp_path, window)
    assert "F2" == warning.where.cell
    assert "it is used all the same" in warning.message


def test_the_warning_has_both_times_in_the_zone_of_the_sale(tmp_path: Path) -> None:
    """And there is one for all products."""
    window = "2026-12-13T17:00Z/2026-12-13T21:00Z"
    (warning,) = warnings_of(tmp_path, window, "", window, window)
    assert (
        "the sale price counts from 2026-12-13 18:00 to 2026-12-13 22:00, and the sale is from 2026-12-12 18:00 to "
        "2026-12-12 22:00: it is used all the same, as are those of 2 more rows: 4, 5"
    ) == warning.message


def test_a_window_matters_only_where_a_sale_price_is_used(tmp_path: Path) -> None:
    """Neither without one, nor where `columns:` names the price."""
    window = "2025-12-12T18:00Z/2025-12-12T22:00Z"
    assert [] == warnings_of(tmp_path, window, sale_price="")
    assert [] == warnings_of(tmp_path, window, more=", columns: {price: price}")
