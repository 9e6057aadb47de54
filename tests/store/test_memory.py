"""The store in memory."""

from __future__ import annotations

import pytest
from support.store_contract import StoreContract

from flashgen.store import MemoryStore, Store


class TestMemoryStore(StoreContract):
    """The contract, on a dictionary."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty one."""
        return MemoryStore()
