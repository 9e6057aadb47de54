"""What a gate asks of its storage. Everything is by sale; times are seconds since the Unix epoch, by the gate's clock.

A storage is synchronous and takes many questions at once: each is decided alone and in order, all are durable when the
answers come back. One buyer has at most one order a SKU that is not rejected.

Every method may raise StorageLost: nothing can be said or done now, and nothing was admitted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from flashgen.errors import FlashgenError


class StorageLost(FlashgenError):
    """The storage does not answer, or it is not the one that this sale began with."""


class OrderState(StrEnum):
    """How far an order has come. All but `rejected` hold their unit."""

    ACCEPTED = "accepted"
    """Durable, told to the buyer, not answered yet by the order subsystem."""
    UNKNOWN = "unknown"
    """Forwarded at least once without a clear answer; forwarded again until there is one."""
    DONE = "done"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `id` is its idempotency key; `price` is plain digits (`19.90`).

    `attempts` counts forwards without a clear answer; `due_at` is when the next is due; `note` says what the last one
    met, or who reconciled.
    """

    id: str
    sale: str
    sku: str
    buyer: str
    price: str
    currency: str
    accepted_at: float
    state: OrderState = OrderState.ACCEPTED
    attempts: int = 0
    due_at: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A buyer who wants one unit, and the limits that hold for them.

    `epoch` is the sale's in the pointer; `server` is the origin whose slots are counted, `slots` how many it has.
    `address` is where the buyer comes from: it may have `slots_per_address` of them (None: any number). A lease
    lasts `lease_seconds` from `now`. `stock` limits the units of `sku` (None: no limit).
    """

    sale: str
    epoch: int
    sku: str
    buyer: str
    server: str
    slots: int
    address: str
    slots_per_address: int | None
    lease_seconds: int
    stock: int | None
    now: float


@dataclass(frozen=True, slots=True)
class Find:
    """Which order of `sku` has this buyer? → Order | None."""

    sale: str
    sku: str
    buyer: str


@dataclass(frozen=True, slots=True)
class Enter:
    """May this buyer have a form? → Order (that they have), Lease, or NoPlace.

    `lease` is the new one's id. Whoever has one for the SKU at this server already keeps it till the same moment, and
    under this id from now on: so an answer that is lost cannot take back what a later one told.
    """

    visit: Visit
    lease: str


@dataclass(frozen=True, slots=True)
class Buy:
    """The buyer of `lease` orders. → Order (that they had, or `order`), or NoPlace.

    Storages go by the buyer, who has at most one lease for a SKU at a server; its id was proved by whoever asks.
    In one step: the lease is there and ended, or it has expired and a slot is free (and `may_revive`); a unit is taken;
    the order lies in the outbox, due at once.
    """

    visit: Visit
    lease: str
    order: Order
    may_revive: bool = True


@dataclass(frozen=True, slots=True)
class Leave:
    """The lease is given back; that there is none is no error. → None."""

    sale: str
    server: str
    lease: str


Ask = Find | Enter | Buy | Leave


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot, held until `expires_at`. `is_new` tells a slot that was just taken from one that the buyer had."""

    id: str
    expires_at: float
    is_new: bool


class NoPlace(StrEnum):
    """Why there is neither a form nor an order."""

    FULL = "full"
    """All slots are taken, or as many as one address may have, or the gate is behind a newer epoch."""
    SOLD_OUT = "sold-out"


Answer = Order | Lease | NoPlace | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Where a sale stands: units `taken` by SKU, slots `in_use` by server (expired ones do not count), `orders` by
    state, and when the oldest one was accepted that waits to be forwarded (None: none waits)."""

    taken: Mapping[str, int]
    in_use: Mapping[str, int]
    orders: Mapping[OrderState, int]
    oldest_waiting: float | None


class Admission(Protocol):
    """Slots and units."""

    def decide(self, asks: Sequence[Ask]) -> list[Answer]:
        """An answer to each, in their order.

        What an Enter is answered, in this order: the buyer's order; FULL if its `epoch` is below the storage's (one
        above voids the leases of before); the lease that the buyer has; SOLD_OUT; FULL; a new lease. A Buy ends its
        lease in whatever it ends, but for FULL. A lease is over at `expires_at`.

        A sale that was not begun here raises StorageLost: an emptied storage must not sell again.
        """

    def tally(self, sale: str, now: float) -> Tally:
        """Counts, for people, metrics and the pointer's `sold`. A sale that was not begun here raises StorageLost."""


class Outbox(Protocol):
    """Orders on their way to the order subsystem."""

    def claim(self, sale: str, now: float, until: float, limit: int) -> tuple[Order, ...]:
        """At most `limit` orders that are due at `now`, oldest first. Nobody else is given them before `until`."""

    def settle(self, order: str, state: OrderState, now: float, due_at: float, note: str) -> Order | None:
        """Write down what became of an attempt, and return the order as it is then; None when there is no such order.

        Only `accepted` and `unknown` change: to `unknown` (one attempt more, due again at `due_at`), `done`, or
        `rejected`, which returns the unit. Whatever comes after `done` or `rejected` changes nothing.
        """

    def retry(self, sale: str, now: float, ids: Collection[str] | None = None) -> int:
        """Make `unknown` orders due at `now`, all or those of `ids`, and say how many were not.

        Nothing else changes; an order that is claimed for the first time stays with whoever has it.
        """

    def orders(self, sale: str) -> Iterator[Order]:
        """All of them, by `accepted_at`, then `id`."""


class Registry(Protocol):
    """What gates agree on among themselves."""

    def is_begun(self, sale: str) -> bool:
        """Whether this storage was told of the sale."""

    def begin(self, sale: str) -> None:
        """From now on this storage answers for the sale. Twice is no error."""

    def elect(self, office: str, who: str, now: float, until: float) -> bool:
        """Whether `who` holds the office till `until`: nobody does at `now`, or `who` did already."""


class Storage(Admission, Outbox, Registry, Protocol):
    """All three, and what people are told."""

    @property
    def url(self) -> str:
        """Where it is, for people, without a password: `sqlite:.flashgen/gate.db`, `redis://10.0.0.5:6379/0`."""

    def close(self) -> None:
        """Give connections and files back."""
