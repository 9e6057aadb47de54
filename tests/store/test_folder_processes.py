"""The store in a folder, among processes that race, and are killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.folder_worker import KEY, STATES, start

from flashgen.store import FolderStore, Headers

#: Audit events of one write or deletion; beyond these nothing is left to interrupt.
MOST_STEPS = 40

#: For processes to begin to write, on a machine with much else to do.
LIMIT_SECONDS = 30


def test_of_twenty_processes_one_creates(tmp_path: Path) -> None:
    """The lock holds between processes as it does between threads."""
    with ExitStack() as stack:
        racers = [stack.enter_context(start("create", tmp_path, str(number))) for number in range(20)]
        (tmp_path / "go").touch()
        outcomes = [racer.communicate(timeout=30)[0].strip() for racer in racers]
    assert ["lost"] * 19 + ["won"] == sorted(outcomes)
    found = FolderStore(tmp_path).get(KEY)
    assert found is not None
    assert str(outcomes.index("won")) == found.body.decode() == found.headers.cache_control


def test_a_reader_never_sees_the_headers_of_another_body(tmp_path: Path) -> None:
    """Two processes write and delete as fast as they can, for a second, and until each state was seen."""
    store = FolderStore(tmp_path)
    seen: set[tuple[bytes, Headers]] = set()
    store.put(KEY, *STATES[0])
    with _hammered(tmp_path), _hammered(tmp_path):
        began_at = time.monotonic()
        while (passed := time.monotonic() - began_at) < 1 or (set(STATES) > seen and passed < LIMIT_SECONDS):
            if found := store.get(KEY):
                seen.add((found.body, found.headers))
    assert set(STATES) == seen


def test_killed_writers_leave_a_store_that_works(tmp_path: Path) -> None:
    """Time and again: what is there is whole, and the next one writes without waiting."""
    store, mine = FolderStore(tmp_path), (b"mine", Headers("text/plain", "mine"))
    for turn in range(8):
        with _hammered(tmp_path):
            time.sleep(0.1 + turn / 100)
        found = store.get(KEY)
        assert found is None or (found.body, found.headers) in (*STATES, mine)
        store.put(KEY, *mine)
        assert [KEY] == [entry.key for entry in store.list("")]
    assert not (tmp_path / ".meta" / "tmp").exists()


def test_a_write_killed_before_any_system_call_is_done_or_not(tmp_path: Path) -> None:
    """The old object or the new, headers included; and the writes after it work."""
    outcomes = []
    for step in range(1, MOST_STEPS):
        store = _store_with_first_state(tmp_path / str(step))
        survived = _run("replace", tmp_path / str(step), step)
        found = store.get(KEY)
        assert found is not None
        outcomes.append(STATES.index((found.body, found.headers)))
        store.put(KEY, *STATES[2], if_match=found.etag)
        assert STATES[2] == _state(store)
        if survived:
            break
    assert sorted(outcomes) == outcomes
    assert {0, 1} == set(outcomes)
    assert len(outcomes) < MOST_STEPS - 1


def test_a_deletion_killed_before_any_system_call_is_done_or_not(tmp_path: Path) -> None:
    """What it leaves is in nobody's way, neither below the key nor in place of its folder."""
    outcomes = []
    for step in range(1, MOST_STEPS):
        store = _store_with_first_state(tmp_path / str(step))
        survived = _run("delete", tmp_path / str(step), step)
        found = store.get(KEY)
        outcomes.append(found is None)
        assert found is None or (found.body, found.headers) == STATES[0]
        assert outcomes[-1] == ([] == list(store.list("")))
        if found is None:
            store.put("sale", *STATES[1], if_absent=True)
        if survived:
            break
    assert sorted(outcomes) == outcomes
    assert {False, True} == set(outcomes)


def _run(verb: str, root: Path, step: int) -> bool:
    """Whether the process came to its end."""
    with start(verb, root, str(step)) as process:
        code = process.wait(30)
    assert code in (0, -signal.SIGKILL)
    return code == 0


def _store_with_first_state(root: Path) -> FolderStore:
    store = FolderStore(root)
    store.put(KEY, *STATES[0])
    return store


def _state(store: FolderStore) -> tuple[bytes, Headers]:
    found = store.get(KEY)
    assert found is not None
    return found.body, found.headers


@contextmanager
def _hammered(root: Path) -> Iterator[None]:
    with start("hammer", root) as process:
        try:
            yield
            if process.poll() is not None:
                pytest.fail("the hammering process came to an end")
        finally:
            process.kill()
