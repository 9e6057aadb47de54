"""Polling in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from support.waiting import wait_until

from flashgen.cli.status.sale_watch import Poller, PollResult
from flashgen.errors import StoreError

LIMIT_SECONDS = 10


class Script:
    """Polls that end as the test says, one after the other; then they hang."""

    def __init__(self) -> None:
        self.calls = 0
        self.endings: SimpleQueue[str | Exception] = SimpleQueue()

    def __call__(self) -> str:
        """One poll."""
        self.calls += 1
        ending = self.endings.get()
        if isinstance(ending, Exception):
            raise ending
        return ending


@pytest.fixture
def script() -> Script:
    """What is polled."""
    return Script()


@pytest.fixture
def poller(script: Script) -> Iterator[Poller[str]]:
    """Polling without a pause."""
    poller = Poller(script, 0.0)
    poller.start()
    yield poller
    poller.stop()
    script.endings.put("the last")


def test_nothing_is_known_at_first(poller: Poller[str]) -> None:
    """While the first poll hangs; only when it began."""
    latest = poller.latest
    assert PollResult(None, latest.at, "") == latest
    assert 0 < latest.at <= time.monotonic()


def test_what_was_found_last_is_known(poller: Poller[str], script: Script) -> None:
    """And when its poll began: the value may be as old as that."""
    script.endings.put("one")
    wait_until(lambda: script.calls == 2)
    began = time.monotonic()
    script.endings.put("two")
    wait_until(lambda: poller.latest.value == "two")
    assert 0 < poller.latest.at <= began


@pytest.mark.parametrize("trouble", [StoreError("no network"), OSError("no network")])
def test_trouble_leaves_what_was_known(poller: Poller[str], script: Script, trouble: Exception) -> None:
    """With its time; the next answer ends it."""
    script.endings.put("one")
    wait_until(lambda: poller.latest.value == "one")
    known = poller.latest
    script.endings.put(trouble)
    wait_until(lambda: poller.latest.trouble != "")
    assert PollResult("one", known.at, "no network") == poller.latest
    script.endings.put("two")
    wait_until(lambda: poller.latest.value == "two")
    assert "" == poller.latest.trouble


def test_a_bug_is_raised_by_latest(poller: Poller[str], script: Script) -> None:
    """Not in the thread, where it would be lost."""
    script.endings.put(KeyError("a bug"))

    def is_raised() -> bool:
        try:
            return poller.latest is None
        except KeyError:
            return True

    wait_until(is_raised)


def test_it_ends_when_it_is_stopped() -> None:
    """After the poll that is under way."""
    polled = threading.Event()
    poller = Poller(polled.set, 3600.0)
    poller.start()
    assert polled.wait(LIMIT_SECONDS)
    poller.stop()
    wait_until(lambda: not poller.is_alive)
