"""People and machines with a hand on a sale's pointer, on a clock that only moves when somebody looks or sleeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from flashgen.store import Store
from flashgen.unlock import journal, verbs
from flashgen.unlock.first_pointer import publish_first
from flashgen.unlock.pointer import first_pointer, pointer_headers, pointer_key
from flashgen.unlock.pointer_file import PointerFile
from flashgen.unlock.pointer_writer import Actor, OrderUrls, PointerWriter
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.token import TokenSigner, claims_of
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import Verb

SALE = "fair"
VERSION = "7k2mq9xw4t"
KEY = pointer_key(SALE, VERSION)
HEADERS = pointer_headers(1)
STARTS_AT = datetime(2026, 11, 27, 8, tzinfo=UTC)
ENDS_AT = STARTS_AT + timedelta(hours=12)
SECRET = b"correct horse battery staple, and more"
SERVERS = ("https://order.example.com",)
_NUMBERS = count(1)


@dataclass
class Clock:
    """Virtual time: a look takes 0.1 ms, a sleep what it says."""

    instant: datetime = STARTS_AT - timedelta(hours=1)

    def now(self) -> datetime:
        """The time, which moves on by being looked at."""
        self.instant += timedelta(microseconds=100)
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.instant += timedelta(seconds=seconds)


def signed(state: SaleState) -> str:
    """The order path of a live state."""
    return f"/o/{TokenSigner([SECRET]).sign(claims_of(SALE, state))}"


def actor_of(who: str = "ann", clock: Clock | None = None) -> Actor:
    """Somebody. Nonces tell whose they are: `ann-1`, `ann-7`; no two actors make the same."""
    clock = clock or Clock()
    return Actor(who, clock.now, lambda: f"{who}-{next(_NUMBERS)}", clock.sleep)


def writer_of(store: Store, who: str = "ann", clock: Clock | None = None, *, key: str = KEY) -> PointerWriter:
    """Changes the pointer as `who`."""
    return PointerWriter(
        PointerFile(store, SALE, key),
        actor_of(who, clock),
        HEADERS,
        OrderUrls(SERVERS, lambda: TokenSigner([SECRET])),
    )


def acting(writer: PointerWriter, **changes: Any) -> PointerWriter:
    """The same with another `now`, `new_nonce` or `sleep`."""
    return replace(writer, actor=replace(writer.actor, **changes))


def without_secret(writer: PointerWriter) -> PointerWriter:
    """The same, which cannot sign: as in a gate."""
    return replace(writer, orders=replace(writer.orders, signer=None))


def go_live() -> Verb:
    """Open at the start, with a token nonce of its own."""
    return verbs.go_live(STARTS_AT, "token-1")


TO: dict[State, tuple[Callable[[], Verb], ...]] = {
    State.SCHEDULED: (),
    State.LIVE: (go_live,),
    State.PAUSED: (go_live, verbs.pause),
    State.ENDED: (go_live, verbs.end),
}
"""The way from `scheduled` to each state."""


def bring(store: Store, state: State = State.SCHEDULED) -> PointerWriter:
    """Publish the sale, and take it to `state`; the hand that did it, `ops`."""
    writer = writer_of(store, "ops")
    publish_first(writer, first_pointer(SALE, VERSION, STARTS_AT, ENDS_AT))
    for verb in TO[state]:
        transition(writer, verb())
    return writer


def gate_sells(store: Store, *skus: str) -> Outcome:
    """The gate writes that these are sold out."""
    return transition(writer_of(store, f"gate-{'-'.join(skus)}"), verbs.record_sold(frozenset(skus)))


def chain(store: Store) -> list[journal.Record]:
    """The journal from the pointer back, newest first, after checking that it is whole and agrees with the pointer."""
    pointer = writer_of(store).file.read().pointer
    records = list(journal.history(store, SALE, pointer.nonce))
    assert list(range(pointer.revision, -1, -1)) == [record.revision for record in records]
    assert (pointer.nonce, pointer.state) == (records[0].nonce, records[0].state)
    return records
