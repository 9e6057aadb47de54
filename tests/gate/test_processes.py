"""`flashgen gate serve` as it runs: real processes, a folder store, SQLite, and a shop that answers."""

from __future__ import annotations

import hmac
import os
import re
import resource
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.gate_process import SALE, Buyer, GateProcess, Shop, free_url, gate_process, is_alive, order_path, run
from support.order_stand_in import Desk, OrderStandIn, order_stand_in, status
from support.projects import finish, start
from support.redis_server import redis_server

from flashgen.addresses import SecretUrl
from flashgen.unlock.pointer import Pointer, parse

STORED = Path(".flashgen/gate-local.db")


@dataclass
class Place:
    """A project whose sale is live, before any gate has run there, and the shop that its orders go to."""

    root: Path
    shop: Shop
    subsystem: OrderStandIn

    def buyer(self, gate: GateProcess) -> Buyer:
        """Somebody who has the order URL."""
        return Buyer(gate.url, order_path(self.root))

    def pointer(self) -> Pointer:
        """As the store has it."""
        (path,) = (self.root / "store" / SALE).glob("unlock.*.js")
        found = parse(path.read_bytes(), path.name)
        assert isinstance(found, Pointer)
        return found

    def orders(self) -> list[str]:
        """What `gate orders list` says of each: its state."""
        return re.findall(r"  (accepted|unknown|done|rejected)\b", run(self.root, "gate", "orders", "list", SALE))


@pytest.fixture(scope="module")
def subsystem() -> Iterator[OrderStandIn]:
    """One for all: its address is in gate.json."""
    with order_stand_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, subsystem: OrderStandIn) -> tuple[Path, Shop]:
    """Written, pushed and opened once; not to be touched."""
    root = tmp_path_factory.mktemp("live")
    shop = Shop((free_url(),), order={"forward_to": subsystem.url})
    shop.open(root)
    return root, shop


@pytest.fixture
def place(live: tuple[Path, Shop], subsystem: OrderStandIn, tmp_path: Path) -> Place:
    """A copy."""
    root = tmp_path / "project"
    shutil.copytree(live[0], root)
    subsystem.received.clear()
    subsystem.answers.clear()
    subsystem.otherwise = status(201)
    return Place(root, live[1], subsystem)


@pytest.fixture
def gate(place: Place) -> Iterator[GateProcess]:
    """One at work there, of two workers."""
    with gate_process(place.root, "--new-storage", "--workers", "2") as one:
        yield one


def test_an_order_goes_all_the_way(place: Place, gate: GateProcess) -> None:
    """Form, order, the shop's system, the list; and the buyer sees it again."""
    buyer = place.buyer(gate)
    shown = buyer.buy("LAMP")
    assert 200 == shown.status
    gate.wait_until(lambda: bool(gate.events("order done")), "done with the order")
    (sent,) = place.subsystem.received
    assert ("LAMP", 1, "19.90", "EUR") == tuple(sent.order[name] for name in ("sku", "quantity", "price", "currency"))
    assert sent.order["order_id"] in shown.text
    assert sent.order["order_id"] in buyer.get("LAMP").text
    assert ["done"] == place.orders()


def test_the_shop_can_tell_that_an_order_is_the_gate_s(place: Place, gate: GateProcess) -> None:
    """By the key that `gate key` prints."""
    key = bytes.fromhex(run(place.root, "gate", "key").strip())
    place.buyer(gate).buy("LAMP")
    gate.wait_until(lambda: bool(place.subsystem.received), "forwarding")
    (sent,) = place.subsystem.received
    moment, proof = (part.partition("=")[2] for part in sent.fields["flashgen-signature"].split(","))
    assert hmac.new(key, moment.encode() + b"." + sent.body, "sha256").hexdigest() == proof


def test_what_sells_out_reaches_the_pointer(place: Place, gate: GateProcess) -> None:
    """So that pages stop sending buyers; whoever comes all the same is sent to the ended page."""
    for _ in range(2):
        assert 200 == place.buyer(gate).buy("MUG").status
    late = place.buyer(gate).get("MUG")
    assert (303, f"{place.shop.url}/{SALE}/ended/") == (late.status, late.fields["location"])
    gate.wait_until(lambda: place.pointer().state.sold == {"MUG"}, "telling that it is sold out")
    assert 200 == place.buyer(gate).get("LAMP").status


