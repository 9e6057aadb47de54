"""The pointer: the one public file that changes during a sale.

`flashgen({...})` is valid JavaScript, but the page parses the JSON inside and never runs it. Keys are in a fixed order
and nothing is optional but `order`, which only a live pointer has: same facts, same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flashgen import timestamps
from flashgen.errors import Refused
from flashgen.store import Headers
from flashgen.unlock.state import SaleState, State

T = TypeVar("T")

_CALL = re.compile(r"\Aflashgen\((\{.*\})\)\n?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class OrderUrl:
    """Where buyers go: a path with the token, on any of the gates' origins."""

    path: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pointer:
    """One revision. `revision` grows by one with each write; `nonce` is fresh for each, so that no two are alike."""

    revision: int
    nonce: str
    state: SaleState
    order: OrderUrl | None = None


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
    facts = _forward_facts(pointer) if isinstance(pointer, Forward) else _pointer_facts(pointer)
    return b"flashgen(" + json.dumps(facts, separators=(",", ":")).encode("ascii") + b")\n"


class Damaged(Refused):
    """What was read in a pointer's place is none: somebody wrote over it, or something on the way has answered."""


def parse(body: bytes, key: str) -> Pointer | Forward:
    """What a pointer file says. Raises Damaged, naming `key`, when it is not one."""
    try:
        call = _CALL.match(body.decode("utf-8"))
        if call is None:
            raise ValueError("no call of flashgen()")
        facts = json.loads(call[1])
        if "forward" in facts:
            return Forward(_typed(int, facts["rev"]), _typed(str, facts["nonce"]), _typed(str, facts["forward"]))
        return _pointer_from(facts)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(
            f"{key} in the store is not a pointer ({error})",
            "somebody wrote over it; restore an older version of the object, or delete it, "
            f"then flashgen push --refresh {key.partition('/')[0]}",
        ) from error


def state_facts(state: SaleState) -> dict[str, Any]:
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


def state_from(facts: dict[str, Any]) -> SaleState:
    """The inverse of `state_facts`. Raises KeyError, TypeError or ValueError on anything else."""
    opens_at = facts["opens_at"]
    return SaleState(
        state=State(facts["state"]),
        starts_at=timestamps.from_text(facts["starts_at"]),
        ends_at=timestamps.from_text(facts["ends_at"]),
        opens_at=timestamps.from_text(opens_at) if opens_at else None,
        epoch=_typed(int, facts["epoch"]),
        token_nonce=_typed(str, facts["token_nonce"]),
        closed=frozenset(_texts(facts["closed"])),
        sold=frozenset(_texts(facts["sold"])),
    )


def _pointer_facts(pointer: Pointer) -> dict[str, Any]:
    facts = {"rev": pointer.revision, "nonce": pointer.nonce, **state_facts(pointer.state)}
    if pointer.order:
        facts["order"] = {"path": pointer.order.path, "origins": list(pointer.order.origins)}
    return facts


def _forward_facts(forward: Forward) -> dict[str, Any]:
    return {"rev": forward.revision, "nonce": forward.nonce, "forward": forward.target}


def _pointer_from(facts: dict[str, Any]) -> Pointer:
    order = facts.get("order")
    return Pointer(
        revision=_typed(int, facts["rev"]),
        nonce=_typed(str, facts["nonce"]),
        state=state_from(facts),
        order=OrderUrl(_typed(str, order["path"]), _texts(order["origins"])) if order else None,
    )


def _typed(kind: type[T], value: Any) -> T:
    if type(value) is not kind:  # `isinstance` takes True for an int
        raise TypeError(f"{type(value).__name__} where {kind.__name__} belongs")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(_typed(str, value) for value in _typed(list, values))
