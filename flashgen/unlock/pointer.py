"""The pointer: the one public file that changes during a sale.

`flashgen({...})` is valid JavaScript, but the page parses the JSON inside and never runs it. Keys are in a fixed order
and nothing is optional but `order`, which only a live pointer has: same facts, same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from flashgen import timestamps
from flashgen.errors import Refused
from flashgen.hint import Hint, command_line
from flashgen.store import Headers
from flashgen.typed_json import MAX_WHOLE, Damaged, Instant, JsonReader, Line, Skus, Whole
from flashgen.unlock.state import SaleState, State

MAX_BYTES = 16 * 1024 * 1024
"""A pointer with every SKU of the largest sale, closed and sold."""
MAX_ORIGINS = 1_000

_CALL = re.compile(rb"\Aflashgen\((\{.*\})\)\n?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class OrderUrl:
    """Where buyers go: a path with the token, on any of the gates' origins."""

    path: Line
    origins: Annotated[tuple[Line, ...], Field(max_length=MAX_ORIGINS)]


@dataclass(frozen=True, slots=True)
class Pointer:
    """One revision. `revision` grows by one with each write; `nonce` is fresh for each, so that no two are alike."""

    revision: int
    nonce: str
    state: SaleState
    order: OrderUrl | None = None

    def __post_init__(self) -> None:
        if self.revision > MAX_WHOLE:
            hint = Hint("somebody wrote over the pointer; delete it, then ", command_line("push --refresh"))
            raise Refused(f"no revision can follow {MAX_WHOLE:,}", hint)


@dataclass(frozen=True, slots=True)
class Forward:
    """What is left of a pointer after `rotate`: pages that name it go on to `target`, a file beside it."""

    revision: int
    nonce: str
    target: str


def pointer_name(version: str) -> str:
    """The file's name in the sale's folder."""
    return f"unlock.{version}.js"


def pointer_key(sale: str, version: str) -> str:
    """Where it lies in a store."""
    return f"{sale}/{pointer_name(version)}"


def version_of(key: str) -> str:
    """The version in a pointer's key or name."""
    return key.removesuffix(".js").rpartition(".")[2]


def pointer_headers(edge_ttl_seconds: int) -> Headers:
    """How an origin serves it: the edge keeps it for 1 or 2 s, or not at all with 0; browsers never do.

    With `no-store` a CDN does not collapse simultaneous misses, so 1 s is what shields the store from a crowd of polls.
    """
    fresh = f"public, max-age=0, s-maxage={edge_ttl_seconds}, must-revalidate"
    return Headers("text/javascript; charset=utf-8", fresh if edge_ttl_seconds else "no-store")


def first_pointer(sale: str, version: str, starts_at: datetime, ends_at: datetime) -> Pointer:
    """Revision 0, `scheduled`. Its nonce follows from its name, so that builds are reproducible."""
    nonce = hashlib.sha256(pointer_key(sale, version).encode()).hexdigest()[:16]
    return Pointer(0, nonce, SaleState(State.SCHEDULED, starts_at, ends_at))


def render(pointer: Pointer | Forward) -> bytes:
    """The file's bytes; at most 512 for an ordinary sale (one order server, few SKUs closed)."""
    document: dict[str, Any] = {"rev": pointer.revision, "nonce": pointer.nonce}
    if isinstance(pointer, Forward):
        document["forward"] = pointer.target
    else:
        document |= state_to_json(pointer.state)
        if pointer.order:
            document["order"] = asdict(pointer.order)
    return b"flashgen(" + json.dumps(document, separators=(",", ":")).encode("ascii") + b")\n"


def parse(body: bytes, key: str) -> Pointer | Forward:
    """What a pointer file says. Raises Damaged, naming `key`, when it is not one, Newer for a later format."""
    place = f"{key} in the store"
    hint = Hint(
        "somebody wrote over it; restore an older version of the object, or delete it, ",
        "then ",
        command_line(f"push --refresh {key.partition('/')[0]}"),
    )
    call = _CALL.match(body)
    if call is None:
        raise Damaged(f"{place} is not a pointer (no call of flashgen())", hint)
    own = _REVISION.read(call[1], place, hint)
    if own.forward is not None:
        return Forward(own.rev, own.nonce, own.forward)
    return Pointer(own.rev, own.nonce, _STATE.read(call[1], place, hint).sale_state(), own.order)


@dataclass(frozen=True, slots=True)
class _Revision:
    """What a pointer says besides its state, in the same object."""

    rev: Whole
    nonce: Line
    order: OrderUrl | None = None
    forward: Line | None = None


@dataclass(frozen=True, slots=True)
class StateDocument:
    """A state as `state_to_json` writes it: everything is there, and within bounds."""

    state: State
    starts_at: Instant
    ends_at: Instant
    opens_at: Instant | None
    epoch: Whole
    token_nonce: Line
    closed: Skus
    sold: Skus

    def __post_init__(self) -> None:
        self.sale_state()  # raises ValueError for what cannot be

    def sale_state(self) -> SaleState:
        """The state."""
        identity = (self.epoch, self.token_nonce)
        return SaleState(
            self.state, self.starts_at, self.ends_at, self.opens_at, *identity, closed=self.closed, sold=self.sold
        )


_REVISION = JsonReader(_Revision, "a pointer", MAX_BYTES)
_STATE = JsonReader(StateDocument, "a pointer", MAX_BYTES)


def state_to_json(state: SaleState) -> dict[str, Any]:
    """A state as JSON values, as the pointer and the journal spell it."""
    return {
        "state": state.state.value,
        "starts_at": timestamps.to_text(state.starts_at),
        "ends_at": timestamps.to_text(state.ends_at),
        "opens_at": timestamps.to_text(state.opens_at) if state.opens_at else None,
        "epoch": state.epoch,
        "token_nonce": state.token_nonce,
        "closed": sorted(state.closed),
        "sold": sorted(state.sold),
    }
