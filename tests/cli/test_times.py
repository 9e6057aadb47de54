"""Times as operators type them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from support.projects import write_sale

from flashgen.cli.times import moment
from flashgen.sale.load import load_header
from flashgen.sale.model import Header

LATE_EVENING = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
"""Already the 28th in Berlin."""


@pytest.fixture
def header(tmp_path: Path) -> Header:
    """A sale of Berlin."""
    return load_header(write_sale(tmp_path, timezone="Europe/Berlin"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19:30", "2026-11-28 18:30:00"),
        ("9:05", "2026-11-28 08:05:00"),
        ("19:30:15", "2026-11-28 18:30:15"),
        ("today 19:30", "2026-11-28 18:30:00"),
        ("Tomorrow  9:00", "2026-11-29 08:00:00"),
        ("2026-12-01 09:00", "2026-12-01 08:00:00"),
        ("2026-12-01T09:00:00Z", "2026-12-01 09:00:00"),
        ("start", "2027-11-27 09:00:00"),
        ("end", "2027-11-27 21:00:00"),
    ],
)
def test_a_time_is_read_in_the_sales_zone(header: Header, text: str, expected: str) -> None:
    """So is what day it is."""
    found = moment(text, header, LATE_EVENING)
    assert found
    assert expected == f"{found:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("text", ["25:00", "19:60", "yesterday 9:00", "9", "tomorrow", "noon"])
def test_what_is_no_time_is_refused_with_an_example(header: Header, text: str) -> None:
    """As it could be typed instead."""
    with pytest.raises(click.UsageError, match='write "2027-11-27 10:00" or 19:30'):
        moment(text, header, LATE_EVENING)