def test_a_stop_is_clean(place: Place, gate: GateProcess) -> None:
    """What the shop still answers is written down; nothing is left to be sent again."""
    is_asked, may_answer = threading.Event(), threading.Event()

    def slow(desk: Desk) -> None:
        is_asked.set()
        may_answer.wait(20)
        desk.say(201)

    place.subsystem.otherwise = slow
    place.buyer(gate).buy("LAMP")
    assert is_asked.wait(20)
    threading.Timer(2.0, may_answer.set).start()  # when its connections are closed already
    assert 0 == gate.stop()
    assert ["done"] == place.orders()
    assert not gate.workers()


def test_a_shop_that_does_not_answer_holds_no_stop_up(place: Place, gate: GateProcess) -> None:
    """The order waits in the storage, for the next gate."""
    may_answer = threading.Event()

    def silent(desk: Desk) -> None:
        may_answer.wait(40)
        desk.say(201)

    place.subsystem.otherwise = silent
    place.buyer(gate).buy("LAMP")
    gate.wait_until(lambda: bool(place.subsystem.received), "forwarding")
    assert 0 == gate.stop()
    may_answer.set()
    assert ["accepted"] == place.orders()


def test_ctrl_c_ends_it_as_any_command(gate: GateProcess) -> None:
    """Without a word."""
    assert 130 == gate.stop(signal.SIGINT)
    text = gate.log.read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert "interrupted" not in text


def test_a_worker_that_is_killed_is_started_again(place: Place, gate: GateProcess) -> None:
    """Its orders are where they were."""
    buyer = place.buyer(gate)
    buyer.buy("LAMP")
    before = gate.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    gate.wait_until(lambda: len(gate.workers() - before) == 2, "whole again")
    gate.wait_until(gate.is_ready, "ready again")
    assert "Order number" in buyer.get("LAMP").text


def test_workers_do_not_outlive_their_parent(place: Place, gate: GateProcess) -> None:
    """They would keep the port from whoever starts it again."""
    place.buyer(gate).buy("LAMP")
    workers = gate.workers()
    gate.process.kill()
    gate.process.wait()
    deadline = time.monotonic() + 30
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, workers))
    gate.start()
    assert {"LAMP": 1} == gate.stats()["taken"]


def test_after_a_crash_it_goes_on_where_it_was(place: Place, gate: GateProcess) -> None:
    """Stock, orders, and what was not forwarded yet, under the same key; no `--new-storage` is needed."""
    place.subsystem.otherwise = status(503)
    buyer = place.buyer(gate)
    buyer.buy("LAMP")
    gate.wait_until(lambda: bool(place.subsystem.received), "forwarding")
    gate.kill()
    place.subsystem.otherwise = status(201)
    gate.arguments = ()
    gate.start()
    assert "Order number" in buyer.get("LAMP").text
    gate.wait_until(lambda: bool(gate.events("order done")), "done with the order")
    assert 1 == len(set(place.subsystem.keys()))
    assert {"LAMP": 1} == gate.stats()["taken"]


def test_workers_are_replaced_on_sighup(gate: GateProcess) -> None:
    """One after the other: somebody always answers."""
    before = gate.workers()
    gate.process.send_signal(signal.SIGHUP)
    gate.wait_until(lambda: len(gate.workers() - before) == 2 and not gate.workers() & before, "renewed")
    assert gate.is_ready()


def test_a_storage_that_was_lost_is_not_begun_anew(place: Place) -> None:
    """Unless somebody says that no order was ever taken."""
    code, _, err = finish(start(place.root, "gate", "serve", "--port", free_url().rpartition(":")[2]))
    assert 1 == code
    assert f"knows nothing of {SALE}, which has been live" in err
    assert "--new-storage" in err
    assert "Traceback" not in err


def test_before_the_first_go_live_a_storage_is_begun(place: Place) -> None:
    """And then it is known, whatever happens later."""
    sale = replace(place.shop, sale="dawn")
    sale.push(place.root)
    with gate_process(place.root, "dawn") as gate:
        assert {} == gate.stats()["taken"]
        assert 0 == gate.stop()
        run(place.root, "go-live", "dawn", "--early", "--yes")
        gate.start()
        assert 200 == Buyer(gate.url, order_path(place.root, "dawn")).get("LAMP").status


def test_a_push_is_followed_within_seconds(place: Place, gate: GateProcess) -> None:
    """New stock, and a new place for orders; no restart."""
    for _ in range(2):
        place.buyer(gate).buy("MUG")
    assert 303 == place.buyer(gate).get("MUG").status
    workers = gate.workers()
    with order_stand_in() as other:
        replace(place.shop, stock={"LAMP": 3, "MUG": 3}, order={"forward_to": other.url}).push(place.root)
        gate.wait_until(lambda: place.buyer(gate).get("MUG").status == 200, "selling the new unit")
        gate.wait_until(lambda: place.buyer(gate).buy("MUG").status == 200, "taking the order")
        gate.wait_until(lambda: len(other.received) == 1, "forwarding it")
    assert workers == gate.workers()


