"""A store that counts what is read, and is slow or fails where it is told to: an origin that a test can watch."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from threading import Lock

from flashgen.errors import StoreError
from flashgen.store import Entry, Headers, MemoryStore, Stored

SLOW_SECONDS = 0.3


class ObservedStore:
    """A memory store. `reads` counts gets by key; keys in `slow` take `SLOW_SECONDS`, in `failing` raise `failure`."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()
        self.slow: set[str] = set()
        self.failing: set[str] = set()
        self.failure: StoreError = StoreError("told to fail")
        self._inner = MemoryStore()
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The wrapped store's."""
        return self._inner.url

    def get(self, key: str) -> Stored | None:
        """See `Store.get`."""
        with self._lock:
            self.reads[key] += 1
        found = self._inner.get(key)
        if key in self.slow:
            time.sleep(SLOW_SECONDS)
        if key in self.failing:
            raise self.failure
        return found

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """See `Store.put`."""
        return self._inner.put(key, body, headers, if_match=if_match, if_absent=if_absent)

    def list(self, prefix: str) -> Iterator[Entry]:
        """See `Store.list`."""
        return self._inner.list(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """See `Store.delete`."""
        self._inner.delete(keys)
