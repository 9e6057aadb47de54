"""A gate whose clock is wrong: it says so, and does no harm to those of others."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.clock import Clock
from support.gate_process import SALE, Buyer, GateProcess, Shop, ask, free_url, gate_process, order_path, run
from support.order_stand_in import order_stand_in, status
from support.redis_server import RedisProcess, redis_server
from support.s3_server import lacking

from flashgen.gate.clocks import READINGS, Clocks
from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.protocol import StorageLost
from flashgen.gate.storage.redis.storage import RedisStorage

HOUR = 3600
LIBRARIES = [
    Path(f"/usr/lib/{system}/faketime/libfaketimeMT.so.1") for system in ("x86_64-linux-gnu", "aarch64-linux-gnu")
]


class Machine:
    """One machine's clocks, which a test sets, and what is said of them."""

    def __init__(self) -> None:
        self.wall, self.even = Clock(1_000_000.0), Clock(500.0)
        self.said: list[str] = []
        self.clocks = Clocks(self.wall, self.even, self.said.append)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.wall.wait(seconds)
        self.even.wait(seconds)

    def read_storage(self, ahead: float, times: int = READINGS) -> None:
        """The storage's clock, `ahead` of ours, over a connection without delay."""
        for _ in range(times):
            self.clocks.note_storage(self.wall(), self.wall() + ahead)

    def read_store(self, ahead: float, times: int = READINGS) -> None:
        """The store's, cut to whole seconds."""
        for _ in range(times):
            self.clocks.note_store(self.wall(), float(int(self.wall() + ahead)))
            self.wait(1)


@pytest.fixture
def machine() -> Machine:
    """A new one."""
    return Machine()


@pytest.mark.parametrize("ahead", [0.0, 1.9, -1.9])
def test_clocks_that_agree_are_no_trouble(machine: Machine, ahead: float) -> None:
    """Within two seconds, which NTP keeps by far."""
    machine.read_storage(ahead)
    machine.read_store(ahead)
    assert ("", []) == (machine.clocks.trouble, machine.said)


@pytest.mark.parametrize(("ahead", "side"), [(-3600.0, "3600 s ahead of"), (3600.0, "3600 s behind")])
def test_a_clock_that_is_off_is_named_with_the_remedy(machine: Machine, ahead: float, side: str) -> None:
    """How far, whose, and what to do; once."""
    machine.read_storage(ahead, 2 * READINGS)
    sentence = f"this machine's clock is {side} the storage's: have both set by NTP (chrony or systemd-timesyncd)"
    assert (sentence, [sentence]) == (machine.clocks.trouble, machine.said)
    machine.read_storage(0.0, 2 * READINGS)
    assert ("", [sentence, ""]) == (machine.clocks.trouble, machine.said)


def test_as_many_readings_make_it_right_again(machine: Machine) -> None:
    """Also right after it was found to be off; two seconds exactly are none too many."""
    machine.read_storage(-3600.0)
    machine.read_storage(2.0, READINGS - 1)
    assert machine.clocks.trouble
    machine.read_storage(2.0, 1)
    assert "" == machine.clocks.trouble
    machine.read_storage(0.0625)
    assert {"storage": 0.062} == machine.clocks.offsets()


def test_the_store_is_a_witness_too(machine: Machine) -> None:
    """SQLite has this machine's own clock, and could not tell."""
    machine.read_storage(0.0)
    machine.read_store(-60.0)
    assert "59 s ahead of the store's" in machine.clocks.trouble
    assert {"storage": 0.0, "store": -60.0} == {whose: round(off) for whose, off in machine.clocks.offsets().items()}


def test_one_wrong_answer_changes_nothing(machine: Machine) -> None:
    """A store has many servers."""
    machine.read_store(0.0)
    machine.read_store(-60.0, READINGS - 1)
    machine.read_store(0.0)
    assert ("", []) == (machine.clocks.trouble, machine.said)


def test_a_slow_answer_proves_nothing(machine: Machine) -> None:
    """It may have been made at any time in between."""
    for _ in range(READINGS):
        sent = machine.wall()
        machine.wait(5)
        machine.clocks.note_storage(sent, sent + 1)
    assert "" == machine.clocks.trouble


