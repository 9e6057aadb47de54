"""A storage that is opened when it is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.visits import NOW, enter

from flashgen.errors import Refused
from flashgen.gate.storage.opening import LazyStorage
from flashgen.gate.storage.protocol import Lease, Storage, StorageLost
from flashgen.gate.storage.sqlite.storage import SqliteStorage


@pytest.mark.parametrize("error", [StorageLost("away", "wait"), Refused("away", "wait")])
def test_until_it_can_be_opened_it_is_lost(tmp_path: Path, error: Exception) -> None:
    """Whatever the reason; then it is there."""
    failures, opened = [error, error], []

    def open_storage() -> Storage:
        if failures:
            raise failures.pop()
        opened.append(SqliteStorage(tmp_path / "gate.db", "sqlite:gate.db"))
        opened[-1].begin("night")
        return opened[-1]

    late = LazyStorage(open_storage)
    for ask in (lambda: late.decide([enter()]), lambda: late.tally("night", NOW)):
        with pytest.raises(StorageLost, match="away") as lost:
            ask()
        assert "wait" == lost.value.hint
    (answer,) = late.decide([enter()])
    assert isinstance(answer, Lease)
    assert {enter().visit.server: 1} == dict(late.tally("night", NOW).in_use)
    assert 1 == len(opened)
    late.close()
    with pytest.raises(StorageLost):
        opened[0].tally("night", NOW)


def test_what_was_not_opened_is_not_closed() -> None:
    """A worker may end before it was asked anything."""
    LazyStorage(lambda: pytest.fail("opened")).close()
