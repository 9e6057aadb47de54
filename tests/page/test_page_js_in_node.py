"""page.js's arithmetic, without a browser: the server's clock from headers, and what counts as a pointer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from flashgen.packaged_files import packaged
from flashgen.unlock.pointer import first_pointer, render

T0 = datetime(2026, 11, 27, 8, tzinfo=UTC)
T0_MS = int(T0.timestamp()) * 1000
POINTER = render(first_pointer("fair", "abcdef", T0, datetime(2026, 11, 27, 20, tzinfo=UTC))).decode()


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """The results of all cases, from one run of node."""
    node = shutil.which("node")
    missing = "node is missing: apt-get install nodejs"
    if node is None and os.environ.get("CI"):
        pytest.fail(missing)
    if node is None:
        pytest.skip(missing)
    page_js = packaged("themes") / "plain" / "assets" / "page.js"
    program = Path(__file__).with_name("page_js_functions.mjs")
    cases = {"clock": [sequence for sequence, _ in CLOCK.values()], "pointers": [text for text, _ in POINTERS.values()]}
    done = subprocess.run([node, program, page_js], input=json.dumps(cases), capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def dated(second: int, age: int | None = None) -> dict[str, str]:
    """The headers of a response without `x-now`; both are whole seconds."""
    date = {"date": format_datetime(datetime.fromtimestamp(T0_MS // 1000 + second, UTC), usegmt=True)}
    return date if age is None else {**date, "age": str(age)}


CLOCK: dict[str, tuple[list[tuple[dict[str, str], int, int]], list[int | None]]] = {
    "x-now is of the middle of the request": ([({"x-now": str(T0_MS)}, 1000, 1200)], [T0_MS - 1100]),
    "a tighter x-now wins": (
        [({"x-now": str(T0_MS)}, 1000, 1200), ({"x-now": str(T0_MS + 995)}, 2090, 2110)],
        [T0_MS - 1100, T0_MS - 1105],
    ),
    "a looser one that agrees does not": (
        [({"x-now": str(T0_MS)}, 1000, 1010), ({"x-now": str(T0_MS + 1000)}, 1900, 2300)],
        [T0_MS - 1005, T0_MS - 1005],
    ),
    "Date and Age leave two seconds and the round trip: the middle of it": (
        [(dated(0, 3), 0, 500)],
        [T0_MS + (2500 + 5000) // 2],
    ),
    "the greatest lower bound stays": (
        [(dated(0, 1), 0, 100), (dated(2, 0), 0, 1100)],
        [T0_MS + (900 + 3000) // 2, T0_MS + (900 + 3000) // 2],
    ),
    "the least upper bound stays": (
        [(dated(0, 0), 1200, 1300), (dated(0, 1), 1400, 1500)],
        [T0_MS + (-1300 + 800) // 2, T0_MS + (-500 + 800) // 2],
    ),
    "both bounds close in": (
        [(dated(0, 0), 0, 0), (dated(0, 0), 900, 900), (dated(1, 0), 950, 950)],
        [T0_MS + 1000, T0_MS + (0 + 1100) // 2, T0_MS + (50 + 1100) // 2],
    ),
    "bounds that cross, as tiers of caches cut twice: the lower one": (
        [(dated(2, 0), 0, 0), (dated(0, 0), 500, 500), (dated(4, 0), 2000, 2000)],
        [T0_MS + 3000, T0_MS + 2000, T0_MS + 2000],
    ),
    "time that stood still: the upper bound of before is void": (
        [(dated(0, 0), 0, 0), (dated(60, 0), 5000, 5000)],
        [T0_MS + 1000, T0_MS + 55_000 + 1000],
    ),
    "without Age, Date alone": ([(dated(5), 0, 0)], [T0_MS + 6000]),
    "x-now wins over bounds": ([(dated(0, 0), 0, 0), ({"x-now": str(T0_MS)}, 0, 100)], [T0_MS + 1000, T0_MS - 50]),
    "bounds around an x-now change nothing": (
        [({"x-now": str(T0_MS + 300)}, 0, 100), (dated(0, 0), 0, 0)],
        [T0_MS + 250, T0_MS + 250],
    ),
    "bounds after an x-now that was left behind": (
        [({"x-now": str(T0_MS)}, 0, 0), (dated(60, 0), 100, 100)],
        [T0_MS, T0_MS + 59_900 + 1000],
    ),
    "no header, no offset": ([({}, 0, 10)], [None]),
}
"""Answers as (headers, sent, received), with the offset known after each; times in milliseconds."""

POINTERS = {
    "a pointer": (POINTER, True),
    "without its line end": (POINTER.strip(), True),
    "as a statement": (POINTER.strip() + ";", True),
    "other code": ("alert(1)", False),
    "code after it": (POINTER.strip() + "; alert(1)", False),
    "a call inside": ("flashgen(alert(1))", False),
    "no revision": (POINTER.replace('"rev":0', '"rev":"0"'), False),
    "another state": (POINTER.replace("scheduled", "open"), False),
    "a time that is none": (POINTER.replace("2026-11-27T08:00:00Z", "soon"), False),
    "an error page": ("<html>busy</html>", False),
}


@pytest.mark.parametrize("name", CLOCK)
def test_the_servers_clock_from_headers(answers: dict[str, Any], name: str) -> None:
    """The middle of the range that the headers allow."""
    assert CLOCK[name][1] == answers["clock"][list(CLOCK).index(name)]


@pytest.mark.parametrize("name", POINTERS)
def test_only_a_pointer_is_accepted(answers: dict[str, Any], name: str) -> None:
    """JSON inside one call. Everything else is ignored, and nothing is run."""
    assert POINTERS[name][1] is answers["pointers"][list(POINTERS).index(name)]