def test_the_storages_time_goes_on_by_itself(machine: Machine) -> None:
    """Whatever happens to this machine's clock."""
    with pytest.raises(StorageLost):
        machine.clocks.storage_now()
    machine.read_storage(100.0, 1)
    machine.wall.wait(HOUR)
    machine.even.wait(0.5)
    assert 1_000_100.5 == machine.clocks.storage_now()


@pytest.fixture(scope="module")
def wrong_clock() -> dict[str, str]:
    """Environment of a process whose clock is an hour ahead."""
    library = next((path for path in LIBRARIES if path.exists()), None)
    if library is None:
        lacking("no libfaketime: `apt-get install faketime` has it")
    return {"LD_PRELOAD": str(library), "FAKETIME": f"+{HOUR}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisProcess]:
    """Empty."""
    with redis_server(tmp_path / "redis") as one:
        yield one


@contextmanager
def _wrong_gate(root: Path, server: RedisProcess, wrong_clock: dict[str, str], origin: str) -> Iterator[GateProcess]:
    """It never becomes ready, so nobody waits for that."""
    url = free_url()
    arguments = ("--server", origin)
    environment = {"FLASHGEN_STORAGE": server.url, **wrong_clock}
    gate = GateProcess(root, url, arguments, environment, root / "wrong.log", root / "wrong.out")
    gate.spawn()
    try:
        gate.wait_until(lambda: bool(gate.log.exists() and gate.events("clock off")), "off")
        yield gate
    finally:
        gate.kill()


def test_an_hour_ahead_is_not_ready_and_ends_nobodys_lease(
    tmp_path: Path, server: RedisProcess, wrong_clock: dict[str, str]
) -> None:
    """Beside a gate of the same origin whose clock is right, on the same Redis."""
    origin = free_url()
    Shop((origin,), order={"slots_per_server": 1, "lease": "5m"}).open(tmp_path)
    with (
        gate_process(tmp_path, "--new-storage", "--server", origin, FLASHGEN_STORAGE=server.url) as right,
        _wrong_gate(tmp_path, server, wrong_clock, origin) as wrong,
    ):
        (event,) = wrong.events("clock off")
        assert "s ahead of the storage's: have both set by NTP" in event["error"]
        assert 3590 < float(event["error"].split(" s ")[0].split()[-1]) < 3610
        assert [503] * 5 == [wrong.get("/readyz").status for _ in range(5)]
        assert event["error"] in json.loads(ask(wrong.admin_url, "GET", "/stats").body)["trouble"]
        path = order_path(tmp_path)
        ada, bob = Buyer(right.url, path), Buyer(wrong.url, path)
        assert 200 == ada.get("LAMP").status
        assert "/waiting/" in bob.get("LAMP").fields["location"]
        assert "?" == ada.post("LAMP").fields["location"][0]
        assert right.is_ready()


def test_an_hour_ahead_puts_no_attempt_off(tmp_path: Path, server: RedisProcess, wrong_clock: dict[str, str]) -> None:
    """Neither its own, nor what its operator's command hurries."""
    origin = free_url()
    with order_stand_in() as subsystem, closing(RedisStorage(server.url)) as storage:
        subsystem.otherwise = status(503)
        Shop((origin,), order={"forward_to": subsystem.url}).open(tmp_path)
        storage.begin(SALE)
        with _wrong_gate(tmp_path, server, wrong_clock, origin) as wrong:
            buyer = Buyer(wrong.url, order_path(tmp_path))
            buyer.buy("LAMP")
            wrong.wait_until(lambda: bool(wrong.events("order unknown")), "trying")
        (order,) = storage.orders(SALE)
        assert abs(order.accepted_at - time.time()) < HOUR / 2
        assert order.due_at - time.time() < HOUR / 2
        moment = subsystem.received[0].fields["flashgen-signature"].partition(",")[0].removeprefix("t=")
        assert abs(int(moment) - time.time()) < HOUR / 2
        storage.settle(order.id, OrderState.UNKNOWN, time.time(), time.time() + 60, "HTTP 503")
        run(tmp_path, "gate", "orders", "retry", SALE, **{"FLASHGEN_STORAGE": server.url, **wrong_clock})
        (order,) = storage.orders(SALE)
        assert order.due_at <= time.time()
