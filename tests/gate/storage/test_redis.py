"""Redis as a storage of the gate."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Timer

import pytest
from support.cutting_proxy import cutting_proxy
from support.redis_server import DURABLE, RedisProcess, redis_server, valkey_program
from support.storage_contract import StorageContract
from support.visits import EAST, LEASE_SECONDS, NOW, ask, bought, buy, enter, find, leave

from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.protocol import Answer, Ask, Lease, NoPlace, Storage, StorageLost
from flashgen.gate.storage.redis import server as redis_server_module
from flashgen.gate.storage.redis import storage as redis_module
from flashgen.gate.storage.redis.records import order_of, record_of
from flashgen.gate.storage.redis.scripts import FIND, RIGHTS
from flashgen.gate.storage.redis.storage import PAGE, RedisStorage
from flashgen.typed_json import Damaged, Newer

DOCUMENT = Path(__file__).parents[3] / "docs" / "gate.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """One for the module."""
    with redis_server(tmp_path_factory.mktemp("redis"), requirepass="open-sesame") as server:
        yield server


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """One for the module."""
    with redis_server(tmp_path_factory.mktemp("valkey"), valkey_program()) as server:
        yield server


@pytest.fixture
def storage_url(server: RedisProcess) -> str:
    """A server that has forgotten the test before; it asks for a password."""
    with server.client() as client:
        client.flushall()
        client.script_flush()
    return server.url


@pytest.fixture
def storage(storage_url: str) -> Iterator[RedisStorage]:
    """In which `night` has begun."""
    storage = RedisStorage(storage_url)
    storage.begin("night")
    yield storage
    storage.close()


class TestRedisStorage(StorageContract):
    """Keeps the contract."""

    @pytest.fixture
    def storage_url(self, storage_url: str) -> str:
        """As everywhere here."""
        return storage_url


class TestAsAUserWithFewRights(StorageContract):
    """Keeps the contract with the rights that docs/gate.md lists, and no others."""

    @pytest.fixture
    def storage_url(self, server: RedisProcess, storage_url: str) -> str:
        """The user's; the rules are read from the document."""
        with server.client() as client:
            client.execute_command("ACL SETUSER", "gate", "reset", "on", ">word", *_documented_rights().split())
        return storage_url.replace(":open-sesame@", "gate:word@")

    def test_the_document_lists_what_errors_tell(self) -> None:
        """No right too few, and none too many: they are those of the scripts."""
        assert RIGHTS == _documented_rights()


