"""People and machines with a hand on a sale's pointer, on a clock that only moves when somebody looks or sleeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from flashgen.store import Store
from flashgen.unlock import journal, verbs
from flashgen.unlock.control import Control
from flashgen.unlock.first_pointer import publish_first
from flashgen.unlock.pointer import first_pointer, pointer_headers, pointer_key
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


def control_of(store: Store, who: str = "ann", clock: Clock | None = None, *, key: str = KEY) -> Control:
    """A hand on the pointer. Nonces tell whose they are: `ann-1`, `ann-7`; no two hands make the same."""
    clock = clock or Clock()
    return Control(
        store=store,
        sale=SALE,
        key=key,
        headers=HEADERS,
        who=who,
        now=clock.now,
        new_nonce=lambda: f"{who}-{next(_NUMBERS)}",
        sleep=clock.sleep,
        origins=SERVERS,
        sign=signed,
    )


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


def bring(store: Store, state: State = State.SCHEDULED) -> Control:
    """Publish the sale, and take it to `state`; the hand that did it, `ops`."""
    control = control_of(store, "ops")
    publish_first(control, first_pointer(SALE, VERSION, STARTS_AT, ENDS_AT))
    for verb in TO[state]:
        transition(control, verb())
    return control


def gate_sells(store: Store, *skus: str) -> Outcome:
    """The gate writes that these are sold out."""
    return transition(control_of(store, f"gate-{'-'.join(skus)}"), verbs.record_sold(frozenset(skus)))


def chain(store: Store) -> list[journal.Record]:
    """The journal from the pointer back, newest first, after checking that it is whole and agrees with the pointer."""
    pointer = control_of(store).read().pointer
    records = list(journal.history(store, SALE, pointer.nonce))
    assert list(range(pointer.revision, -1, -1)) == [record.revision for record in records]
    assert (pointer.nonce, pointer.state) == (records[0].nonce, records[0].state)
    return records
