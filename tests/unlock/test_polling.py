"""The polling table: one for the page, for simulated shoppers and for forecasts."""

from __future__ import annotations

import re
from math import inf
from typing import Any

import pytest

from flashgen.packaged_files import packaged
from flashgen.unlock import polling

PAGE_JS = (packaged("themes") / "plain" / "assets" / "page.js").read_text(encoding="utf-8")
CONSTANT = re.compile(r"^const ([A-Z_]+) = ([^;{}]+);$", re.MULTILINE)
JITTER = re.compile(r"\* \(([\d.]+) \+ ([\d.]+) \* Math\.random\(\)\)")


def constants_of_the_page() -> dict[str, Any]:
    """Its numbers and lists of numbers by name, in milliseconds; they are spelled as in Python."""
    known: dict[str, Any] = {"Infinity": inf, "__builtins__": {}}
    for name, expression in CONSTANT.findall(PAGE_JS):
        if not re.search(r"[/\"]", expression):
            known[name] = eval(expression, known)
    return known


def test_the_schedule_is_the_pages() -> None:
    """Row by row."""
    page = constants_of_the_page()
    assert polling.SCHEDULE == tuple((above / 1000, every / 1000) for above, every in page["SCHEDULE"])
    opened = (polling.RUSH_SECONDS, polling.POLL_IN_RUSH_SECONDS, polling.POLL_LATER_SECONDS)
    assert opened == tuple(page[name] / 1000 for name in ("RUSH", "POLL_IN_RUSH", "POLL_LATER"))


def test_the_jitter_is_the_pages() -> None:
    """As far to either side."""
    found = JITTER.search(PAGE_JS)
    assert found
    low, width = map(float, found.groups())
    assert [low * 10, (low + width) * 10] == pytest.approx([polling.jittered(10, 0), polling.jittered(10, 1)])


@pytest.mark.parametrize(
    ("seconds_to_opening", "is_open", "expected"),
    [
        (7200, False, 300),
        (3600, False, 60),
        (600, False, 15),
        (60, False, 5),
        (10, False, 1),
        (-5000, False, 1),
        (5, True, 10),
        (-299, True, 10),
        (-300, True, 30),
    ],
)
def test_waits_are_those_of_the_contract(seconds_to_opening: float, is_open: bool, expected: float) -> None:
    """A bound belongs to the row below it."""
    assert expected == polling.wait_seconds(seconds_to_opening, is_open=is_open)


def test_the_retries_are_those_of_the_waiting_page() -> None:
    """Of waiting.js."""
    script = (packaged("themes") / "plain" / "assets" / "waiting.js").read_text(encoding="utf-8")
    numbers = {name: float(value) for name, value in re.findall(r"^const ([A-Z_]+) = ([\d.]+);$", script, re.MULTILINE)}
    assert (polling.FIRST_RETRY_SECONDS, polling.LONGEST_RETRY_SECONDS) == (
        numbers["FIRST_WAIT"],
        numbers["LONGEST_WAIT"],
    )
    assert f"FIRST_WAIT * {polling.RETRY_GROWTH} ** tries" in script
