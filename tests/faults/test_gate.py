"""Each call of a gate and of its forwarder meets each fate: nothing is sold twice, and no order is lost."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.clock import Clock
from support.faults import FATES, Faults, Heard, Killed
from support.invariants import OrderBook, World, drive
from support.operators import SALE
from support.running_gate import ADMIN_PORT, Browser, RunningGate, running_gate, token
from support.visits import NOW, bought

from flashgen.gate.http.app import Gate
from flashgen.gate.orders.forwarder import CLAIM_SECONDS, Forwarder
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order_subsystem import ForwardResult
from flashgen.gate.sale_reader import SaleReader
from flashgen.gate.storage.protocol import Answer, Ask, Storage, StorageLost
from flashgen.gate.storage.sqlite.storage import SqliteStorage

PATIENCE_SECONDS = 60.0
SKU, STOCK = "É 1", 1
REJECTED = f"order-bob-{SALE}"
FORGED = token(b"another key, as long as a real one")


def storage_error(heard: Heard) -> Exception:
    """A storage's: it refuses, or is silent."""
    return StorageLost(heard.value)


@dataclass
class Selling:
    """Two buyers of the last one, one after the other, who come again until they know."""

    folder: Path
    worlds: Any = field(default_factory=count)
    ids: Any = field(default_factory=lambda: count(1))

    def world(self) -> World:
        """A sale that has just opened."""
        folder = self.folder / str(next(self.worlds))
        folder.mkdir()
        return World(storage=folder / "gate.db", stock={SKU: STOCK}, touches=lambda key: False).begin()

    def run(self, world: World, faults: Faults) -> None:
        """A gate from its start to its end, or its death; what buyers keep outlives it."""
        assert world.storage
        with running_gate(world.storage.parent) as running:
            browsers = world.kept.setdefault("browsers", [Browser(running) for _ in range(STOCK + 1)])
            self._disturb(running, faults)
            for browser in browsers:
                browser.running = running
                self._visit(browser, world)
            faults.deliver()
            in_use = running.in_use()
            assert "" == Browser(running).get(SKU, FORGED).page
            assert in_use == running.in_use(), "invariant 6: a forged token got a slot"

    def _disturb(self, running: RunningGate, faults: Faults) -> None:
        storage = faults.wrap(running.storage, storage_error, "decide")
        reader = SaleReader(faults.store(running.store), SALE, running.monotonic, lambda error: None)
        reader.poll()
        reader.poll()  # what was out of reach is there again

        async def decide(ask: Ask) -> Answer:
            (answer,) = storage.decide([ask])
            return answer

        outside = replace(running.outside, decide=decide, new_id=lambda: f"id-{next(self.ids)}")
        running.gate = Gate({SALE: lambda: reader.reading}, outside, ADMIN_PORT)

    def _visit(self, browser: Browser, world: World) -> None:
        answer = browser.get(SKU)
        if answer.page.startswith("form"):
            browser.post(SKU)
            answer = browser.get(SKU)
        if answer.page == "order":
            world.seen.add(answer.value("order_id"))

    def outcome(self, world: World) -> Any:
        """All is sold."""
        return len(world.orders()), len(world.seen)


@pytest.mark.parametrize("fate", FATES)
def test_every_call_of_a_gate(fate: str, tmp_path: Path) -> None:
    """To its storage and its store: whoever saw an order has it, and as many are sold as there are."""
    assert drive(Selling(tmp_path), FATES[fate]) > 6


@dataclass
class Forwarding:
    """Two orders on their way to a shop that rejects one of them."""

    folder: Path
    worlds: Any = field(default_factory=count)

    def world(self) -> World:
        """The orders are accepted."""
        path = self.folder / f"{next(self.worlds)}.db"
        with closing(SqliteStorage(path, "sqlite:gate.db")) as storage:
            storage.begin(SALE)
            bought(storage, "ada", "bob", sale=SALE)
        book = OrderBook(frozenset({REJECTED}))
        return World(storage=path, stock={"PHONE": 2}, book=book, touches=lambda key: False).begin()

    def run(self, world: World, faults: Faults) -> None:
        """A forwarder, until it knows of each order, or is dead, or has met its fault and tried for a while."""
        path = world.storage
        assert path
        clock = world.kept.setdefault("clock", Clock(NOW))
        clock.wait(2 * CLAIM_SECONDS)  # what a dead forwarder had claimed is due again
        receive = faults.wrap(_Subsystem(world.book), lambda heard: TimeoutError(heard.value), "send")

        def send(order: Order) -> ForwardResult:
            try:
                return receive.send(order)
            except TimeoutError as error:
                return ForwardResult(OrderState.UNKNOWN, str(error))

        def open_storage() -> Storage:
            return faults.wrap(SqliteStorage(path, "sqlite:gate.db"), storage_error, "claim", "settle")

        moving = Clock()
        forwarder = Forwarder(
            SALE,
            open_storage,
            lambda: send,
            now=clock,
            monotonic=moving,
            random=lambda: 0.0,
            report=lambda order, result, state: None,
            log=lambda error: None,
            poll_seconds=0.002,
        )
        forwarder.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_over(world, faults):
            assert time.monotonic() < deadline, (world.orders(), faults.calls)
            time.sleep(0.005)
            for one in (clock, moving):
                one.wait(1.0)
        forwarder.stop(PATIENCE_SECONDS)
        if faults.happened and faults.fate and faults.fate.heard is Heard.DEATH:
            raise Killed

    def _is_over(self, world: World, faults: Faults) -> bool:
        if faults.fate and faults.fate.lasts and faults.happened:
            if faults.fate.heard is Heard.DEATH:
                return f"forwarder {SALE}" not in [thread.name for thread in threading.enumerate()]
            return len(faults.calls) > faults.at + 1
        return all(order.state in (OrderState.DONE, OrderState.REJECTED) for order in world.orders())

    def outcome(self, world: World) -> Any:
        """What became of each order."""
        return {order.id: order.state for order in world.orders()}


@dataclass(frozen=True)
class _Subsystem:
    book: OrderBook

    def send(self, order: Order) -> ForwardResult:
        """Write it down, and say what belongs to its key."""
        self.book.received.setdefault(order.id, set()).add(order)
        return ForwardResult(OrderState.REJECTED if order.id in self.book.rejects else OrderState.DONE, "HTTP")


@pytest.mark.parametrize("fate", FATES)
def test_every_call_of_a_forwarder(fate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To its storage and to the order subsystem: each order ends as the subsystem has it, under one key."""
    say = threading.excepthook  # here, because pytest before 8.4 has one of its own for each phase of a test
    monkeypatch.setattr(threading, "excepthook", lambda args: None if args.exc_type is Killed else say(args))
    assert drive(Forwarding(tmp_path), FATES[fate]) > 5
