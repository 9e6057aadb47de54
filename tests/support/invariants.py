"""What has to be true after any fault, and the driver that lets each call of a command meet one.

The numbers are those of docs/architecture.md. 3 (nothing in a page depends on the state) is held by what a transition
may touch; 6 (the gate is the authority) is asked of the gate itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from support.edges import Edges
from support.faults import Fate, Faults, Killed
from support.operators import KEY, SALE, SECRET, chain
from support.shop import check_whole

from flashgen.errors import FlashgenError
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.sqlite.storage import SqliteStorage
from flashgen.store import Headers, MemoryStore, Store
from flashgen.unlock.pointer import Forward, parse
from flashgen.unlock.state import State

_TOKEN = re.compile(rb"[\w-]{40,}\.[\w-]{43}")
"""Payload and signature: HMAC-SHA-256 in base64url has 43 characters."""


@dataclass
class OrderBook:
    """An order subsystem: what it was sent under each key, and the keys that it `rejects`."""

    rejects: frozenset[str] = frozenset()
    received: dict[str, set[Order]] = field(default_factory=dict)


@dataclass
class World:
    """All that outlives a process. `storage` is a file, if there is a gate.

    `stock` is by SKU; `seen` are orders that buyers were shown. A command may write what it `touches`, and deletes
    only if it is one that `prunes`. `who` runs it. `kept` is whatever else a scenario has to know of later.
    """

    store: MemoryStore = field(default_factory=MemoryStore)
    storage: Path | None = None
    stock: Mapping[str, int] = field(default_factory=dict)
    book: OrderBook = field(default_factory=OrderBook)
    edges: Edges = field(default_factory=Edges)
    seen: set[str] = field(default_factory=set)
    touches: Callable[[str], bool] = lambda key: True
    prunes: bool = False
    who: str = "ann"
    kept: dict[str, Any] = field(default_factory=dict)
    before: dict[str, tuple[bytes, Headers]] = field(default_factory=dict)

    def begin(self) -> World:
        """From now on the command is at work."""
        self.before = objects(self.store)
        return self

    def orders(self) -> list[Order]:
        """All that there are."""
        if not self.storage:
            return []
        with closing(SqliteStorage(self.storage, "sqlite:gate.db")) as storage:
            return list(storage.orders(SALE))

    def snapshot(self) -> object:
        """Everything, to be compared."""
        return objects(self.store), self.orders(), sorted(self.book.received)


def objects(store: Store) -> dict[str, tuple[bytes, Headers]]:
    """All that is in a store."""
    found = {entry.key: store.get(entry.key) for entry in store.list("")}
    return {key: (stored.body, stored.headers) for key, stored in found.items() if stored}


def check(world: World) -> None:
    """Raise AssertionError if an invariant does not hold."""
    now = objects(world.store)
    _check_secrecy(now)
    _check_touched(world, now)
    check_whole(world.store)
    _check_winner(world)
    if world.storage:
        _check_orders(world, world.orders())


def _check_secrecy(now: Mapping[str, tuple[bytes, Headers]]) -> None:
    """1: the token is in the pointer of a live sale, and nowhere else; the secret is nowhere."""
    for key, (body, _) in now.items():
        assert SECRET not in body, f"invariant 1: {key} holds the secret"
        if _TOKEN.search(body):
            assert "/unlock." in key, f"invariant 1: {key} holds a token"
            pointer = parse(body, key)
            assert not isinstance(pointer, Forward)
            assert State.LIVE is pointer.state.state, f"invariant 1: {key} holds a token, and is {pointer.state.state}"


def _check_touched(world: World, now: Mapping[str, tuple[bytes, Headers]]) -> None:
    """2, 3: a command writes what is its own. 4: only prune deletes."""
    changed = {key for key, value in now.items() if world.before.get(key) != value}
    assert [] == sorted(key for key in changed if not world.touches(key)), "invariant 2"
    gone = world.before.keys() - now.keys()
    assert world.prunes or not gone, f"invariant 4: {sorted(gone)} were deleted"


def _check_winner(world: World) -> None:
    """5: the journal leads from the pointer back to the start, and a command won once at most."""
    stored = world.store.get(KEY)
    if stored and not isinstance(parse(stored.body, KEY), Forward):
        won = [record.who for record in chain(world.store) if record.revision > 0].count(world.who)
        assert won <= 1, f"invariant 5: {world.who} won {won} times"


def _check_orders(world: World, orders: list[Order]) -> None:
    """7: units and orders agree, none is oversold, none is lost, and each is forwarded under its own key."""
    held = [order for order in orders if order.state is not OrderState.REJECTED]
    assert not world.storage or dict(Counter(order.sku for order in held)) == _taken(world.storage), "invariant 7"
    for sku, units in Counter(order.sku for order in held).items():
        assert units <= world.stock[sku], f"invariant 7: {units} of {world.stock[sku]} {sku} are sold"
    assert len(held) == len({(order.sku, order.buyer) for order in held}), "invariant 7: a buyer has two"
    ids = {order.id: order for order in orders}
    assert world.seen <= ids.keys(), f"invariant 7: {world.seen - ids.keys()} are lost"
    for key, received in world.book.received.items():
        assert 1 == len({(one.id, one.sku, one.buyer, one.price) for one in received}), f"invariant 7: {key} is two"
        assert key in ids, f"invariant 7: {key} was forwarded, and is not there"
    for key, order in ids.items():
        if order.state in (OrderState.DONE, OrderState.REJECTED):
            assert key in world.book.received, f"invariant 7: {key} is {order.state}, and never came"
            assert (order.state is OrderState.REJECTED) == (key in world.book.rejects), f"invariant 7: {key}"


def _taken(path: Path) -> dict[str, int]:
    with closing(SqliteStorage(path, "sqlite:gate.db")) as storage:
        return {sku: units for sku, units in storage.tally(SALE, 0.0).taken.items() if units}


class Scenario(Protocol):
    """A command, and the world in which it runs."""

    def world(self) -> World:
        """As it is before, the same each time."""

    def run(self, world: World, faults: Faults) -> None:
        """The command, with `faults` between it and everything else. Raises what it raises."""

    def outcome(self, world: World) -> Any:
        """What the world has come to, without what differs from one undisturbed run to another."""


def drive(scenario: Scenario, fate: Fate) -> int:
    """Let each call meet `fate` in turn; returns how many there were.

    After each: the invariants hold. The same command without a fault ends well, as if nothing had happened. And once
    more it changes nothing (8).
    """
    clean = scenario.world()
    scenario.run(clean, Faults())
    check(clean)
    expected = scenario.outcome(clean)
    for faults, world in _disturbed(scenario, fate):
        try:
            check(world)
            scenario.run(world, Faults())
            check(world)
            assert expected == scenario.outcome(world)
            after = world.snapshot()
            scenario.run(world, Faults())
            assert after == world.snapshot(), "invariant 8"
        except Exception as error:
            error.add_note(f"after {faults}: {fate}")
            raise
    return faults.at


def _disturbed(scenario: Scenario, fate: Fate) -> Iterator[tuple[Faults, World]]:
    for at in count(1):
        world, faults = scenario.world(), Faults(fate, at)
        with suppress(FlashgenError, Killed):  # whatever it says: what counts is what is there
            scenario.run(world, faults)
        faults.deliver()
        if not faults.happened:
            return
        yield faults, world
