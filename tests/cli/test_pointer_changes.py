"""What others do while a verb waits: found by looking at the pointer, named by the journal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest
from support.command import Flashgen
from support.operators import ENDS_AT, KEY, STARTS_AT, bring, gate_sells, writer_of

from flashgen.cli.transition.wait import Lines, PointerChanges, changes
from flashgen.errors import NoAnswer
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.store import MemoryStore, Stored
from flashgen.unlock import verbs
from flashgen.unlock.transition import transition

LATER = STARTS_AT + timedelta(hours=1)


@pytest.fixture
def header(flashgen: Flashgen, project: Path) -> Header:
    """Of any sale: it tells the zone that times are shown in, UTC."""
    assert 0 == flashgen("new", "night").exit_code
    return load_header(project / "sale_configs" / "night.yaml")


class Muted(MemoryStore):
    """A store whose journal does not answer."""

    def get(self, key: str) -> Stored | None:
        """See `Store.get`."""
        if key != KEY:
            raise NoAnswer("silent")
        return super().get(key)


def _changed(store: MemoryStore, header: Header) -> Lines:
    """What a postponement, the gate and a closed SKU are told as."""
    bring(store)
    writer = writer_of(store)
    before = writer.file.read().pointer
    transition(writer_of(store, "push"), verbs.reschedule(LATER, ENDS_AT, STARTS_AT))
    gate_sells(store, "S")
    transition(writer_of(store, "bob"), verbs.close(frozenset({"MUG-1"})))
    return changes(writer.file, header, before, writer.file.read().pointer)


def test_each_change_is_told_with_who_made_it(header: Header) -> None:
    """In the order in which they came; what the gate sells is no news."""
    assert ("the start was moved to 2026-11-27 09:00:00 UTC, by push", "MUG-1 closed, by bob") == _changed(
        MemoryStore(), header
    )


def test_without_the_journal_it_is_told_without_names(header: Header) -> None:
    """The pointer itself says what has changed."""
    assert ("the start was moved to 2026-11-27 09:00:00 UTC", "MUG-1 closed") == _changed(Muted(), header)


def test_nobody_waits_for_the_journal(header: Header) -> None:
    """News is what has become known; each piece once."""
    store = MemoryStore()
    bring(store)
    writer = writer_of(store)
    begun: list[tuple[Callable[[], Lines], Future[Lines]]] = []

    def background(call: Callable[[], Lines]) -> Future[Lines]:
        begun.append((call, Future()))
        return begun[-1][1]

    pointer_changes = PointerChanges(writer.file, header, writer.file.read().pointer, background)
    assert [] == list(pointer_changes.news(writer.file.read().pointer))
    transition(writer_of(store, "bob"), verbs.close(frozenset({"MUG-1"})))
    pointer = writer.file.read().pointer
    assert [[], []] == [list(pointer_changes.news(pointer)) for _ in range(2)]
    ((call, future),) = begun
    future.set_result(call())
    assert [["MUG-1 closed, by bob"], []] == [list(pointer_changes.news(pointer)) for _ in range(2)]
