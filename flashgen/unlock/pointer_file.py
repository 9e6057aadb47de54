"""Where a sale's pointer lies in a store, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass

from flashgen.errors import Refused
from flashgen.hint import Hint, command_line
from flashgen.store import Headers, Store
from flashgen.unlock.pointer import Forward, Pointer, parse


class NotPushed(Refused):
    """A sale has no pointer: it seems that it was never pushed to this store."""


class PointerLost(Refused):
    """A sale has no pointer any more: somebody deleted it."""

    def __init__(self, sale: str, key: str, store_url: str) -> None:
        super().__init__(
            f"{key} is gone from {store_url}: somebody deleted it",
            Hint(
                command_line(f"push --refresh {sale}"),
                " puts it again as the journal has it; what was live is paused then, and ",
                command_line(f"resume {sale}"),
                " opens it",
            ),
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
class PointerFile:
    """The place of one sale's pointer: its store and its key there."""

    store: Store
    sale: str
    key: str

    def read(self) -> StoredPointer:
        """The pointer as it is. Raises NotPushed when there is none, Rotated for a forward, Damaged for neither."""
        stored = self.store.get(self.key)
        if stored is None:
            raise NotPushed(
                f"{self.sale} has no pointer in {self.store.url}: it was never pushed there",
                command_line(f"push {self.sale}"),
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
