"""A line of the log: one JSON object, whatever happens."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from support.clock import Clock

from flashgen.gate.log import AGAIN_SECONDS, KINDS_MAX, JsonLines, LibraryLog, LogThrottle


@pytest.fixture
def lines() -> list[str]:
    """What was written."""
    return []


@pytest.fixture
def log(lines: list[str]) -> JsonLines:
    """One of a worker."""
    return JsonLines(lines.append, lambda: 1_795_370_000.25, pid=7)


@pytest.fixture
def monotonic() -> Clock:
    """A clock that runs evenly."""
    return Clock(0.0)


@pytest.fixture
def library(log: JsonLines, monotonic: Clock) -> Iterator[logging.Logger]:
    """A logger whose words go there."""
    logger = logging.getLogger("test-of-log")
    logger.propagate = False
    handler = LibraryLog(log, monotonic)
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def test_an_event_is_a_line(log: JsonLines, lines: list[str]) -> None:
    """With the time in UTC, to the millisecond, and whose it is."""
    log("order done", order="o-1", sku="É\n1", attempt=2)
    (line,) = lines
    assert line.endswith("\n")
    assert "\n" not in line[:-1]
    facts = {"at": "2026-11-22T17:53:20.250Z", "event": "order done", "pid": 7, "order": "o-1", "sku": "É\n1"}
    assert {**facts, "attempt": 2} == json.loads(line)


@pytest.mark.parametrize("error", [OSError("disk full"), BrokenPipeError(), ValueError("closed file")])
def test_a_log_that_cannot_be_written_stops_nothing(error: Exception) -> None:
    """An order was accepted, and must not fail now."""

    def write(line: str) -> None:
        raise error

    JsonLines(write, lambda: 0.0)("order accepted")


def test_an_exception_of_a_library_is_told_without_its_text(library: logging.Logger, lines: list[str]) -> None:
    """There may be a token in it."""
    try:
        raise KeyError("/o/secret-token")
    except KeyError:
        library.exception("Exception in ASGI application\n")
    (line,) = lines
    assert "secret" not in line
    facts = json.loads(line)
    assert ("library", "test-of-log", "error", "KeyError") == tuple(
        facts[name] for name in ("event", "logger", "level", "error")
    )
    assert facts["place"].startswith("test_log.py:")
    assert "Exception in ASGI application" == facts["message"]


def test_what_a_library_says_is_a_line(library: logging.Logger, lines: list[str]) -> None:
    """With its arguments."""
    library.warning("%d of %d", 1, 2)
    assert "1 of 2" == json.loads(lines[0])["message"]


def test_a_library_cannot_flood_the_log(library: logging.Logger, lines: list[str], monotonic: Clock) -> None:
    """Any client can have a server complain, in several ways by turns; how often it did is told later."""
    for _ in range(1000):
        library.warning("Invalid HTTP request received.")
        library.warning("Unsupported upgrade request.")
    assert 2 == len(lines)
    monotonic.wait(AGAIN_SECONDS)
    library.warning("Invalid HTTP request received.")
    assert (3, 999) == (len(lines), json.loads(lines[2])["left_out"])
    assert "left_out" not in json.loads(lines[0])


def test_what_a_library_says_is_told_when_it_is_new(library: logging.Logger, lines: list[str]) -> None:
    """Another argument, another error."""
    for number in (1, 2, 2):
        library.warning("pool %d is full", number)
    assert ["pool 1 is full", "pool 2 is full"] == [json.loads(line)["message"] for line in lines]


def test_complaints_without_end_take_no_memory(log: JsonLines, monotonic: Clock) -> None:
    """Each may be worded anew."""
    handler = LibraryLog(log, monotonic)
    for number in range(1000):
        handler.emit(logging.makeLogRecord({"msg": f"number {number}"}))
    assert 0 < len(handler._throttles) <= KINDS_MAX


def test_trouble_that_goes_on_is_told_now_and_then() -> None:
    """Something else at once."""
    monotonic = Clock(0.0)
    sparing = LogThrottle(monotonic)
    assert [True, False, True, False] == [sparing.lets(message) for message in ("a", "a", "b", "b")]
    monotonic.wait(AGAIN_SECONDS)
    assert [True, False] == [sparing.lets("b"), sparing.lets("b")]
