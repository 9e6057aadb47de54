"""A store that fails at one call, in the three ways in which stores fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from enum import Enum
from threading import Lock
from typing import TypeVar

from flashgen.errors import NoAnswer, StoreError
from flashgen.store.protocol import Entry, Headers, Store, Stored

T = TypeVar("T")


class Failure(Enum):
    """What the caller is told, and what is true."""

    REFUSED = "StoreError, and nothing was done"
    LOST_REQUEST = "NoAnswer, and nothing was done"
    LOST_ANSWER = "NoAnswer, and it was done"


class FailingStore:
    """Wraps a store; the call number `at` (from 1, of those named in `verbs`) fails, and with `dead` all after it.

    `calls` counts them, so that a test can run once with `at=0`, which never fails, and then fail at each in turn.
    """

    def __init__(
        self,
        inner: Store,
        *,
        at: int,
        failure: Failure = Failure.REFUSED,
        verbs: Collection[str] = ("put", "delete"),
        dead: bool = False,
    ) -> None:
        self.calls = 0
        self._inner, self._at, self._failure, self._verbs, self._dead = inner, at, failure, verbs, dead
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The wrapped store's."""
        return self._inner.url

    def get(self, key: str) -> Stored | None:
        """See `Store.get`."""
        return self._call("get", lambda: self._inner.get(key))

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """See `Store.put`."""
        return self._call("put", lambda: self._inner.put(key, body, headers, if_match=if_match, if_absent=if_absent))

    def list(self, prefix: str) -> Iterator[Entry]:
        """See `Store.list`."""
        return self._call("list", lambda: self._inner.list(prefix))

    def delete(self, keys: Iterable[str]) -> None:
        """See `Store.delete`."""
        self._call("delete", lambda: self._inner.delete(keys))

    def _call(self, verb: str, action: Callable[[], T]) -> T:
        if not self._fails(verb):
            return action()
        if self._failure is Failure.REFUSED:
            raise StoreError(f"{self.url}: told to fail")
        if self._failure is Failure.LOST_ANSWER:
            action()
        raise NoAnswer(f"{self.url}: told to stay silent")

    def _fails(self, verb: str) -> bool:
        if verb not in self._verbs:
            return False
        with self._lock:
            self.calls += 1
            return self.calls == self._at or (self._dead and self.calls > self._at > 0)
