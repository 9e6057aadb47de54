"""The polling table: one for the page and for whoever reckons with a crowd of pages."""

from __future__ import annotations

import re
from math import inf
from typing import Any

import pytest

from flashgen.packaged_files import packaged
from flashgen.rehearse import page_script

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
    assert page_script.SCHEDULE == tuple((above / 1000, every / 1000) for above, every in page["SCHEDULE"])
    opened = (page_script.RUSH_SECONDS, page_script.POLL_IN_RUSH_SECONDS, page_script.POLL_LATER_SECONDS)
    assert opened == tuple(page[name] / 1000 for name in ("RUSH", "POLL_IN_RUSH", "POLL_LATER"))


def test_the_jitter_is_the_pages() -> None:
    """As far to either side."""
    found = JITTER.search(PAGE_JS)
    assert found
    low, width = map(float, found.groups())
    assert [low * 10, (low + width) * 10] == pytest.approx([page_script.jittered(10, 0), page_script.jittered(10, 1)])


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
    assert expected == page_script.wait_seconds(seconds_to_opening, is_open=is_open)
