"""Many puts at the same time, which stop at the first error or interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 8
"""Enough to hide the latency of a request; a store keeps at least as many connections open."""

GRACE_SECONDS = 2.0
"""How long an interrupted process waits for puts under way: by then they are over, or the connection is dead."""


def upload_all(
    put: Callable[[T], None],
    items: Sequence[T],
    report: Callable[[int], None],
    *,
    at_once: int = AT_ONCE,
    grace_seconds: float = GRACE_SECONDS,
) -> None:
    """`put` each of the items, `at_once` at a time; `report` how many are done after each, in this thread.

    The first error stops it: no further put begins, and the error is raised when no put is under way any more. An
    interruption waits `grace_seconds` at most. The threads are daemons, so that a put that hangs does not keep the
    process alive: a store puts an object as a whole or not at all.
    """
    todo, outcomes, stop = SimpleQueue[T](), SimpleQueue[BaseException | None](), Event()
    for item in items:
        todo.put(item)
    threads = [Thread(target=_work, args=(put, todo, outcomes, stop), daemon=True) for _ in items[:at_once]]
    done = 0
    try:
        for thread in threads:
            thread.start()
        for _ in items:
            if error := outcomes.get():
                raise error
            done += 1
            report(done)
    except BaseException as error:
        stop.set()
        _join(threads, grace_seconds if isinstance(error, KeyboardInterrupt) else None)
        report(done + sum(outcomes.get() is None for _ in range(outcomes.qsize())))
        raise
    _join(threads, None)


def _work(
    put: Callable[[T], None], todo: SimpleQueue[T], outcomes: SimpleQueue[BaseException | None], stop: Event
) -> None:
    while not stop.is_set():
        try:
            item = todo.get_nowait()
        except Empty:
            return
        try:
            put(item)
        except BaseException as error:  # noqa: BLE001  the caller raises it
            outcomes.put(error)
        else:
            outcomes.put(None)


def _join(threads: Sequence[Thread], limit_seconds: float | None) -> None:
    deadline = None if limit_seconds is None else time.monotonic() + limit_seconds
    for thread in threads:
        if thread.ident is not None:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
