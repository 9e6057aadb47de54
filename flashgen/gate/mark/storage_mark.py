"""A sale's mark: the one object in the store that says which storage sells it, and how many changes that has seen.

::

    {"format": 1, "storage": "<id>", "place": "redis://10.0.0.5:6379/0", "changes": 150,
     "stopped": {"at": "2026-11-27T08:00:03Z", "changes": 100}}

It is only written by If-Match, and `changes` never become fewer. `stopped` is there from when a gate finds the storage
older than that until somebody has reconciled it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from flashgen import timestamps
from flashgen.errors import AccessDenied, Conflict
from flashgen.gate.settings import GateSettings
from flashgen.gate.storage.fence import GENERATION
from flashgen.hint import Hint, command_line
from flashgen.layout import mark_key
from flashgen.store import Headers, Store
from flashgen.store.conditional_write import put_settled
from flashgen.typed_json import Instant, JsonReader, Line, Whole

HEADERS = Headers("application/json", "private, no-store")

FORMAT = 1
"""Raised when an older gate would misread what this one writes."""

MAX_BYTES = 16_384

LEAST_UNMARKED = 100
WRITE_TRIES = 5


class StopReason(StrEnum):
    """Why a gate sells nothing of a sale, as `/readyz` and `/metrics` say it."""

    UNCHECKED = "storage-not-checked"
    """The store has not been read, or the storage has not answered, since this worker started."""
    BEHIND = "storage-behind"
    OTHER = "other-storage"
    UNMARKED = "mark-not-written"
    """More was sold since the last mark than may be."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """When a gate found the storage behind its mark, and how many changes it had."""

    at: Instant
    changes: Whole


@dataclass(frozen=True, slots=True)
class StorageMark:
    """`storage` is the id of the storage that sells the sale, `place` where that is, for people."""

    storage: Line
    place: Line
    changes: Whole
    stopped: Stopped | None = None

    @property
    def generation(self) -> int:
        """How often the sale was reconciled or moved."""
        return self.changes // GENERATION


@dataclass(frozen=True, slots=True)
class StoredMark:
    """A mark as it was read, and the etag to match when writing over it."""

    mark: StorageMark
    etag: str


_READER = JsonReader(StorageMark, "the mark of a storage", MAX_BYTES, FORMAT)


def most_unmarked(settings: GateSettings) -> int:
    """How many changes a sale may be ahead of its mark: what can be sold twice at most, whatever fails.

    Twice the slots of all servers, so that it never holds up people: a mark is written every two seconds, and sooner
    when half of it is used up.
    """
    return max(LEAST_UNMARKED, 2 * settings.slots_per_server * len(settings.servers))


def shown(changes: int) -> str:
    """For people: `150 changes`, or `100 changes in generation 2`."""
    generation, count = divmod(changes, GENERATION)
    return f"{count} changes in generation {generation}" if generation else f"{count} changes"


def advice(reason: StopReason, sale: str) -> tuple[str, str]:
    """What happened, and a hint."""
    reconcile = command_line(f"gate reconcile {sale} --orders FILE")
    texts: dict[StopReason, tuple[str, str]] = {
        StopReason.UNCHECKED: (
            f"the storage of {sale} has not been compared with its mark",
            "the gate needs the store and its storage; its log says which is missing",
        ),
        StopReason.BEHIND: (
            f"the storage of {sale} went back in time: orders that were accepted are not in it",
            Hint("bring the newest copy back if there is one, then give it the orders that it lacks: ", reconcile),
        ),
        StopReason.OTHER: (
            f"this is not the storage that sells {sale}",
            Hint("name that one, or ", command_line(f"gate move {sale} --storage URL"), " moves the sale to this one"),
        ),
        StopReason.UNMARKED: (
            f"too much of {sale} was sold since its mark could be written",
            f"give the gate write permission to {mark_key(sale)} in the store; its log has the error",
        ),
    }
    return texts[reason]


def read(store: Store, sale: str) -> StoredMark | None:
    """The mark, None if there is none. Raises StoreError, Damaged for what is no mark, and Newer."""
    key = mark_key(sale)
    stored = store.get(key)
    if stored is None:
        return None
    hint = "somebody wrote over it; restore an older version of the object"
    return StoredMark(_READER.read(stored.body, f"{key} in the store", hint), stored.etag)


def update(
    store: Store,
    sale: str,
    change: Callable[[StorageMark | None], StorageMark | None],
    sleep: Callable[[float], None],
) -> StorageMark | None:
    """Write what `change` makes of the mark that is there; None leaves it. Returns the mark that is there then.

    Raises StoreError, Conflict too if others write all the time; AccessDenied names the permission.
    """
    for _ in range(WRITE_TRIES):
        stored = read(store, sale)
        wanted = change(stored.mark if stored else None)
        if wanted is None or (stored and wanted == stored.mark):
            return stored.mark if stored else None
        with suppress(Conflict):
            _put(store, sale, wanted, stored.etag if stored else None, sleep)
            return wanted
    raise Conflict(f"{mark_key(sale)} is written by others all the time", "try again")


def _put(store: Store, sale: str, mark: StorageMark, if_match: str | None, sleep: Callable[[float], None]) -> None:
    key = mark_key(sale)
    try:
        put_settled(store, key, _render(mark), HEADERS, if_match=if_match, sleep=sleep)
    except AccessDenied as denied:
        raise AccessDenied(
            f"{denied.message}: a gate needs write permission to {key}, which keeps a sale from being sold twice",
            Hint("the stack's GatePolicy has it (", command_line("infra apply"), "); else allow s3:PutObject there"),
        ) from denied


def advanced(mark: StorageMark, changes: int) -> StorageMark:
    """The same storage, that far; what was stopped in an older generation goes on."""
    is_newer = changes // GENERATION > mark.generation
    return replace(mark, changes=max(mark.changes, changes), stopped=None if is_newer else mark.stopped)


def _render(mark: StorageMark) -> bytes:
    stopped = mark.stopped
    document = {
        "format": FORMAT,
        "storage": mark.storage,
        "place": mark.place,
        "changes": mark.changes,
        "stopped": {"at": timestamps.to_text(stopped.at), "changes": stopped.changes} if stopped else None,
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
