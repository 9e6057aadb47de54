"""What a worker of the gate is made of: the threads that serve a sale, put together."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.hook_receiver import SECRET, hook_receiver
from support.operators import SALE, bring, writer_of
from support.order_stand_in import Desk, OrderStandIn, order_stand_in
from support.running_gate import PRIVATE, SERVER, SETTINGS, SITE, page_text
from support.visits import bought

from flashgen.addresses import SecretUrl
from flashgen.gate import sale_reader
from flashgen.gate.clocks import Clocks
from flashgen.gate.log import JsonLines
from flashgen.gate.metrics import Count
from flashgen.gate.orders.forwarder import Forwarder
from flashgen.gate.orders.order import OrderState
from flashgen.gate.outward.hooks import GateHooks
from flashgen.gate.process.config import SETTLE_SECONDS, WorkerConfig
from flashgen.gate.process.sale_worker import SaleWorker
from flashgen.gate.settings import GateSettings, render
from flashgen.gate.signatures import FORWARD, derived
from flashgen.gate.sold_writer import SoldWriter
from flashgen.gate.storage.protocol import Storage
from flashgen.hooks.receiver import Receiver, parse_webhook_keys
from flashgen.hooks.settings import EVENT_TYPES
from flashgen.layout import settings_key
from flashgen.store import Store
from flashgen.store.memory import MemoryStore
from flashgen.unlock.pointer_writer import Actor
from flashgen.unlock.state import State

NEWEST, OLDER = b"n" * 32, b"o" * 32
PATIENCE_SECONDS = 20.0


@dataclass
class WorkerScenario:
    """A sale whose worker a test starts; what it counts and logs."""

    store: Store
    shop: OrderStandIn
    config: WorkerConfig
    counted: list[Count] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def worker(self) -> SaleWorker:
        """One that has not begun; the storage's time is known."""
        clocks = Clocks(time.time, time.monotonic, self.lines.append)
        clocks.note_storage(time.time(), time.time())
        log = JsonLines(self.lines.append, time.time)
        hooks = GateHooks(self.config.hooks, self.config.target, self.config.actor.who, log)
        return SaleWorker(SALE, self.config, clocks, self.config.fence(), self.counted.append, hooks, log)

    def storage(self) -> closing[Storage]:
        """The gate's, to be closed."""
        return closing(self.config.open_storage())

    def events(self) -> list[str]:
        """The log's."""
        return [json.loads(line)["event"] for line in self.lines]

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Until it becomes so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.01)


def pushed(settings: GateSettings) -> Store:
    """A store with a live sale."""
    store = MemoryStore()
    bring(store, State.LIVE)
    store.put(settings_key(SALE), render(settings), PRIVATE)
    for name, key in settings.forms.items():
        store.put(key, page_text(name).encode(), PRIVATE)
    return store


@pytest.fixture
def scenario(tmp_path: Path) -> Iterator[WorkerScenario]:
    """The sale is live; one buyer has ordered the only RUG, which is not forwarded yet."""
    with order_stand_in() as shop:
        store = pushed(
            replace(SETTINGS, forward_to=SecretUrl(shop.url), items={"RUG": replace(SETTINGS.items["LAMP"], stock=1)})
        )
        config = WorkerConfig(
            open_store=lambda: store,
            folder=tmp_path,
            actor=Actor(f"gate {SERVER}", lambda: datetime.now(UTC), lambda: secrets.token_urlsafe(9), time.sleep),
            sales=(SALE,),
            site=SITE,
            server=SERVER,
            storage=SecretUrl("sqlite:gate.db"),
            keys=(NEWEST, OLDER),
            counts=tmp_path / "counts",
            admin_port=0,
            sold_poll_seconds=0.01,
        )
        one = WorkerScenario(store, shop, config)
        with one.storage() as storage:
            storage.begin(SALE)
            bought(storage, "ada", sale=SALE, sku="RUG", now=time.time() - 1)
        yield one


def test_orders_are_signed_by_the_newest_key(scenario: WorkerScenario) -> None:
    """The one that `flashgen gate key` prints, also while the secret is rotated."""
    worker = scenario.worker()
    worker.start()
    scenario.wait_until(lambda: bool(scenario.shop.received))
    worker.stop()
    (sent,) = scenario.shop.received
    moment, proof = (part.partition("=")[2] for part in sent.fields["flashgen-signature"].split(","))
    assert hmac.digest(derived(NEWEST, FORWARD), f"{moment}.".encode() + sent.body, "sha256").hex() == proof
    assert [Count.DONE] == scenario.counted
    assert "order done" in scenario.events()


