"""A store in which something comes between an operator's write of the pointer and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from support.operators import KEY, Clock

from flashgen.errors import Conflict, NoAnswer
from flashgen.store import Entry, Headers, Store, Stored

Write = Callable[[], str]


@dataclass
class MeddlingStore:
    """A wrapped store. The first put to the pointer is `meddle(store, write)`; until `gone_until` nothing answers."""

    inner: Store
    clock: Clock
    meddle: Callable[[MeddlingStore, Write], str] | None = None
    gone_until: datetime | None = None

    @property
    def url(self) -> str:
        """The wrapped store's."""
        return self.inner.url

    def get(self, key: str) -> Stored | None:
        """See `Store.get`."""
        self._reach()
        return self.inner.get(key)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """See `Store.put`."""
        self._reach()
        meddle = self.meddle
        if key == KEY and meddle:
            self.meddle = None
            return meddle(self, lambda: self.inner.put(key, body, headers, if_match=if_match, if_absent=if_absent))
        return self.inner.put(key, body, headers, if_match=if_match, if_absent=if_absent)

    def list(self, prefix: str) -> Iterator[Entry]:
        """See `Store.list`."""
        return self.inner.list(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """See `Store.delete`."""
        self.inner.delete(keys)

    def silence(self, seconds: float) -> NoAnswer:
        """Be gone from now on."""
        self.gone_until = self.clock.now() + timedelta(seconds=seconds)
        return NoAnswer("gone")

    def _reach(self) -> None:
        if self.gone_until and self.clock.now() < self.gone_until:
            raise NoAnswer("gone")


def answer_lost(store: MeddlingStore, write: Write) -> str:
    """Written, and nobody is told."""
    write()
    raise NoAnswer("lost")


def request_lost(store: MeddlingStore, write: Write) -> str:
    """Not written, and nobody is told."""
    raise NoAnswer("lost")


def conflict_for_nothing(store: MeddlingStore, write: Write) -> str:
    """S3 answers 409 to one of two writes at once, though the other may fail."""
    raise Conflict("409")


def gone_10_s_before(store: MeddlingStore, write: Write) -> str:
    """The network fails on the way there."""
    raise store.silence(10)


def gone_10_s_after(store: MeddlingStore, write: Write) -> str:
    """The network fails on the way back."""
    write()
    raise store.silence(10)


def gone_for_good(store: MeddlingStore, write: Write) -> str:
    """The network fails, and the operator goes home."""
    raise store.silence(3600)
