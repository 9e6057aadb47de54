"""A store in memory: for tests, and for runs that must leave no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from threading import Lock

from flashgen.store.keys import checked_key, checked_prefix
from flashgen.store.precondition import check_precondition, etag_of
from flashgen.store.protocol import Entry, Headers, Stored


class MemoryStore:
    """The `Store` protocol on a dictionary, safe between threads. `put` and `delete` take effect at one instant.

    `now` is the store's clock, and returns aware instants in UTC.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._objects: dict[str, tuple[Stored, Entry]] = {}
        self._lock = Lock()

    @property
    def url(self) -> str:
        """`memory:`, which no target can name: there is nothing to find again."""
        return "memory:"

    def get(self, key: str) -> Stored | None:
        """The object, or None."""
        found = self._objects.get(checked_key(key))
        return found[0] if found else None

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """Write the whole object and return its etag; see `Store.put`."""
        etag = etag_of(body)
        with self._lock:
            old = self._objects.get(checked_key(key))
            found = old[0].etag if old else None
            check_precondition(f"memory:{key}", found, if_match=if_match, if_absent=if_absent)
            entry = Entry(key, etag, len(body), self._now())
            self._objects[key] = (Stored(bytes(body), headers, etag, entry.modified_at), entry)
        return etag

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every object below `prefix`, sorted by key, as they were at the call."""
        checked_prefix(prefix)
        with self._lock:
            found = [entry for key, (_, entry) in self._objects.items() if key.startswith(prefix)]
        return iter(sorted(found, key=lambda entry: entry.key))

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that do not exist are no error."""
        checked = tuple(checked_key(key) for key in keys)
        with self._lock:
            for key in checked:
                self._objects.pop(key, None)
