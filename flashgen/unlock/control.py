"""A hand on one sale's pointer: what it needs from the world outside, and what it finds there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flashgen.errors import Refused
from flashgen.store import Headers, Store
from flashgen.unlock import journal
from flashgen.unlock.pointer import Forward, Pointer, parse
from flashgen.unlock.state import SaleState


class NotPushed(Refused):
    """A sale has no pointer: as far as can be told from here, it was never pushed to this store."""


class PointerLost(Refused):
    """A sale has no pointer any more: somebody deleted it."""

    def __init__(self, sale: str, key: str, store_url: str) -> None:
        super().__init__(
            f"{key} is gone from {store_url}: somebody deleted it",
            f"flashgen push --refresh {sale} puts it again as the journal has it; what was live is paused then, and "
            f"flashgen resume {sale} opens it",
        )


class Rotated(Refused):
    """The pointer is a forward now: another version was pushed than the one that was asked for."""

    def __init__(self, key: str, target: str) -> None:
        super().__init__(
            f"{key} was rotated to {target}; this sale's YAML still names the old version",
            "get the YAML with the new `unlock.version` (git pull), then try again",
        )


@dataclass(frozen=True, slots=True)
class StoredPointer:
    """A pointer as it was read, and the etag to match when writing over it."""

    pointer: Pointer
    headers: Headers
    etag: str


@dataclass(frozen=True, slots=True)
class Control:
    """A hand on one sale's pointer, and everything it needs from the world outside.

    `sign` makes the order path of a live state; without it a token can only be copied. `origins` are the order servers.
    `now` returns an aware datetime, `new_nonce` a fresh random name, `sleep` waits for some seconds.
    """

    store: Store
    sale: str
    key: str
    headers: Headers
    who: str
    now: Callable[[], datetime]
    new_nonce: Callable[[], str]
    sleep: Callable[[float], None]
    origins: tuple[str, ...] = ()
    sign: Callable[[SaleState], str] | None = None

    def record(self, verb: str, base: Pointer | None, after: Pointer) -> None:
        """Journal that `after` is about to be put in place of `base`."""
        record = journal.Record(
            nonce=after.nonce,
            parent=base.nonce if base else None,
            revision=after.revision,
            verb=verb,
            who=self.who,
            when=self.now(),
            before=base.state.state if base else None,
            state=after.state,
        )
        journal.write(self.store, self.sale, record)

    def read(self) -> StoredPointer:
        """The pointer as it is. Raises NotPushed when there is none, Rotated for a forward, Damaged for neither."""
        stored = self.store.get(self.key)
        if stored is None:
            raise NotPushed(
                f"{self.sale} has no pointer in {self.store.url}: it was never pushed there",
                f"flashgen push {self.sale}",
            )
        pointer = parse(stored.body, self.key)
        if isinstance(pointer, Forward):
            raise Rotated(self.key, pointer.target)
        return StoredPointer(pointer, stored.headers, stored.etag)

    def read_again(self) -> StoredPointer:
        """The pointer, which was there before. Raises PointerLost when there is none now, else as `read`."""
        try:
            return self.read()
        except NotPushed as missing:
            raise PointerLost(self.sale, self.key, self.store.url) from missing
