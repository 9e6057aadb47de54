"""What a gate asks of its storage. Everything is by sale; times are seconds since the epoch, by the storage's clock.

A storage is synchronous and takes many questions at once: each is decided alone and in order, all are durable when the
answers come back. One buyer has at most one order a SKU that is not rejected.
Every method may raise StorageLost: nothing can be read or done now, and nothing was admitted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from flashgen.errors import FlashgenError
from flashgen.gate.networks import Network
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.fence import StorageVersion


class StorageLost(FlashgenError):
    """The storage does not answer, or it is not the one that this sale began with."""


class StorageBehind(StorageLost):
    """The sale went on elsewhere: this storage is older than what was seen of it, or another one. Nothing is sold."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A buyer who wants one unit, and the limits that hold for them.
    `epoch` is the sale's in the pointer; `server` is the origin whose slots are counted, `slots` how many it has.
    `networks` are those that the buyer comes from, each with its part of the slots, less if it never orders. A lease
    lasts `lease_seconds` from `now`. `stock` limits the units of `sku`, `per_buyer` the buyer's in the whole sale
    (None: no limit).
    """

    sale: str
    epoch: int
    sku: str
    buyer: str
    server: str
    slots: int
    networks: tuple[Network, ...]
    lease_seconds: int
    stock: int | None
    now: float
    per_buyer: int | None = None


@dataclass(frozen=True, slots=True)
class Find:
    """Which order of `sku` has this buyer? → Order | None."""

    sale: str
    sku: str
    buyer: str


@dataclass(frozen=True, slots=True)
class Enter:
    """May this buyer have a form? → Order (that they have), Lease, or NoPlace.
    `lease` is the new lease's id. An existing lease for the SKU at this server keeps its expiry, takes this id (so that
    returning a lost answer's id cannot release a later lease), and has given a sign of life.
    """

    visit: Visit
    lease: str


@dataclass(frozen=True, slots=True)
class Buy:
    """The buyer of `lease` orders. → Order (that they had, or `order`), or NoPlace.
    Storages find the lease by its buyer, who has at most one for a SKU at a server; the caller has checked the id.
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


@dataclass(frozen=True, slots=True)
class Seen:
    """The lease's form was shown, which is a sign of life; that there is no such lease is no error. → None."""

    sale: str
    server: str
    lease: str


@dataclass(frozen=True, slots=True)
class Touch:
    """Can an order be written now? Writes what means nothing, and `bulk_bytes` along with it, which stay until the next
    Touch: where only a little fits, an order may not. → float: the storage's clock, seconds since the epoch."""

    sale: str
    bulk_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ShopReport:
    """The order subsystem says of its own accord what became of an order: `paid` or `released`.

    → Order, as it is then (see `orders.order.settled`); None if the sale has none of that id.
    """

    sale: str
    order: str
    result: OrderState
    note: str
    now: float


Ask = Find | Enter | Buy | Leave | Seen | Touch | ShopReport


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot, held until `expires_at`. `is_new` tells a slot that was just taken from one that the buyer had."""

    id: str
    expires_at: float
    is_new: bool


class NoPlace(StrEnum):
    """Why there is neither a form nor an order."""

    FULL = "full"
    """All slots are taken, or as many as a network may have, or the gate is behind a newer epoch."""
    SOLD_OUT = "sold-out"
    LIMIT = "limit"
    """The buyer has as many units as one buyer may have."""


Answer = Order | Lease | NoPlace | float | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The state of a sale: units `taken` by SKU, slots `in_use` by server (expired ones do not count), `orders` by
    state, when the oldest one was accepted that waits to be forwarded (None: none waits), and how many are reserved
    beyond their time because the order subsystem does not say what became of them (`overdue`)."""

    taken: Mapping[str, int]
    in_use: Mapping[str, int]
    orders: Mapping[OrderState, int]
    oldest_waiting: float | None
    overdue: int = 0


class Admission(Protocol):
    """Slots and units."""

    def decide(self, asks: Sequence[Ask]) -> list[Answer]:
        """An answer to each, in their order.

        What an Enter is answered, in this order: the buyer's order; FULL if its `epoch` is below the storage's (one
        above voids the leases of before); the lease that the buyer has; SOLD_OUT; LIMIT; FULL; a new lease. A Buy
        ends its lease in whatever it ends, but for FULL. A lease is over at `expires_at`.
        A sale that was not begun here raises StorageLost: an emptied storage must not sell again. An Enter or a Buy
        raises StorageBehind where the storage is not what its Fence expects, and a Buy is FULL at `most` changes.
        """

    def tally(self, sale: str, now: float) -> Tally:
        """Counts, for people, metrics and the pointer's `sold`. A sale that was not begun here raises StorageLost."""


class Outbox(Protocol):
    """Orders on their way to the order subsystem."""

    def claim(self, sale: str, now: float, until: float, limit: int, *, reserved: bool = False) -> tuple[Order, ...]:
        """At most `limit` orders that are due at `now`, oldest first. Nobody else is given them before `until`.

        Those that wait to be forwarded, or the `reserved` ones whose time is over."""

    def settle(
        self, order: str, result: OrderState, now: float, due_at: float, note: str, checkout_url: str = ""
    ) -> Order | None:
        """Write down what the order subsystem said, and return the order as it is then; None if there is no such order.

        What changes is as `orders.order.settled` says; an order that holds its unit no more returns it in the same
        transaction.
        """

    def retry(self, sale: str, now: float, ids: Collection[str] | None = None) -> int:
        """Make `unknown` orders due at `now`, all or those of `ids`, and say how many were not."""

    def purge_contacts(self, sale: str, before: float) -> int:
        """Delete the contacts of orders that wait for nothing more since `before`, and say how many they were."""

    def orders(self, sale: str) -> Iterator[Order]:
        """All of them, by `accepted_at`, then `id`."""


class Registry(Protocol):
    """What gates agree on among themselves."""

    def is_begun(self, sale: str) -> bool:
        """Whether `begin` was called for the sale."""

    def begin(self, sale: str) -> None:
        """From now on this storage answers for the sale. Twice is no error."""

    def version(self, sale: str) -> StorageVersion:
        """Which one it is. A sale that was not begun here raises StorageLost."""

    def renew(self, sale: str, version: StorageVersion, orders: Sequence[Order] = ()) -> int:
        """Take in those of `orders` whose ids are not there, each with its unit; then become `version`.

        Returns how many. An order whose buyer has another one of its SKU is taken in all the same; the buyer goes on
        seeing the first. `changes` never become fewer."""

    def acquire_lease(self, name: str, holder: str, now: float, until: float) -> bool:
        """Whether `holder` now has the lease `name` till `until`: it had it before, or nobody had it at `now`."""


class Storage(Admission, Outbox, Registry, Protocol):
    """All three, and what people are told."""

    @property
    def url(self) -> str:
        """Where it is, for people, without a password: `sqlite:.flashgen/gate.db`, `redis://10.0.0.5:6379/0`."""

    @property
    def primary(self) -> str:
        """Host and port of the server that answers now; empty for a file, and while that is not known."""

    def concerns(self) -> Iterator[tuple[str, str]]:
        """What in its settings could lose orders or take none, for people, each with the fix."""

    def close(self) -> None:
        """Give connections and files back."""
