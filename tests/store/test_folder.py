"""The store in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.store_contract import StoreContract

from flashgen.store import FolderStore, Store


class TestFolderStore(StoreContract):
    """The contract, on a folder that is not there yet."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        """An empty one."""
        return FolderStore(tmp_path / "not" / "yet")
