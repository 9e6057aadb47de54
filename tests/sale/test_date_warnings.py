"""Dates that are valid and rarely meant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.projects import write_sale

from flashgen.sale.date_warnings import date_warnings
from flashgen.sale.load import load_sale

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def warned(root: Path, starts_at: str, ends_at: str) -> list[tuple[str, int, str]]:
    """Path, line and message of each warning; the times are of Berlin."""
    path = write_sale(root, starts_at=f'"{starts_at}"', ends_at=f'"{ends_at}"', timezone="Europe/Berlin")
    warnings = date_warnings(load_sale(path, root), NOW)
    return [(warning.path, warning.where.line, warning.message) for warning in warnings]


def test_an_ordinary_sale_is_not_warned_of(tmp_path: Path) -> None:
    """Next week, for an evening; and one that runs now."""
    assert [] == warned(tmp_path, "2026-11-27 18:00", "2026-11-27 21:00")
    assert [] == warned(tmp_path, "2026-11-20 12:00", "2026-11-20 21:00")


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "path", "line", "message"),
    [
        ("2025-11-27 18:00", "2025-11-27 21:00", "sale.ends_at", 5, "the sale ended on 2025-11-27 21:00, 357 days ago"),
        ("2026-11-19 09:00", "2026-11-19 12:00", "sale.ends_at", 5, "the sale ended on 2026-11-19 12:00, yesterday"),
        ("2026-11-20 09:00", "2026-11-20 13:00", "sale.ends_at", 5, "the sale ended on 2026-11-20 13:00, today"),
        (
            "2028-01-02 18:00",
            "2028-01-02 21:00",
            "sale.starts_at",
            4,
            "the sale starts on 2028-01-02 18:00, in 408 days",
        ),
        ("2026-11-27 18:00", "2026-12-27 18:00", "sale.ends_at", 5, "the sale lasts 30 days, until 2026-12-27 18:00"),
        ("2026-11-27 18:00:00", "2026-11-27 18:00:30", "sale.ends_at", 5, "the sale lasts 30 s"),
    ],
)
def test_a_date_that_is_rarely_meant_is_a_warning_with_its_line(
    tmp_path: Path, starts_at: str, ends_at: str, path: str, line: int, message: str
) -> None:
    """In the sale's zone."""
    assert [(path, line, message)] == warned(tmp_path, starts_at, ends_at)
