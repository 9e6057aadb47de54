"""What hooks are told: an event has an id that stays the same however often it is sent, a type, a time and its data."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flashgen import timestamps
from flashgen.hooks.settings import TEST
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import EVERY_SKU, SaleState, State

_ROLLBACK = "rollback"

_SKUS_IN_A_SENTENCE = 5


@dataclass(frozen=True, slots=True)
class HookEvent:
    """`data` is plain JSON; `at` is aware. The same event has the same `id` whoever sends it, and in each try."""

    id: str
    type: str
    at: datetime
    data: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """As it is sent."""
        return {"type": self.type, "timestamp": timestamps.to_text(self.at), "data": dict(self.data)}

    @property
    def body(self) -> str:
        """The document as JSON."""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":"))

    @property
    def sentence(self) -> str:
        """For people, in one line."""
        data = self.data
        if self.type == TEST:
            return f"flashgen: a test of hooks, by {data['who']}; nothing has happened"
        if self.type.startswith("problem"):
            over = " is solved" if self.type == "problem.solved" else ""
            return f"{data['sale']}: {data['problem']}{over}: {data['message']} ({data['who']})"
        if self.type == "order.paid-late":
            return (
                f"{data['sale']}: order {data['order']} was paid after its unit had gone back: find one, or refund it"
            )
        skus: list[str] = data["skus"]
        shown = ", ".join((*skus[:_SKUS_IN_A_SENTENCE], "…") if len(skus) > _SKUS_IN_A_SENTENCE else skus)
        what = self.type.partition(".")[2].replace("-", " ")
        where = f" at {data['target']}" if data["target"] else ""
        return f"{data['sale']}{where}: {f'{shown} ' if shown else ''}{what}, by {data['who']}"


@dataclass(frozen=True, slots=True)
class WrittenRevision:
    """A revision of a sale's pointer. `verb` as in the journal, `target` as in flashgen.yaml.

    `items` are the SKUs on sale, as far as they are known.
    """

    sale: str
    target: str
    verb: str
    before: Pointer
    after: Pointer
    who: str
    when: datetime
    items: Collection[str] = ()


def events_of(change: WrittenRevision) -> tuple[HookEvent, ...]:
    """What is told of a change, in this order. New times alone are no event."""
    before, after = change.before, change.after
    kinds = _kinds(change.verb, before.state, after.state, change.items)
    return tuple(_event_of(change, kind, skus) for kind, skus in kinds)


def _event_of(change: WrittenRevision, kind: str, skus: Collection[str]) -> HookEvent:
    after = change.after
    data: dict[str, Any] = {
        "sale": change.sale,
        "target": change.target,
        "from": change.before.state.state.value,
        "to": after.state.state.value,
        "revision": after.revision,
        "who": change.who,
        "skus": sorted(skus),
    }
    if after.state.state is State.LIVE and after.state.opens_at:
        data["opens_at"] = timestamps.to_text(after.state.opens_at)
    # The nonce is the revision's own: two targets have a sale of one name, and revisions of one number.
    return HookEvent(f"{change.sale}-{after.revision}-{after.nonce}-{_in_id(kind)}", kind, change.when, data)


def problem_event(
    *, sale: str, target: str, who: str, problem: str, message: str, since: datetime, at: datetime, solved: bool = False
) -> HookEvent:
    """A gate, `who`, has trouble since some time; or had it, if it is `solved`."""
    kind = "problem.solved" if solved else "problem"
    data = {
        "sale": sale,
        "target": target,
        "who": who,
        "problem": problem,
        "message": message,
        "since": timestamps.to_text(since),
    }
    server = "".join(each if each.isalnum() else "-" for each in who)
    return HookEvent(f"{sale}-{problem}-{int(since.timestamp())}-{server}-{_in_id(kind)}", kind, at, data)


def paid_late_event(sale: str, target: str, order: str, sku: str, who: str, at: datetime) -> HookEvent:
    """An order was paid after its unit had gone back for sale."""
    data = {"sale": sale, "target": target, "who": who, "order": order, "skus": [sku]}
    return HookEvent(f"{sale}-{order}-order-paid-late", "order.paid-late", at, data)


def trial_event(nonce: str, target: str, who: str, at: datetime) -> HookEvent:
    """By which somebody tries a hook."""
    return HookEvent(f"test-{nonce}", TEST, at, {"target": target, "who": who})


def _kinds(
    verb: str, before: SaleState, after: SaleState, items: Collection[str]
) -> Iterator[tuple[str, Collection[str]]]:
    if verb == _ROLLBACK:
        yield "sale.rolled-back", ()
    elif after.state is not before.state:
        yield _of_state(before.state, after.state), ()
    elif after.closed != before.closed:
        yield from _closings(before.closed, after.closed)
    if gone := after.sold - before.sold:
        yield "sku.sold-out", gone
    if back := before.sold - after.sold:
        yield "sku.resumed", back
    if gone and items and after.is_sold_out(items) and not before.is_sold_out(items):
        yield "sale.sold-out", ()


def _of_state(before: State, after: State) -> str:
    match after:
        case State.LIVE:
            return "sale.resumed" if before is State.PAUSED else "sale.live"
        case State.PAUSED:
            return "sale.paused"
        case State.ENDED:
            return "sale.ended"
        case State.SCHEDULED:
            return "sale.rolled-back"


def _closings(before: frozenset[str], after: frozenset[str]) -> Iterator[tuple[str, Collection[str]]]:
    if after == EVERY_SKU:
        yield "sale.sold-out", ()
    elif before == EVERY_SKU:
        yield "sale.resumed", ()
    else:
        if closed := after - before:
            yield "sku.closed", closed
        if reopened := before - after:
            yield "sku.resumed", reopened


def _in_id(kind: str) -> str:
    """Without a dot, which separates the parts of what is signed."""
    return kind.replace(".", "-")
