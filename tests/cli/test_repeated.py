"""Doing one thing again and again in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from flashgen.cli.status.sale_watch import Poller, PollResult
from flashgen.errors import StoreError

LIMIT_SECONDS = 10


class Script:
    """Looks that end as they are told to, one after the other; then they hang."""

    def __init__(self) -> None:
        self.calls = 0
        self.endings: SimpleQueue[str | Exception] = SimpleQueue()

    def __call__(self) -> str:
        """One look."""
        self.calls += 1
        ending = self.endings.get()
        if isinstance(ending, Exception):
            raise ending
        return ending


@pytest.fixture
def script() -> Script:
    """What is looked at."""
    return Script()


@pytest.fixture
def repeated(script: Script) -> Iterator[Poller[str]]:
    """Looking without a pause."""
    repeated = Poller(script, 0.0)
    repeated.start()
    yield repeated
    repeated.stop()
    script.endings.put("the last")


def awaited(holds: Callable[[], bool]) -> bool:
    """Wait until it does."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.001)
    return holds()


def test_nothing_is_known_at_first(repeated: Poller[str]) -> None:
    """While the first look hangs; but since when."""
    latest = repeated.latest
    assert PollResult(None, latest.at, "") == latest
    assert 0 < latest.at <= time.monotonic()


def test_what_was_found_last_is_known(repeated: Poller[str], script: Script) -> None:
    """And when the look at it began: it may be as old as that."""
    script.endings.put("one")
    assert awaited(lambda: script.calls == 2)
    began = time.monotonic()
    script.endings.put("two")
    assert awaited(lambda: repeated.latest.value == "two")
    assert 0 < repeated.latest.at <= began


@pytest.mark.parametrize("trouble", [StoreError("no network"), OSError("no network")])
def test_trouble_leaves_what_was_known(repeated: Poller[str], script: Script, trouble: Exception) -> None:
    """With its time; the next answer ends it."""
    script.endings.put("one")
    assert awaited(lambda: repeated.latest.value == "one")
    known = repeated.latest
    script.endings.put(trouble)
    assert awaited(lambda: repeated.latest.trouble != "")
    assert PollResult("one", known.at, "no network") == repeated.latest
    script.endings.put("two")
    assert awaited(lambda: repeated.latest.value == "two")
    assert "" == repeated.latest.trouble


def test_a_bug_is_raised_where_somebody_listens(repeated: Poller[str], script: Script) -> None:
    """Not in a thread that nobody hears of."""
    script.endings.put(KeyError("a bug"))

    def is_raised() -> bool:
        try:
            return repeated.latest is None
        except KeyError:
            return True

    assert awaited(is_raised)


def test_it_ends_when_it_is_stopped() -> None:
    """With the look that is under way."""
    looked = threading.Event()
    repeated = Poller(looked.set, 3600.0)
    repeated.start()
    assert looked.wait(LIMIT_SECONDS)
    repeated.stop()
    assert awaited(lambda: not repeated.is_alive)
