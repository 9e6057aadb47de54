"""Statuses of a sale, made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from support.operators import ENDS_AT, KEY, SALE, STARTS_AT, VERSION

from flashgen.cli.status.model import SaleStatus, StatusDetails
from flashgen.sale.model import Header, Unlock
from flashgen.unlock.journal import Record
from flashgen.unlock.pending_attempts import AttemptStatus, PendingAttempt
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.visibility import EdgePointer

HOUR = timedelta(hours=1)
REVISION = 5


def state(kind: State = State.LIVE, **fields: Any) -> SaleState:
    """Of a sale that was opened at its start, if it was."""
    opened = {} if kind is State.SCHEDULED else {"opens_at": STARTS_AT, "epoch": 1, "token_nonce": "token"}
    return SaleState(kind, STARTS_AT, ENDS_AT, **{**opened, **fields})


def record(
    kind: State, *, revision: int = REVISION, who: str = "ann", when: datetime = STARTS_AT, **fields: Any
) -> Record:
    """A revision `r<n>` that was based on the one before."""
    parent = f"r{revision - 1}" if revision else None
    return Record(f"r{revision}", parent, revision, "verb", who, when, None, state(kind, **fields))


def edge_shows(revision: int, nonce: str | None = None, age: int | None = 1, **fields: Any) -> EdgePointer:
    """The edge shows a revision, `r<n>` unless it is another."""
    pointer = Pointer(revision, nonce or f"r{revision}", state())
    return EdgePointer(STARTS_AT + HOUR, 200, pointer, age_seconds=age, **fields)


def attempt(fate: AttemptStatus, **fields: Any) -> PendingAttempt:
    """Of ann, written an hour before it was to happen."""
    one = record(State.LIVE, **fields)
    return PendingAttempt(one, fate, one.when - HOUR)


def status(kind: State = State.LIVE, now: datetime = STARTS_AT + HOUR, **fields: Any) -> SaleStatus:
    """Of a pushed sale at revision 5, which the edge shows too; `fields` replace its other fields."""
    pointer = Pointer(REVISION, f"r{REVISION}", state(kind))
    made = SaleStatus(header(), KEY, "s3://flash", now, pointer, edge=edge_shows(REVISION, x_cache="Hit"))
    details = StatusDetails((record(kind), record(State.SCHEDULED, revision=0, who="ops", when=STARTS_AT - HOUR)))
    return replace(made, **{"details": details, **fields})


def header(**fields: Any) -> Header:
    """What the YAML says, as it was pushed."""
    about: dict[str, Any] = {
        **{"id": SALE, "title": "Fair", "starts_at": STARTS_AT, "ends_at": ENDS_AT, "currency": "EUR"},
        **{"timezone": "UTC", "order": None},
        "unlock": Unlock.model_construct(version=VERSION, edge_ttl_seconds=1),
    }
    return Header.model_construct(**{**about, **fields})
