"""A go-live that is killed between its journal record and its pointer."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command import Flashgen
from support.projects import start, store_of
from support.waiting import wait_until

from flashgen.files import exclusive_lock
from flashgen.store import FolderStore
from flashgen.unlock import journal
from flashgen.unlock.pointer import Pointer, parse

STARTS_IN = timedelta(seconds=4)


def reschedule(project: Path, starts_at: datetime) -> None:
    """Write a start, and an end a day later."""
    path = project / "sale_configs" / "night.yaml"
    text = re.sub(r'(starts_at: )"[^"]*"', rf'\1"{starts_at.isoformat()}"', path.read_text())
    path.write_text(re.sub(r'(ends_at: )"[^"]*"', rf'\1"{(starts_at + timedelta(days=1)).isoformat()}"', text))


def waits_for_a_lock(pid: int) -> bool:
    """Whether a process is held up by somebody else's lock: https://man7.org/linux/man-pages/man5/proc_locks.5.html"""
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def pointer_in(store: FolderStore, project: Path) -> Pointer:
    """The sale's."""
    (path,) = (project / ".flashgen" / "store" / "night").glob("unlock.*.js")
    stored = store.get(f"night/{path.name}")
    assert stored
    pointer = parse(stored.body, path.name)
    assert isinstance(pointer, Pointer)
    return pointer


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="Linux tells who waits for a lock")
def test_killed_between_journal_and_pointer(flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`status` explains it, the next verb works, and the chain is whole."""
    flashgen("new", "night")
    reschedule(project, datetime.now(UTC).replace(microsecond=0) + STARTS_IN)
    assert 0 == flashgen("push", "--yes", "--force").exit_code
    store, records = store_of(project), project / ".flashgen" / "store" / "_flashgen" / "night" / "journal"
    before = pointer_in(store, project)

    with start(project, "go-live", "night", "--at", "start", "--yes", FLASHGEN_WHO="ann") as operator:
        wait_until(lambda: len(list(records.glob("*.json"))) == 2)
        with exclusive_lock(project / ".flashgen" / "store" / ".meta" / "lock"):
            wait_until(lambda: waits_for_a_lock(operator.pid))
            operator.kill()
            operator.wait()
    assert before == pointer_in(store, project)

    monkeypatch.setattr("flashgen.unlock.pending_attempts.SETTLED", timedelta())
    run = flashgen("status", "night")
    said = r"attempt +ann began `go-live` at (\S+), and never wrote it: nothing of it is public"
    assert (0, True) == (run.exit_code, bool(re.search(said, run.out))), run.out
    assert "scheduled" in run.out
    (attempt,) = json.loads(flashgen("status", "--json").out)["result"]["sales"][0]["attempts"]
    assert ("ann", "go-live", "live", "died") == tuple(attempt[key] for key in ("who", "verb", "to", "fate"))

    assert 0 == flashgen("go-live", "night", "--yes").exit_code
    after = pointer_in(store, project)
    chain = list(journal.history(store, "night", after.nonce))
    assert [(1, "tester"), (0, "tester")] == [(record.revision, record.who) for record in chain]
    assert [] == flashgen("status", "--json").result["sales"][0]["attempts"]
