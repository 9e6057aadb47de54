"""A storage that is opened when it is first needed, and again until that succeeds.

So a worker that is started while the storage is away says 503, instead of dying over and over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from flashgen.errors import FlashgenError
from flashgen.gate.storage.protocol import Answer, Ask, Storage, StorageLost, Tally


class LazyStorage:
    """The part of a Storage that requests need; threads may share it. `open_storage` opens what lies behind it."""

    def __init__(self, open_storage: Callable[[], Storage]) -> None:
        self._open_storage = open_storage
        self._storage: Storage | None = None
        self._lock = Lock()

    def decide(self, asks: Sequence[Ask]) -> list[Answer]:
        """As the storage does."""
        return self._opened().decide(asks)

    def tally(self, sale: str, now: float) -> Tally:
        """As the storage does."""
        return self._opened().tally(sale, now)

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            storage, self._storage = self._storage, None
        if storage:
            storage.close()

    def _opened(self) -> Storage:
        with self._lock:
            if self._storage is None:
                try:
                    self._storage = self._open_storage()
                except FlashgenError as error:
                    raise StorageLost(error.message, error.hint) from error
            return self._storage
