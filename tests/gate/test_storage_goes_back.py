"""A storage that goes back in time, or a second one for the same sale, sells nothing: real gates, Redis and SQLite."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.gate_process import SALE, Buyer, GateProcess, Shop, ask, free_url, gate_process, order_path, run
from support.order_stand_in import OrderStandIn, order_stand_in, status
from support.projects import finish, start
from support.redis_server import DURABLE, redis_server

from flashgen.gate.storage.opening import open_storage
from flashgen.layout import mark_key

STOCK = 40


@dataclass
class Sold:
    """A live sale of STOCK lamps, its order subsystem and its gates."""

    root: Path
    url: str
    subsystem: OrderStandIn

    def mark(self) -> dict[str, Any]:
        """As the store has it."""
        found: dict[str, Any] = json.loads((self.root / "store" / mark_key(SALE)).read_text(encoding="utf-8"))
        return found

    def buy(self, gate: GateProcess, count: int) -> int:
        """So many try; how many have an order."""
        buyers = [Buyer(gate.url, order_path(self.root)) for _ in range(count)]
        return sum("<bdi>" in buyer.buy("LAMP").text for buyer in buyers)

    def sell(self, gate: GateProcess, count: int) -> None:
        """So many orders, each of which reaches the order subsystem."""
        before = len(self.keys())
        assert count == self.buy(gate, count)
        gate.wait_until(lambda: len(self.keys()) == before + count, "done with forwarding")

    def keys(self) -> dict[str, dict[str, Any]]:
        """What the order subsystem has, by its key."""
        return {str(one.order["order_id"]): one.order for one in self.subsystem.received}

    def listed(self) -> Path:
        """Its list."""
        path = self.root / "orders.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("order_id", "sku", "buyer", "accepted_at"))
            writer.writerows((key, one["sku"], one["buyer"], one["accepted_at"]) for key, one in self.keys().items())
        return path

    def reconcile(self, storage: str) -> dict[str, Any]:
        """As an operator does."""
        words = ("gate", "reconcile", SALE, "--storage", storage, "--orders", str(self.listed()), "--yes", "--json")
        found: dict[str, Any] = json.loads(run(self.root, *words))["result"]
        return found


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[Sold]:
    """Pushed and opened; no gate has run."""
    with order_stand_in() as subsystem:
        subsystem.otherwise = status(201)
        url = free_url()
        Shop((url,), {"LAMP": STOCK}, {"forward_to": subsystem.url, "slots_per_server": 50}).open(tmp_path)
        yield Sold(tmp_path, url, subsystem)


def _check_stopped(gate: GateProcess, sold: Sold, reason: str) -> None:
    """Unready, its reason in log and metrics, and nobody gets an order, whatever they try."""
    gate.wait_until(lambda: not gate.is_ready(), "unready")
    before = len(sold.keys())
    assert 0 == sold.buy(gate, 5)
    assert before == len(sold.keys())
    gate.wait_until(lambda: bool(gate.events("sale stopped")), "stopped")
    assert {(reason, SALE)} == {(line["reason"], line["sale"]) for line in gate.events("sale stopped")}
    gate.wait_until(lambda: gate.stats()["stopped"] == reason, "stopped in each worker")
    shown = f'flashgen_gate_sale_stopped{{sale="{SALE}",reason="{reason}"}} 1'
    gate.wait_until(lambda: shown in ask(gate.admin_url, "GET", "/metrics").text, "stopped in its metrics")


def _check_goes_on(gate: GateProcess) -> None:
    """Each worker that has stopped; one that answers `/readyz` says nothing of the other."""
    gate.wait_until(lambda: len(gate.events("sale goes on")) == len(gate.events("sale stopped")), "going on")
    gate.wait_until(gate.is_ready, "ready again")


def test_a_promoted_replica_that_lags_sells_nothing(sold: Sold) -> None:
    """Until it is reconciled: then the rest of the stock is sold, once, without a restart."""
    with ExitStack() as stack:
        primary = stack.enter_context(redis_server(sold.root / "primary", **DURABLE))
        replica = stack.enter_context(
            redis_server(sold.root / "replica", **DURABLE, replicaof=f"127.0.0.1 {primary.port}")
        )
        words = ("--new-storage", "--workers", "2", "--storage", primary.url)
        gate = stack.enter_context(gate_process(sold.root, *words, url=sold.url))
        sold.sell(gate, 10)
        with primary.client() as client:
            assert client.wait(1, 10_000) >= 1
        replica.settings.pop("replicaof")
        with replica.client() as client:
            client.replicaof("NO", "ONE")  # from here on it lags
        sold.sell(gate, 20)
        primary.kill()
        replica.stop()
        replica.port = primary.port
        replica.start()
        _check_stopped(gate, sold, "storage-behind")
        gate.wait_until(lambda: sold.mark()["stopped"] is not None, "telling all others")
        assert sold.mark()["changes"] >= 30

        found = sold.reconcile(primary.url)
        assert (20, [], []) == (found["added"], found["oversold"], found["promised"])
        assert len(found["missing"]) == 20
        _check_goes_on(gate)
        assert STOCK - 30 == sold.buy(gate, STOCK)
        gate.wait_until(lambda: len(sold.keys()) == STOCK, "done with forwarding")
        assert None is sold.mark()["stopped"]


def test_a_backup_that_is_restored_into_the_running_file_sells_nothing(sold: Sold) -> None:
    """SQLite's own way of restoring, which no file's identity shows."""
    backup, stored = sold.root / "backup.db", sold.root / ".flashgen" / "gate-local.db"
    with gate_process(sold.root, "--new-storage", "--workers", "2", url=sold.url) as gate:
        sold.sell(gate, 2)
        _copy(stored, backup)
        sold.sell(gate, 10)
        _copy(backup, stored)
        with closing(open_storage("sqlite:.flashgen/gate-local.db", sold.root)) as storage:
            assert {"LAMP": 2} == dict(storage.tally(SALE, 0).taken)
        _check_stopped(gate, sold, "storage-behind")
        assert "went back in time" in run(sold.root, "status", SALE)
        assert 10 == sold.reconcile("sqlite:.flashgen/gate-local.db")["added"]
        _check_goes_on(gate)
        assert STOCK - 12 == sold.buy(gate, STOCK)


def test_a_gate_that_starts_on_an_older_storage_sells_nothing(sold: Sold) -> None:
    """The mark remembers what no process does any more."""
    backup, stored = sold.root / "backup.db", sold.root / ".flashgen" / "gate-local.db"
    with gate_process(sold.root, "--new-storage", url=sold.url) as gate:
        sold.sell(gate, 1)
        _copy(stored, backup)
        sold.sell(gate, 4)
        gate.wait_until(lambda: sold.mark()["changes"] >= 10, "marking it")
        assert 0 == gate.stop()
    _copy(backup, stored)
    later = GateProcess(sold.root, sold.url, (), {}, sold.root / "later.log", sold.root / "later.out")
    later.spawn()
    try:
        later.wait_until(lambda: bool(later.events("sale stopped")), "stopped")
        _check_stopped(later, sold, "storage-behind")
        assert "went back in time" in later.log.read_text(encoding="utf-8")
    finally:
        later.kill()


def test_a_second_storage_is_refused(sold: Sold) -> None:
    """Also while the first gate is down, and by name."""
    with gate_process(sold.root, "--new-storage", url=sold.url) as gate:
        sold.sell(gate, 1)
        words = ("gate", "serve", SALE, "--new-storage", "--storage", "sqlite:other.db", "--port", _port(sold.url))
        code, _, err = finish(start(sold.root, *words))
        assert 1 == code
        assert f"{SALE} is sold by another storage, sqlite:.flashgen/gate-local.db" in err
        assert "flashgen gate move" in err
        assert gate.is_ready()


def test_a_second_storage_is_refused_before_go_live(tmp_path: Path) -> None:
    """Each would register the sale, and both would sell later."""
    url = free_url()
    Shop((url,)).push(tmp_path)
    with gate_process(tmp_path, url=url):
        words = ("gate", "serve", SALE, "--storage", "sqlite:other.db", "--port", _port(url))
        code, _, err = finish(start(tmp_path, *words))
    assert (1, True) == (code, "is sold by another storage" in err)


def test_a_sale_is_moved(sold: Sold) -> None:
    """The gate of the storage before stops by itself; the new one sells when it has been reconciled."""
    with gate_process(sold.root, "--new-storage", url=sold.url) as gate:
        sold.sell(gate, 3)
        gate.wait_until(lambda: sold.mark()["changes"] >= 6, "marking it")
        code, _, err = finish(start(sold.root, "gate", "move", SALE, "--storage", "sqlite:new.db"))
        assert (2, True) == (code, "--yes" in err)
        run(sold.root, "gate", "move", SALE, "--storage", "sqlite:new.db", "--yes")
        _check_stopped(gate, sold, "other-storage")
        gate.stop()
    assert 3 == sold.reconcile("sqlite:new.db")["added"]
    with gate_process(sold.root, "--storage", "sqlite:new.db", url=sold.url, name="new") as gate:
        assert STOCK - 3 == sold.buy(gate, STOCK)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target, timeout=20)) as other:
        one.backup(other)


def _port(url: str) -> str:
    return url.rpartition(":")[2]
