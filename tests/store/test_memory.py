"""The store in memory."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.store_contract import PAGE, StoreContract, race

from flashgen.store import MemoryStore, Store
from flashgen.store.precondition import check_precondition


class TestMemoryStore(StoreContract):
    """The contract, on a dictionary."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty one."""
        return MemoryStore()

    def test_nobody_writes_between_a_check_and_its_write(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """However long it takes to check."""

        def slow_check(*args: Any, **conditions: Any) -> None:
            check_precondition(*args, **conditions)
            time.sleep(0.01)

        monkeypatch.setattr("flashgen.store.memory.check_precondition", slow_check)
        assert 1 == race(lambda racer: store.put("k", b"%d" % racer, PAGE, if_absent=True))
