"""Many puts at once: what comes of them when one fails, and when somebody presses Ctrl-C."""

from __future__ import annotations

import time
from threading import Event, Lock

import pytest

from flashgen.release import uploads
from flashgen.release.uploads import AT_ONCE, upload_all


def test_each_is_put_once_and_told() -> None:
    """In any order; the count goes up by one."""
    put, told, lock = list[int](), list[int](), Lock()

    def add(item: int) -> None:
        with lock:
            put.append(item)

    upload_all(add, range(50), told.append)
    assert list(range(50)) == sorted(put)
    assert list(range(1, 51)) == told


def test_nothing_is_no_trouble() -> None:
    """No thread, no word."""
    told = list[int]()
    upload_all(lambda item: None, (), told.append)
    assert [] == told


def test_the_first_error_stops_the_rest() -> None:
    """What was under way comes to its end and is counted; nothing more is begun."""
    put, told, failed, lock = list[int](), list[int](), Event(), Lock()

    def fail_on_zero(item: int) -> None:
        if item == 0:
            failed.set()
            raise ValueError("no")
        failed.wait()
        time.sleep(0.005)
        with lock:
            put.append(item)

    with pytest.raises(ValueError, match="no"):
        upload_all(fail_on_zero, range(1000), told.append)
    assert len(put) == told[-1]
    assert len(put) < 500


def test_as_many_at_once_as_is_said() -> None:
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


def test_an_interruption_does_not_wait_for_a_put_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its grace, then it is left behind; what is up is counted."""
    monkeypatch.setattr(uploads, "GRACE_SECONDS", 0.05)
    told, over = list[int](), Event()

    def hang_after_the_first(item: int) -> None:
        if item:
            over.wait(20)

    def interrupt(done: int) -> None:
        told.append(done)
        if len(told) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_all(hang_after_the_first, range(3), interrupt)
    assert not over.is_set()
    assert [1, 1] == told
    over.set()


def test_an_interruption_lets_what_is_under_way_finish() -> None:
    """Then it is known to be up."""
    told, interrupted = list[int](), Event()

    def last_until_interrupted(item: int) -> None:
        if item:
            interrupted.wait(20)

    def interrupt(done: int) -> None:
        told.append(done)
        if len(told) == 1:
            interrupted.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_all(last_until_interrupted, range(2), interrupt)
    assert [1, 2] == told