def _documented_rights() -> str:
    (rules,) = re.findall(r"^ACL SETUSER gate on >PASSWORD (.+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return str(rules)


class TestValkey(StorageContract):
    """Keeps the contract in Valkey, too."""

    @pytest.fixture
    def storage_url(self, valkey: RedisProcess) -> str:
        """An empty one."""
        with valkey.client() as client:
            client.flushall()
            client.script_flush()
        return valkey.url.replace("redis://", "valkey://")


LATER = NOW + LEASE_SECONDS
EVERYTHING: dict[str, Callable[[Storage], object]] = {
    "find": lambda storage: storage.decide([find()]),
    "enter": lambda storage: storage.decide([enter()]),
    "buy": lambda storage: storage.decide([buy()]),
    "leave": lambda storage: storage.decide([leave()]),
    "tally": lambda storage: storage.tally("night", NOW),
    "claim": lambda storage: storage.claim("night", NOW, NOW + 1, 1),
    "settle": lambda storage: storage.settle("order-ada", OrderState.DONE, NOW, NOW, ""),
    "retry": lambda storage: storage.retry("night", NOW),
    "orders": lambda storage: list(storage.orders("night")),
}
"""Every method that says or changes something of a sale."""


class TestForgetting:
    """What a server loses while a gate runs."""

    @pytest.mark.parametrize("method", EVERYTHING)
    def test_an_emptied_server_does_not_answer_for_the_sale(
        self, server: RedisProcess, storage: RedisStorage, method: str
    ) -> None:
        """FLUSHALL in the middle: nothing is sold again, and nobody hears that there were no orders."""
        bought(storage, "ada")
        storage.claim("night", NOW, NOW, 1)
        with server.client() as client:
            client.flushall()
        with pytest.raises(StorageLost):
            EVERYTHING[method](storage)
        with server.client() as client:
            assert [] == client.keys()

    def test_scripts_that_are_forgotten_are_given_again(self, server: RedisProcess, storage: RedisStorage) -> None:
        """In a batch of which the server knows half."""
        storage.decide([enter("ada")])
        with server.client() as client:
            client.script_flush()
            client.script_load(FIND.text)
        asked: list[Ask] = [find("ada"), enter("bob"), find("bob"), buy("bob")]
        assert [None, Lease("lease-bob", NOW + LEASE_SECONDS, is_new=True), None, buy("bob").order] == storage.decide(
            asked
        )

    def test_orders_without_their_records_are_no_orders(self, server: RedisProcess, storage: RedisStorage) -> None:
        """Somebody else's hand: nothing is made up for what is missing."""
        bought(storage, "ada")
        with server.client() as client:
            client.delete("flashgen:{night}:orders")
        for method in ("find", "enter", "buy", "claim", "orders"):
            with pytest.raises(StorageLost, match=r"orders in it are missing|damaged"):
                EVERYTHING[method](storage)


RECORD = record_of(Order("a", "night", "PHONE", "ada", "19.90", "EUR", 1.5, OrderState.UNKNOWN, 2, 61.25, "timed\nout"))


class TestRecords:
    """Orders as they lie in the server, where others may write, too."""

    def test_a_record_is_the_order(self) -> None:
        """A note may have spaces and lines."""
        assert RECORD == record_of(order_of(RECORD))

    @pytest.mark.parametrize(
        ("was", "now"),
        [
            ('"19.90"', "19.90"),
            ('"19.90"', '"-19.90"'),
            ('"19.90"', '"0x10"'),
            ("1.5", '"1.5"'),
            ("1.5", "NaN"),
            ("1.5", "-1.5"),
            ("1.5", "1e400"),
            ('"ada"', "null"),
            ('"ada"', '["ada"]'),
            ('"ada"', '"\\u001b[2J"'),
            ('"buyer":"ada",', ""),
            ('{"id"', '{"format":2,"id"'),
            ("unknown", "payed"),
            (" 2 ", " -2 "),
            (" 2 ", " 1_000 "),
            (" 2 ", " ٢ "),
            ("61.25", "nan"),
            ("61.25", "inf"),
            ("\nunknown", " unknown"),
            (RECORD, ""),
            (RECORD, "[" * 100_000),
        ],
    )
    def test_a_damaged_record_is_no_order(self, was: str, now: str) -> None:
        """It is refused as a whole: no order is forwarded with a price that nobody agreed to."""
        assert was in RECORD
        with pytest.raises((Damaged, Newer)):
            order_of(RECORD.replace(was, now, 1))

    def test_a_damaged_record_stops_the_storage(self, server: RedisProcess, storage: RedisStorage) -> None:
        """With the server's name and the way on, and without what was found."""
        bought(storage, "ada")
        with server.client() as client:
            ((order, record),) = client.hgetall("flashgen:{night}:orders").items()
            client.hset("flashgen:{night}:orders", order, record.replace('"ada"', '"hidden\\n"'))
        with pytest.raises(StorageLost, match="an order in it is damaged") as lost:
            storage.claim("night", NOW, NOW, 1)
        assert "hidden" not in f"{lost.value}{lost.value.hint}"


class TestKeys:
    """What lies in the server."""

    def test_nothing_is_left_of_leases(self, server: RedisProcess, storage: RedisStorage) -> None:
        """A crowd that came and went takes no memory."""
        storage.decide([enter(f"buyer-{number}", slots=100) for number in range(100)])
        storage.decide([leave(f"buyer-{number}") for number in range(50)])
        storage.decide([enter("last", now=NOW + LEASE_SECONDS), leave("last")])
        with server.client() as client:
            assert {"epoch": "1"} == client.hgetall(f"flashgen:{{night}}:leases:{EAST}")
            assert not client.exists(f"flashgen:{{night}}:slots:{EAST}")

    @pytest.mark.parametrize(
        ("question", "wanted"),
        [
            (
                enter("buyer-1499", lease="again", slots=1, now=LATER),
                Lease("again", LATER + LEASE_SECONDS, is_new=True),
            ),
            (buy("buyer-1499", may_revive=False, now=LATER), NoPlace.FULL),
            (buy("buyer-1499", slots=1, now=LATER), buy("buyer-1499", now=LATER).order),
        ],
        ids=str,
    )
    def test_more_leases_expire_than_are_cleared_away_at_once(
        self, storage: RedisStorage, question: Ask, wanted: Answer
    ) -> None:
        """Those that stay for now hold nothing."""
        storage.decide([enter(f"buyer-{number:04}", slots=1500) for number in range(1500)])
        assert [wanted] == storage.decide([question])

    def test_the_crowd_writes_nothing(self, server: RedisProcess, storage: RedisStorage) -> None:
        """Turning people away costs no line of the append-only file."""
        storage.decide([enter("ada")])
        with server.client() as client:
            before = client.info("persistence")["rdb_changes_since_last_save"]
            storage.decide([enter("bob", slots=1), enter("eve", stock=0), find("eve"), leave("eve")])
            assert before == client.info("persistence")["rdb_changes_since_last_save"]

    def test_a_sales_keys_share_one_place_in_a_cluster(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As a proxy before several servers wants it. A node, which the gate would refuse, says so of every script."""
        monkeypatch.setattr(redis_module, "check", lambda settings: None)
        with redis_server(tmp_path, cluster_enabled="yes") as node, node.client() as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            _wait_until(lambda: client.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
            storage = RedisStorage(node.url)
            storage.begin("night")
            bought(storage, "ada", "bob")
            for method in EVERYTHING.values():
                method(storage)
            assert storage.acquire_lease("sold:night", "east", NOW, NOW + 1)
            storage.close()

    def test_orders_come_in_pages(self, storage: RedisStorage) -> None:
        """One that comes in before those that were read moves the rest: none is left out, none is there twice."""
        buyers = [f"buyer-{number:04}" for number in range(2 * PAGE)]
        storage.decide([buy(buyer, stock=None, slots=PAGE) for buyer in buyers])
        listed = storage.orders("night")
        first = [next(listed).id for _ in range(PAGE)]
        bought(storage, "behind", now=NOW - 1, stock=None)
        assert [f"order-{buyer}" for buyer in buyers] == first + [order.id for order in listed]


class TestCrash:
    """The server dies, the way to it is cut."""

    def test_what_was_acknowledged_outlives_a_crash(self, tmp_path: Path) -> None:
        """Killed again and again under load, with a file that is synced before each answer."""
        told: set[str] = set()
        with redis_server(tmp_path, **DURABLE) as server:
            storage = RedisStorage(server.url)
            storage.begin("night")
            for life in range(4):
                told |= _sell_until_killed(server, storage, life)
                server.start()
                kept = {order.id for order in storage.orders("night")}
                assert told <= kept
                assert len(kept) == storage.tally("night", NOW).taken["PHONE"]
            storage.close()
        assert len(told) > 100

    @pytest.mark.parametrize("seed", range(2))
    def test_cut_connections_sell_nothing_twice(self, server: RedisProcess, storage: RedisStorage, seed: int) -> None:
        """Buyers whose answer was lost ask again: each has one order, and there are as many as units."""
        buyers = [f"buyer-{number}" for number in range(150)]
        with cutting_proxy(server.port, seed, longest_question=20_000, longest_answer=6_000) as proxy:
            url = server.url.replace(str(server.port), str(proxy.own_port))
            with ThreadPoolExecutor(4) as threads:
                crowds = [threads.submit(_insist, url, buyers, random.Random(crowd)) for crowd in range(4)]
            told = [crowd.result() for crowd in crowds]
        orders = {order.buyer: order for order in storage.orders("night")}
        assert 100 == len(orders) == len(list(storage.orders("night"))) == storage.tally("night", NOW).taken["PHONE"]
        for answers in told:
            assert {buyer: orders.get(buyer, NoPlace.SOLD_OUT) for buyer in buyers} == answers
        assert proxy.cuts > 20

    def test_a_cut_between_changes_the_right_orders_once(self, server: RedisProcess, storage: RedisStorage) -> None:
        """Orders are claimed and settled through a connection that breaks: half of them rejected, each unit once."""
        buyers = [f"buyer-{number}" for number in range(100)]
        bought(storage, *buyers, slots=100)
        with cutting_proxy(server.port, 7, longest_question=6_000, longest_answer=6_000) as proxy:
            _forward(server.url.replace(str(server.port), str(proxy.own_port)))
        states = [order.state for order in storage.orders("night")]
        assert (50, 50) == (states.count(OrderState.DONE), states.count(OrderState.REJECTED))
        assert {"PHONE": 50} == dict(storage.tally("night", NOW).taken)
        assert None is storage.tally("night", NOW).oldest_waiting
        assert proxy.cuts > 5

    def test_a_late_answer_is_nobody_elses(
        self, server: RedisProcess, storage_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server that froze answers what was asked before; whoever asks next gets their own answer."""
        monkeypatch.setattr(redis_server_module, "ANSWER_SECONDS", 0.2)
        storage = RedisStorage(storage_url)
        storage.begin("night")
        bought(storage, "ada")
        with server.frozen(), pytest.raises(StorageLost, match="no answer in time"):
            storage.decide([find("ada"), enter("bob")])
        assert [None, buy("ada").order] == storage.decide([find("eve"), find("ada")])
        storage.close()


def _sell_until_killed(server: RedisProcess, storage: RedisStorage, life: int) -> set[str]:
    """Sell in batches, killing the server at some moment; the ids of orders that buyers were told of."""
    told: set[str] = set()
    killer = Timer(0.1 + 0.05 * life, server.kill)
    killer.start()
    for turn in count():
        wishes = [buy(f"{life}-{turn}-{number}", stock=None) for number in range(16)]
        try:
            told |= {order.id for order in storage.decide(wishes) if isinstance(order, Order)}
        except StorageLost:
            break
    killer.join()
    return told


def _insist(url: str, buyers: Sequence[str], rng: random.Random) -> dict[str, Answer]:
    """All buyers enter and order, in batches, and ask again until they are told something."""
    storage = _opened(url)
    waiting = list(buyers)
    answers: dict[str, Answer] = {}
    while waiting:
        rng.shuffle(waiting)
        batch = waiting[:16]
        try:
            storage.decide([enter(buyer, slots=1000) for buyer in batch])
            ids = [f"order-{buyer}-{rng.random()}" for buyer in batch]
            said = storage.decide([buy(one, order=order, slots=1000) for one, order in zip(batch, ids, strict=True)])
        except StorageLost:
            continue
        answers.update(zip(batch, said, strict=True))
        waiting = waiting[16:]
    storage.close()
    return answers


def _forward(url: str) -> None:
    """All orders, every other one rejected; what is not known to be settled is settled again."""
    storage, now = _opened(url), NOW
    while True:
        now += 10
        try:
            claimed = storage.claim("night", now, now + 5, 10)
            if not claimed:
                return storage.close()
            for order in claimed:
                is_even = int(order.buyer.rpartition("-")[2]) % 2 == 0
                storage.settle(order.id, OrderState.DONE if is_even else OrderState.REJECTED, now, now, "")
        except StorageLost:
            continue


def _opened(url: str) -> RedisStorage:
    while True:
        with suppress(StorageLost):
            return RedisStorage(url)


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_units_of_an_older_flashgens_buyers_are_counted(storage: RedisStorage) -> None:
    """When a gate begins with it again: a limit holds for who has a unit already. Twice counts nothing twice."""
    bought(storage, "a:da", "bob")
    storage._server.ask(("HDEL", "flashgen:{night}", "counts-buyers"))
    storage._server.ask(("HDEL", "flashgen:{night}:units", "a:da", "bob"))
    for _ in range(2):
        storage.begin("night")
    for buyer in ("a:da", "bob"):
        assert NoPlace.LIMIT is ask(storage, enter(buyer, sku="CASE", per_buyer=1))
        assert isinstance(ask(storage, enter(buyer, sku="CASE", per_buyer=2)), Lease)
