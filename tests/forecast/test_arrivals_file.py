"""Arrivals as an analytics tool exports them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flashgen.errors import InvalidInput
from flashgen.forecast.arrivals_file import read_arrivals

START = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "rows", ["-600,100\n-540,300", "-10m,100\n-9m,300", "2026-11-27 08:50,100\n2026-11-27 08:51,300"]
)
def test_times_are_seconds_durations_or_instants(tmp_path: Path, rows: str) -> None:
    """All three are ten minutes before the start; a row lasts until the next."""
    file = tmp_path / "a.csv"
    file.write_text(f"Time,Visitors\n{rows}\n", encoding="utf-8")
    arrivals = read_arrivals(file, START, "Europe/Berlin")
    assert (0, 50, 100, 400) == tuple(arrivals.by(at) for at in (-600, -570, -540, 0))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the first line must be"),
        ("time,visitors\nsoon,5", 2, "`time` must be seconds"),
        ("time,visitors\n1,many", 2, "`visitors` must be a number of people, found many"),
        ("time,visitors\n5,1\n4,1", 3, "later than in the row above"),
        ("time,visitors\n5,0", 1, "no visitor comes"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, text: str, line: int, words: str) -> None:
    """With its line."""
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_arrivals(file, START, "UTC")
    problem = caught.value.problems[0]
    assert words in problem.message
    assert line == problem.where.line
