"""Many puts at once, and an end to them that leaves nothing half said."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 8
"""Enough to hide a request's latency; a store keeps at least as many connections open."""

GRACE_SECONDS = 2.0
"""How long an interrupted process waits for what is under way: a put is over by then, or the line is dead."""


def upload_all(put: Callable[[T], None], items: Sequence[T], told: Callable[[int], None]) -> None:
    """`put` each of the items, AT_ONCE at a time, and tell after each how many are done; `told` is called here.

    The first error stops it: nothing more is begun, and when it is raised nothing is under way any more. An
    interruption waits GRACE_SECONDS at most. The threads are daemons, so that a put which hangs keeps no process from
    ending: a store puts an object as a whole or not at all.
    """
    todo, outcomes, stop = SimpleQueue[T](), SimpleQueue[BaseException | None](), Event()
    for item in items:
        todo.put(item)
    threads = [Thread(target=_work, args=(put, todo, outcomes, stop), daemon=True) for _ in items[:AT_ONCE]]
    done = 0
    try:
        for thread in threads:
            thread.start()
        for _ in items:
            if error := outcomes.get():
                raise error
            done += 1
            told(done)
    except BaseException as error:
        stop.set()
        _join(threads, GRACE_SECONDS if isinstance(error, KeyboardInterrupt) else None)
        told(done + _successes(outcomes))
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


def _successes(outcomes: SimpleQueue[BaseException | None]) -> int:
    count = 0
    while True:
        try:
            count += outcomes.get_nowait() is None
        except Empty:
            return count
