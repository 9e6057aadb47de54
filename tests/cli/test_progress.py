"""Progress, where nobody has a terminal; and the numbers that both ways have in common."""

from __future__ import annotations

import pytest
from support.clock import Clock

from flashgen.cli.progress import LINE_EVERY_SECONDS, lines, pace
from flashgen.release.plan import Wave


@pytest.mark.parametrize(
    ("done", "total", "seconds", "expected"),
    [
        (0, 100, 5.0, ""),
        (100, 100, 5.0, ""),
        (10, 100, 0.0, ""),
        (50, 100, 5.0, "10/s, 0:05 left"),
        (5, 100, 10.0, "0.5/s, 3:10 left"),
        (2_500, 10_000, 1.0, "2,500/s, 0:03 left"),
    ],
)
def test_pace_is_rate_and_time_left(done: int, total: int, seconds: float, expected: str) -> None:
    """As long as there is something to go by."""
    assert expected == pace(done, total, seconds)


def test_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; the rate is of the wave that is under way."""
    clock = Clock()
    report = lines("night", clock)
    report(Wave.ASSETS, 0, 10)
    clock.wait(LINE_EVERY_SECONDS - 1)
    report(Wave.ASSETS, 10, 10)
    report(Wave.PAGES, 0, 2_500)
    clock.wait(5)
    report(Wave.PAGES, 1_000, 2_500)
    report(Wave.PAGES, 1_001, 2_500)
    printed = capsys.readouterr()
    assert ("", "night: pages 1,000 of 2,500 (200/s, 0:08 left)\n") == (printed.out, printed.err)
