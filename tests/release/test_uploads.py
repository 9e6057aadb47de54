"""Many puts at the same time: what happens when one fails, and at Ctrl-C."""

from __future__ import annotations

import time
from threading import Event, Lock

import pytest

from flashgen.release.uploads import AT_ONCE, upload_all


def test_each_is_put_once_and_reported() -> None:
    """In any order; the count goes up by one."""
    put, reported, lock = list[int](), list[int](), Lock()

    def add(item: int) -> None:
        with lock:
            put.append(item)

    upload_all(add, range(50), reported.append)
    assert list(range(50)) == sorted(put)
    assert list(range(1, 51)) == reported


def test_nothing_is_no_trouble() -> None:
    """No thread, no word."""
    reported = list[int]()
    upload_all(lambda item: None, (), reported.append)
    assert [] == reported


def test_the_first_error_stops_the_rest() -> None:
    """What was under way comes to its end and is counted; nothing more is begun."""
    put, reported, failed, lock = list[int](), list[int](), Event(), Lock()

    def fail_on_zero(item: int) -> None:
        if item == 0:
            failed.set()
            raise ValueError("no")
        failed.wait()
        time.sleep(0.005)
        with lock:
            put.append(item)

    with pytest.raises(ValueError, match="no"):
        upload_all(fail_on_zero, range(1000), reported.append)
    assert len(put) == reported[-1]
    assert len(put) < 500


def test_eight_run_at_the_same_time() -> None:
    """All of them are needed to let the first one go."""
    waiting, lock, enough = 0, Lock(), Event()

    def meet(item: int) -> None:
        nonlocal waiting
        with lock:
            waiting += 1
            if waiting == AT_ONCE:
                enough.set()
        assert enough.wait(20)

    upload_all(meet, range(AT_ONCE), lambda done: None)
    assert enough.is_set()


def test_an_interruption_does_not_wait_for_a_put_that_hangs() -> None:
    """It has its grace, then it is left behind; what is up is counted."""
    reported, over = list[int](), Event()

    def hang_after_the_first(item: int) -> None:
        if item:
            over.wait(20)

    def interrupt(done: int) -> None:
        reported.append(done)
        if len(reported) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_all(hang_after_the_first, range(3), interrupt, grace_seconds=0.05)
    assert not over.is_set()
    assert [1, 1] == reported
    over.set()


def test_an_interruption_lets_what_is_under_way_finish() -> None:
    """Then it is known to be up."""
    reported, interrupted = list[int](), Event()

    def last_until_interrupted(item: int) -> None:
        if item:
            interrupted.wait(20)

    def interrupt(done: int) -> None:
        reported.append(done)
        if len(reported) == 1:
            interrupted.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_all(last_until_interrupted, range(2), interrupt)
    assert [1, 2] == reported
