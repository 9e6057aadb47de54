"""A store that notes each request, and can be told to do something just before one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Lock

from flashgen.store import Entry, Headers, Store, Stored


class RecordingStore:
    """Wraps a store. `requests` are (verb, key); `before(number, verb, key)` is called ahead of each, from 1."""

    def __init__(self, inner: Store, before: Callable[[int, str, str], None] | None = None) -> None:
        self.requests: list[tuple[str, str]] = []
        self._inner, self._before, self._lock = inner, before, Lock()

    @property
    def url(self) -> str:
        """The wrapped store's."""
        return self._inner.url

    def get(self, key: str) -> Stored | None:
        """See `Store.get`."""
        self._note("get", key)
        return self._inner.get(key)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """See `Store.put`."""
        self._note("put", key)
        return self._inner.put(key, body, headers, if_match=if_match, if_absent=if_absent)

    def list(self, prefix: str) -> Iterator[Entry]:
        """See `Store.list`."""
        self._note("list", prefix)
        return self._inner.list(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """See `Store.delete`."""
        self._note("delete", "")
        self._inner.delete(keys)

    def _note(self, verb: str, key: str) -> None:
        with self._lock:
            self.requests.append((verb, key))
            number = len(self.requests)
        if self._before:
            self._before(number, verb, key)
