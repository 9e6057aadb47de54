"""The status of a sale: what was read from its store and its edge, what follows from that, and its JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flashgen import timestamps
from flashgen.release.manifest import Claim
from flashgen.sale.model import Header
from flashgen.typed_json import UnreadableObject
from flashgen.unlock import journal
from flashgen.unlock.journal import Record
from flashgen.unlock.pending_attempts import PendingAttempt
from flashgen.unlock.pointer import Pointer, state_to_json
from flashgen.unlock.pointer_file import NotPushed
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.visibility import EdgePointer

HISTORY_SHOWN = 10
"""Records of the journal in the text and in `--json`."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens next, or should have happened: `starts_at`, `opens_at` or `ends_at`, and its time."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StatusDetails:
    """What else the store has of a sale. `history` is the newest part, newest first; `claim` a push or prune under way.

    `pending_attempts` is also empty if it was not read. `unread` says what could not be read, and why; `damaged` are
    objects that are not what belongs at their keys: a history ends before such a record. `stopped` is why its gates
    sell nothing, whatever the state is.
    """

    history: tuple[Record, ...] = ()
    claim: Claim | None = None
    pending_attempts: tuple[PendingAttempt, ...] = ()
    unread: str = ""
    damaged: tuple[UnreadableObject, ...] = ()
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class SaleStatus:
    """One sale in one target at one time: `now` is by the edge's clock, which pages use.

    `pointer` is None for a sale that was never pushed; then `missing` says so. `key` is the pointer's, by the YAML.
    """

    header: Header
    key: str
    store: str
    now: datetime
    pointer: Pointer | None
    missing: NotPushed | None = None
    details: StatusDetails = field(default_factory=StatusDetails)
    edge: EdgePointer = field(default_factory=EdgePointer)

    @property
    def is_over(self) -> bool:
        """Whether pages show the sale as ended, whatever state the pointer has."""
        return self.pointer is not None and self.now >= self.pointer.state.ends_at

    @property
    def is_overdue(self) -> bool:
        """Whether it is over, and no operator has ended it."""
        return self.is_over and self.pointer is not None and self.pointer.state.state is not State.ENDED

    @property
    def decision(self) -> Record | None:
        """The record that made the state what it is; None if it is not in the part of the journal that was read."""
        return journal.decision(self.details.history)

    @property
    def next_step(self) -> NextStep | None:
        """What comes next; None when the sale is over, or before it is pushed."""
        return None if self.pointer is None or self.is_over else _next_step(self.pointer.state, self.now)

    @property
    def is_behind(self) -> bool:
        """Whether the edge shows another revision than the store has."""
        return bool(self.pointer and self.edge.nonce) and self.edge.nonce != (self.pointer and self.pointer.nonce)

    @property
    def drift(self) -> tuple[str, ...]:
        """Where the pointer differs from the YAML, or the edge from the store."""
        return (*self.moved_times, *self._edge_drift())

    @property
    def moved_times(self) -> tuple[str, ...]:
        """Times in the YAML that are not pushed yet."""
        if self.pointer is None:
            return ()
        wanted, state = self.header, self.pointer.state
        pairs = (("starts_at", wanted.starts_at, state.starts_at), ("ends_at", wanted.ends_at, state.ends_at))
        return tuple(
            f"{name}: the YAML says {timestamps.to_text(yaml)}, the pointer {timestamps.to_text(pointer)}; "
            "push brings it over"
            for name, yaml, pointer in pairs
            if yaml != pointer
        )

    def _edge_drift(self) -> tuple[str, ...]:
        if self.pointer is None or not self.is_behind:
            return ()
        at_edge, in_store = self.edge.revision, self.pointer.revision
        age = "" if self.edge.age_seconds is None else f" (Age {self.edge.age_seconds} s)"
        if at_edge == in_store:
            return (f"the edge shows another revision {at_edge} than the store has{age}: is it this store's edge?",)
        return (f"the edge shows revision {at_edge}{age}, the store has {in_store}",)


def _next_step(state: SaleState, now: datetime) -> NextStep | None:
    """A start that has passed stays the next step until an operator opens the sale.

    A live sale opens at `opens_at`, as pages and gate do, even if `starts_at` was changed since.
    """
    if state.state is State.ENDED:
        return None
    if state.state is State.SCHEDULED:
        return NextStep("starts_at", state.starts_at)
    if state.state is State.LIVE and state.opens_at and state.opens_at > now:
        return NextStep("opens_at", state.opens_at)
    return NextStep("ends_at", state.ends_at)


def countdown(left: timedelta) -> str:
    """Time left, not negative: `00:09:59`, `2 d 03:04:05`. Rounded up to the second, so that 0 means now."""
    return _clock(-(-left // timedelta(seconds=1)))


def elapsed(since: timedelta) -> str:
    """Time that has passed, in the same form. Rounded down; negative time, from another machine's clock, is 0."""
    return _clock(max(0, since // timedelta(seconds=1)))


def _clock(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {clock}" if days else clock


def to_json(status: SaleStatus) -> dict[str, Any]:
    """For `--json`. Only sales that were never pushed have `note` and `hint`; all have the other keys."""
    details, step = status.details, status.next_step
    return {
        "sale": status.header.id,
        "pointer": status.key,
        "store": status.store,
        **_state_json(status),
        "past_end": status.is_over,
        "next": {"what": step.what, "at": timestamps.to_text(step.at)} if step else None,
        "edge": _edge_json(status.edge),
        "claim": _claim_json(details.claim) if details.claim else None,
        "drift": list(status.drift),
        "history": [_record_json(record) for record in details.history[:HISTORY_SHOWN]],
        "stopped": details.stopped or None,
        "damaged": [{"message": one.message, "hint": one.hint} for one in details.damaged],
        "attempts": [{**_record_json(one.record), "fate": one.status.value} for one in details.pending_attempts],
    }


def _state_json(status: SaleStatus) -> dict[str, Any]:
    if status.pointer is None:
        return _missing_json(status)
    state, decision = state_to_json(status.pointer.state), status.decision
    return {
        **{key: value for key, value in state.items() if key != "token_nonce"},
        "revision": status.pointer.revision,
        "who": decision.who if decision else None,
        "when": timestamps.to_text(decision.when) if decision else None,
    }


def _missing_json(status: SaleStatus) -> dict[str, Any]:
    header, missing = status.header, status.missing
    unknown = dict.fromkeys(("state", "revision", "who", "when", "opens_at"))
    return {
        **unknown,
        **{"epoch": 0, "closed": [], "sold": []},
        "starts_at": timestamps.to_text(header.starts_at),
        "ends_at": timestamps.to_text(header.ends_at),
        "note": missing.message if missing else "",
        "hint": missing.hint if missing else "",
    }


def _edge_json(edge: EdgePointer) -> dict[str, Any]:
    return {
        "revision": edge.revision,
        "age": edge.age_seconds,
        "x_cache": edge.x_cache or None,
        "problem": ": ".join(filter(None, (edge.url, edge.problem))) if edge.problem else None,
    }


def _claim_json(claim: Claim) -> dict[str, Any]:
    return {"who": claim.who, "when": timestamps.to_text(claim.when), "what": "prune" if claim.is_prune else "push"}


def _record_json(record: Record) -> dict[str, Any]:
    return {
        "revision": record.revision,
        "verb": record.verb,
        "from": record.before,
        "to": record.state.state,
        "who": record.who,
        "when": timestamps.to_text(record.when),
    }