def test_a_worker_begins_without_a_store(place: Place, gate: GateProcess) -> None:
    """It says that it is not ready, until there is one again."""
    before, path = gate.workers(), order_path(place.root)
    (place.root / "store").rename(place.root / "elsewhere")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    gate.wait_until(lambda: len(gate.workers() - before) == 2, "whole again")
    assert 503 == gate.get("/readyz").status
    assert 503 == gate.get(f"{path}?sku=LAMP").status
    (place.root / "elsewhere").rename(place.root / "store")
    gate.wait_until(gate.is_ready, "ready again")


def test_the_secret_is_on_no_command_line_and_in_no_environment(place: Place, gate: GateProcess) -> None:
    """Where every user of the machine, or every child, could read it."""
    secret = (place.root / ".flashgen" / "secret").read_bytes().strip()
    for pid in {gate.process.pid, *gate.workers()}:
        for name in ("cmdline", "environ"):
            assert secret not in Path(f"/proc/{pid}/{name}").read_bytes()


def test_workers_may_have_as_many_connections_as_the_system_lets_them(place: Place) -> None:
    """A crowd is more than the 1,024 files that most shells start with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
    try:
        with gate_process(place.root, "--new-storage") as gate:
            (worker,) = gate.workers()
            assert (hard, hard) == resource.prlimit(worker, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_log_tells_of_orders_and_of_nobody(place: Place, gate: GateProcess) -> None:
    """One JSON object a line; no buyer, no address, no token, no cookie, no lease."""
    buyer = place.buyer(gate)
    buyer.get("LAMP")
    lease = buyer.lease
    order = buyer.buy("LAMP")
    gate.wait_until(lambda: bool(gate.events("order done")), "done with the order")
    gate.stop()
    text = gate.log.read_text(encoding="utf-8")
    (sent,) = place.subsystem.received
    assert sent.order["order_id"] in text
    assert order.status == 200
    for private in (sent.order["buyer"], buyer.cookie, lease, lease.partition(".")[0], buyer.path[3:], "127.0.0.1"):
        assert private not in text.replace(gate.url, "")
    lines = [line for line in text.splitlines() if "begins anew" not in line]
    assert len(lines) == len(gate.events())


def test_it_says_what_it_serves(place: Place, gate: GateProcess) -> None:
    """Where it listens, as which server, the sale, its storage, where orders go."""
    said = gate.said.read_text(encoding="utf-8").splitlines()
    assert [
        f"listening on {gate.url}, as {place.shop.servers[0]}",
        f"{SALE}: live, 10 slots, orders go to {SecretUrl(place.subsystem.url)}",
        f"{SALE}: if its storage goes back, at most 100 units are sold again",
        "storage: sqlite:.flashgen/gate-local.db",
        f"/metrics and /stats: {gate.admin_url}",
    ] == said
    assert 0o600 == (place.root / STORED).stat().st_mode & 0o777


def test_nothing_is_left_behind(place: Place, gate: GateProcess, tmp_path: Path) -> None:
    """The file that workers count in goes with them."""
    gate.stop()
    gate.environment = {"TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    gate.start()
    assert 1 == len(list((tmp_path / "temporary").iterdir()))
    gate.stop()
    assert [] == list((tmp_path / "temporary").iterdir())


def test_several_servers_share_a_redis(tmp_path: Path) -> None:
    """Each finds by its port which one it is; stock and orders are everybody's. The password is not shown."""
    shop = Shop((free_url(), free_url()), stock={"LAMP": 1})
    shop.open(tmp_path)
    with redis_server(tmp_path / "redis", requirepass="secret-word") as server:
        place = {"FLASHGEN_STORAGE": server.url}
        with (
            gate_process(tmp_path, "--new-storage", url=shop.servers[0], name="east", **place) as east,
            gate_process(tmp_path, url=shop.servers[1], name="west", **place) as west,
        ):
            buyer = Buyer(east.url, order_path(tmp_path))
            assert "Order number" in buyer.buy("LAMP").text
            buyer.url = west.url
            assert "Order number" in buyer.get("LAMP").text
            assert 303 == Buyer(west.url, buyer.path).get("LAMP").status
            assert f"listening on {west.url}\n" in west.said.read_text(encoding="utf-8")
            assert "warning: redis://127.0.0.1" in east.log.read_text(encoding="utf-8")
            assert "accepted" in run(tmp_path, "gate", "orders", "list", SALE, **place)
        said = "".join(one.read_text(encoding="utf-8") for gate in (east, west) for one in (gate.log, gate.said))
        assert "secret-word" not in said