def test_an_answer_that_contradicts_what_was_decided_is_told_as_such(scenario: WorkerScenario) -> None:
    """The unit is sold twice: somebody has to see to that."""

    def decide_meanwhile(desk: Desk) -> None:
        with scenario.storage() as storage:
            (order,) = storage.orders(SALE)
            storage.settle(order.id, OrderState.REJECTED, time.time(), time.time(), "by hand: ann")
        desk.say(201)

    scenario.shop.otherwise = decide_meanwhile
    worker = scenario.worker()
    worker.start()
    scenario.wait_until(lambda: bool(scenario.counted))
    worker.stop()
    assert [Count.CONTRADICTED] == scenario.counted
    assert "order answered done, and is rejected here" in scenario.events()
    assert "order done" not in scenario.events()


def test_nothing_is_written_after_an_old_reading(scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what the pointer says by now, nor how much there is."""
    looked: list[float] = []

    def forget(self: object, monotonic: float) -> bool:
        looked.append(monotonic)
        return False

    is_fresh = sale_reader.SaleSnapshot.is_fresh
    monkeypatch.setattr(sale_reader.SaleSnapshot, "is_fresh", forget)
    worker = scenario.worker()
    worker.start()
    scenario.wait_until(lambda: len(looked) > 5)
    assert frozenset() == writer_of(scenario.store).file.read().pointer.state.sold
    monkeypatch.setattr(sale_reader.SaleSnapshot, "is_fresh", is_fresh)
    scenario.wait_until(lambda: writer_of(scenario.store).file.read().pointer.state.sold == {"RUG"})
    worker.stop()


def test_all_threads_end_side_by_side(scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor waits nine seconds for a worker."""
    told: list[tuple[str, float]] = []
    monkeypatch.setattr(SoldWriter, "stop", lambda _, limit: told.append(("sold", limit)))
    monkeypatch.setattr(Forwarder, "stop", lambda _, limit: told.append(("forwarder", limit)))
    scenario.worker().stop()
    first, (_, left), last = told[:3], told[3], told[4]
    assert [("sold", 0.0), ("forwarder", 0.0), ("forwarder", SETTLE_SECONDS), ("sold", 1.0)] == [*first, last]
    assert 0 <= left <= SETTLE_SECONDS


def test_the_last_wait_is_for_what_is_left(scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order subsystem that is waited for to the end leaves nothing."""
    is_over = threading.Event()
    limits: list[float] = []
    scenario.config = replace(scenario.config, settle_seconds=0.1)
    monkeypatch.setattr(SoldWriter, "stop", lambda _, limit: limits.append(limit))
    monkeypatch.setattr(Forwarder, "stop", lambda _, limit: is_over.wait(limit + 0.05))
    scenario.worker().stop()
    assert [0.0, 0.0] == limits


def test_a_config_shows_no_secret(scenario: WorkerScenario) -> None:
    """Tracebacks and logs have it."""
    shown = repr(replace(scenario.config, storage=SecretUrl("redis://:hunter2@10.0.0.5:6379/0")))
    assert "hunter2" not in shown
    assert "nnnn" not in shown
    assert "oooo" not in shown


def test_a_second_server_is_not_followed_with_a_file(scenario: WorkerScenario) -> None:
    """A push that adds one while this gate runs: each would sell the whole stock."""
    worker = scenario.worker()
    worker._reader.poll()
    before = worker._reader.reading
    assert before
    several = replace(before.settings, servers=(SERVER, "https://other.example.com"))
    scenario.store.put(settings_key(SALE), render(several), PRIVATE)
    worker._reader.poll()
    assert (before, ["sale not read"]) == (worker._reader.reading, scenario.events())
    assert "has 2 order servers" in json.loads(scenario.lines[0])["error"]


def test_what_is_sold_is_told_outward(scenario: WorkerScenario, tmp_path: Path) -> None:
    """By the worker that wrote it: the SKU, and that it was the last one. A receiver that hangs delays nothing."""
    with hook_receiver() as server:
        keys = parse_webhook_keys("ops", SECRET)
        hooks = tuple(
            Receiver(path, EVENT_TYPES, tmp_path, SecretUrl(server.at(path)), keys=keys)
            for path in ("hang", "ok", "404")
        )
        scenario.config = replace(scenario.config, hooks=hooks, target="production")
        worker = scenario.worker()
        worker.start()
        scenario.wait_until(lambda: len(server.got) == 2 and "hook failed" in scenario.events())
        worker.stop()
    assert ["sku.sold-out", "sale.sold-out"] == [told["type"] for told in server.got]
    assert [["RUG"], []] == [told["data"]["skus"] for told in server.got]
    assert {("production", f"gate {SERVER}")} == {(told["data"]["target"], told["data"]["who"]) for told in server.got}
    (failed, *_) = [line for line in map(json.loads, scenario.lines) if line["event"] == "hook failed"]
    assert ("404", "HTTP 404") == (failed["hook"], failed["met"])
    assert server.url not in "".join(scenario.lines)
