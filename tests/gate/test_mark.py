"""The mark of a storage: what is written, who is refused, when a sale stops, what a list of orders makes of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from support.clock import Clock
from support.operators import SALE
from support.recording_store import RecordingStore
from support.running_gate import SETTINGS
from support.visits import NOW, bought, buy, enter

from flashgen.cli.gate.reconcile import read_list, read_log
from flashgen.errors import AccessDenied, Refused
from flashgen.gate.mark.high_water import HighWater, MarkFence
from flashgen.gate.mark.keeper import MARK_SECONDS, MarkKeeper
from flashgen.gate.mark.reconciliation import KnownOrder, reconciled
from flashgen.gate.mark.storage_mark import (
    Stopped,
    StopReason,
    StorageMark,
    advanced,
    most_unmarked,
    read,
    update,
)
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.fence import GENERATION, FenceLimits
from flashgen.gate.storage.protocol import StorageBehind
from flashgen.gate.storage.sqlite.storage import SqliteStorage
from flashgen.layout import mark_key
from flashgen.store import Headers, Store
from flashgen.store.memory import MemoryStore


@dataclass
class KeeperScenario:
    """A sale in a storage and a store, and a worker's keeper that a test polls."""

    storage: SqliteStorage
    fence: MarkFence
    store: Store = field(default_factory=MemoryStore)
    monotonic: Clock = field(default_factory=lambda: Clock(1000.0))
    reasons: list[StopReason | None] = field(default_factory=list)

    def keeper(self) -> MarkKeeper:
        """One that has not polled."""
        return MarkKeeper(
            SALE,
            lambda: self.storage,
            self.store,
            self.fence,
            lambda: SETTINGS,
            worker="here:1",
            now=lambda: NOW,
            monotonic=self.monotonic,
            sleep=lambda _: None,
            report=self.reasons.append,
            log=lambda _: None,
        )

    def mark(self) -> StorageMark:
        """As the store has it."""
        stored = read(self.store, SALE)
        assert stored
        return stored.mark


@pytest.fixture
def scenario(tmp_path: Path) -> Iterator[KeeperScenario]:
    """Begun; nothing was sold."""
    with closing(SqliteStorage(tmp_path / "gate.db", "sqlite:gate.db")) as storage:
        storage.begin(SALE)
        yield KeeperScenario(storage, MarkFence(HighWater(tmp_path / "seen", [SALE])))


def test_nothing_is_sold_before_the_first_comparison(scenario: KeeperScenario) -> None:
    """The storage may be any."""
    assert StopReason.UNCHECKED is scenario.fence.reason(SALE)
    with pytest.raises(StorageBehind):
        scenario.fence.expected(SALE)
    scenario.keeper().poll(scenario.storage)
    assert None is scenario.fence.reason(SALE)


def test_the_mark_follows_at_intervals(scenario: KeeperScenario) -> None:
    """A change is written at once, the next after MARK_SECONDS; many changes sooner."""
    keeper = scenario.keeper()
    keeper.poll(scenario.storage)
    for buyer in ("ada", "bob"):
        bought(scenario.storage, buyer, sale=SALE, sku="LAMP")
        keeper.poll(scenario.storage)
        assert 1 == scenario.mark().changes
    scenario.monotonic.wait(MARK_SECONDS)
    keeper.poll(scenario.storage)
    assert 2 == scenario.mark().changes
    many = [f"buyer-{number}" for number in range(most_unmarked(SETTINGS) // 2)]
    bought(scenario.storage, *many, sale=SALE, sku="LAMP", stock=None, slots=1000)
    keeper.poll(scenario.storage)
    assert 2 + len(many) == scenario.mark().changes


def test_what_may_be_sold_is_the_marks(scenario: KeeperScenario) -> None:
    """Its storage, with what this server saw, and no more than the bound beyond the mark."""
    scenario.keeper().poll(scenario.storage)
    assert 0 == scenario.fence.unmarked(SALE)
    bought(scenario.storage, "ada", "bob", sale=SALE, sku="LAMP")
    scenario.fence.note(SALE, 2)
    assert 2 == scenario.fence.unmarked(SALE)
    version, bound = scenario.storage.version(SALE), most_unmarked(SETTINGS)
    assert FenceLimits(version.id, 2, bound) == scenario.fence.expected(SALE)


def test_the_bound_is_twice_the_slots_of_all_servers() -> None:
    """As it is printed; never less than a hundred."""
    assert 100 == most_unmarked(SETTINGS)
    assert 2 * 40 * 3 == most_unmarked(replace(SETTINGS, slots_per_server=40, servers=("a", "b", "c")))


def test_the_mark_is_read_again_before_selling_waits_for_it(scenario: KeeperScenario) -> None:
    """Another worker may have written it: half the bound is used up long before MARK_SECONDS."""
    keeper = scenario.keeper()
    keeper.poll(scenario.storage)
    many = [f"buyer-{number}" for number in range(most_unmarked(SETTINGS) // 2)]
    bought(scenario.storage, *many, sale=SALE, sku="MUG", stock=None, slots=1000)
    update(scenario.store, SALE, lambda mark: replace(mark, changes=len(many)) if mark else None, lambda _: None)
    scenario.fence.note(SALE, len(many))
    keeper.poll(scenario.storage)
    assert 0 == scenario.fence.unmarked(SALE)


def test_a_stop_lasts_as_long_as_its_generation() -> None:
    """Changes of the same one are no reason to sell again."""
    stopped = Stopped(datetime(2026, 11, 20, tzinfo=UTC), 3)
    mark = StorageMark("id", "sqlite:gate.db", 5, stopped)
    assert replace(mark, changes=9) == advanced(mark, 9)
    assert mark == advanced(mark, 4)
    assert StorageMark("id", "sqlite:gate.db", GENERATION + 1) == advanced(mark, GENERATION + 1)


def test_all_learn_how_far_the_storage_had_come(scenario: KeeperScenario) -> None:
    """From the server that saw most."""
    keeper = scenario.keeper()
    keeper.poll(scenario.storage)
    scenario.fence.note(SALE, 7)
    keeper.poll(scenario.storage)
    assert (StopReason.BEHIND, 7) == (scenario.fence.reason(SALE), scenario.mark().changes)


def test_what_another_server_marked_is_not_sold_again(scenario: KeeperScenario) -> None:
    """This one never saw those orders; everybody is told."""
    keeper = scenario.keeper()
    keeper.poll(scenario.storage)
    update(scenario.store, SALE, lambda mark: replace(mark, changes=7) if mark else None, lambda _: None)
    scenario.monotonic.wait(MARK_SECONDS)
    keeper.poll(scenario.storage)
    assert StopReason.BEHIND is scenario.fence.reason(SALE)
    stopped = scenario.mark().stopped
    assert stopped
    assert (7, 0) == (scenario.mark().changes, stopped.changes)


def test_a_stopped_sale_goes_on_in_a_new_generation_alone(scenario: KeeperScenario) -> None:
    """Not when the older storage has caught up by selling."""
    keeper = scenario.keeper()
    keeper.poll(scenario.storage)
    scenario.fence.note(SALE, 2)
    keeper.poll(scenario.storage)
    bought(scenario.storage, "ada", "bob", "eve", sale=SALE, sku="LAMP")
    scenario.monotonic.wait(MARK_SECONDS)
    keeper.poll(scenario.storage)
    assert StopReason.BEHIND is scenario.fence.reason(SALE)
    scenario.storage.renew(SALE, replace(scenario.storage.version(SALE), changes=GENERATION))
    keeper.poll(scenario.storage)
    keeper.poll(scenario.storage)
    assert [StopReason.BEHIND, None] == scenario.reasons
    assert (GENERATION, None) == (scenario.mark().changes, scenario.mark().stopped)


def test_another_storages_mark_stops_the_sale(scenario: KeeperScenario) -> None:
    """And is left as it is."""
    other = StorageMark("other", "redis://elsewhere:6379/0", 5)
    update(scenario.store, SALE, lambda _: other, lambda _: None)
    scenario.keeper().poll(scenario.storage)
    assert (StopReason.OTHER, other) == (scenario.fence.reason(SALE), scenario.mark())


def test_a_mark_that_cannot_be_written_stops_the_sale_at_its_bound(scenario: KeeperScenario) -> None:
    """And the error names the key."""
    keeper = scenario.keeper()
    keeper.poll(scenario.storage)

    def denied(number: int, verb: str, key: str) -> None:
        if verb == "put":
            raise AccessDenied("s3:PutObject")

    keeper._store = RecordingStore(scenario.store, denied)
    bound = most_unmarked(SETTINGS)
    many = [f"buyer-{number}" for number in range(bound)]
    bought(scenario.storage, *many, sale=SALE, sku="MUG", stock=None, slots=1000)
    with pytest.raises(AccessDenied, match=rf"write permission to {mark_key(SALE)}"):
        keeper.poll(scenario.storage)
    assert StopReason.UNMARKED is scenario.fence.reason(SALE)


def test_no_mark_is_made_in_a_store_that_lost_the_sale(scenario: KeeperScenario) -> None:
    """It would be a new one of any storage."""
    keeper = scenario.keeper()
    keeper._settings = lambda: None
    with pytest.raises(Refused, match=r"storage.json is not in"):
        keeper.poll(scenario.storage)
    assert None is read(scenario.store, SALE)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"storage": 1}', b'{"storage":"a","place":"b","changes":-1}'])
def test_what_is_no_mark_is_refused(body: bytes) -> None:
    """With its place."""
    store = MemoryStore()
    store.put(mark_key(SALE), body, _headers())
    with pytest.raises(Refused, match=r"storage.json in the store is not the mark of a storage"):
        read(store, SALE)


def test_what_differs_is_sorted_out() -> None:
    """Lost orders come back, the last ones beyond the stock are named."""
    stored = [_order("old", 1), _order("new", 5), _order("open", 6, state=OrderState.UNKNOWN)]
    stored += [_order("said-no", 2, state=OrderState.REJECTED)]
    listed = [KnownOrder("old", "LAMP"), KnownOrder("lost", "LAMP", "kim", 3.0), KnownOrder("said-no", "LAMP")]
    logged = [KnownOrder("lost", "LAMP", accepted_at=3.0), KnownOrder("told", "LAMP", accepted_at=4.0)]
    found = reconciled(SETTINGS, stored, listed, logged, now=9.0)
    names = [[one.id for one in kind] for kind in (found.missing, found.promised, found.waiting, found.unconfirmed)]
    assert [["lost"], ["told"], ["open"], ["new"]] == names
    assert ["said-no"] == [one.id for one in found.contradicted]
    assert ["new", "open"] == [one.id for one in found.oversold]
    assert ("kim", OrderState.DONE, "19.90") == (found.missing[0].buyer, found.missing[0].state, found.missing[0].price)
    assert (OrderState.ACCEPTED, "nobody-told") == (found.promised[0].state, found.promised[0].buyer)


def test_the_last_of_each_sku_are_named() -> None:
    """What nobody has a time for was lost, so it came before what was sold afterwards."""
    stored = [_order(f"lamp-{number}", number) for number in range(1, 4)]
    stored += [replace(_order(f"odd-{number}", number), sku="É 1") for number in (7, 8)]
    stored += [replace(_order(f"mug-{number}", number), sku="MUG") for number in range(9)]
    stored += [replace(_order("gone", 5), sku="no longer sold")]
    found = reconciled(SETTINGS, stored, [KnownOrder("undated", "LAMP")], [], now=9.0)
    assert ["lamp-3", "odd-8"] == [one.id for one in found.oversold]
    (missing,) = found.missing
    assert (SALE, "EUR", 9.0, "reconciled") == (missing.sale, missing.currency, missing.accepted_at, missing.note)


def test_orders_of_what_is_no_longer_sold_come_back() -> None:
    """Their price is not known any more."""
    found = reconciled(SETTINGS, [], [KnownOrder("a", "no longer sold")], [], now=9.0)
    assert ["0"] == [one.price for one in found.missing]


def test_a_loss_that_nobody_notices_is_bounded_and_named(tmp_path: Path) -> None:
    """All servers die with the storage, an older copy of it sells on, and the stock is more than the bound."""
    bound, stock = most_unmarked(SETTINGS), 250
    settings = replace(SETTINGS, items={"LAMP": replace(SETTINGS.items["LAMP"], stock=stock)})
    scenario = StartedServer(tmp_path / "gate.db", MemoryStore(), stock)
    before = scenario.sell(bound)
    scenario.poll()
    sqlite3.connect(scenario.path).execute("VACUUM INTO ?", (str(tmp_path / "older.db"),)).connection.close()
    lost = scenario.sell(stock)
    assert (bound, bound) == (len(before), len(lost)), "selling waits for the mark at its bound"
    after = StartedServer(tmp_path / "older.db", scenario.store, stock)
    sold = before + lost
    for _ in range(10):
        sold += after.sell(bound // 2)
        assert None is after.poll(), "nobody can notice"
    assert stock + bound == len(sold) == len(set(sold))
    listed = [KnownOrder(one, "LAMP") for one in sold]
    with closing(SqliteStorage(after.path, "sqlite:older.db")) as storage:
        found = reconciled(settings, list(storage.orders(SALE)), listed, [], now=NOW)
    assert set(lost) == {one.id for one in found.missing}
    assert bound == len(found.oversold)


class StartedServer:
    """A server that was just started: it remembers nothing, and its storage may be any."""

    def __init__(self, path: Path, store: Store, stock: int) -> None:
        self.path, self.store, self._stock, self._buyers = path, store, stock, count()
        fence = MarkFence(HighWater(path.with_suffix(".seen"), [SALE]))
        with closing(SqliteStorage(path, "sqlite:gate.db")) as storage:
            storage.begin(SALE)
            self._scenario = KeeperScenario(storage, fence, store)
            self._keeper = self._scenario.keeper()
        self.poll()

    def poll(self) -> StopReason | None:
        """Compare, and write the mark as after a while."""
        self._scenario.monotonic.wait(MARK_SECONDS)
        with closing(SqliteStorage(self.path, "sqlite:gate.db")) as storage:
            self._keeper.poll(storage)
        return self._scenario.fence.reason(SALE)

    def sell(self, wanted: int) -> list[str]:
        """The ids of so many orders, 25 in a batch; fewer where the storage takes no more."""
        sold = []
        with closing(SqliteStorage(self.path, "sqlite:gate.db", self._scenario.fence)) as storage:
            for _ in range(wanted // 25):
                buyers = [f"{self.path.stem}-{number}" for number in islice(self._buyers, 25)]
                wish: dict[str, Any] = {"sale": SALE, "sku": "LAMP", "stock": self._stock, "slots": 1000}
                try:
                    answers = storage.decide([ask(buyer, **wish) for ask in (enter, buy) for buyer in buyers])
                except StorageBehind:
                    break
                sold += [answer.id for answer in answers if isinstance(answer, Order)]
        return sold


def test_lists_are_read(tmp_path: Path) -> None:
    """CSV, JSON lines, an array; other sales are left out."""
    wanted = (KnownOrder("a1", "LAMP", "ada", NOW), KnownOrder("b2", "MUG"))
    csv = f"order_id,sku,buyer,accepted_at,sale\na1,LAMP,ada,2026-11-22T17:53:20Z,{SALE}\nb2,MUG,,,\nc,MUG,,,other\n"
    first = '{"order_id":"a1","sku":"LAMP","buyer":"ada","accepted_at":"2026-11-22T17:53:20Z"}'
    second = '{"id":"b2","sku":"MUG","quantity":1}'
    for text in (csv, f"{first}\n{second}\n", f"[{first},{second}]"):
        (tmp_path / "list").write_text(text, encoding="utf-8")
        found = read_list(tmp_path / "list", SALE, ("LAMP", "MUG"))
        assert [one.id for one in wanted] == [one.id for one in found]
        assert ("ada", "LAMP", "MUG") == (found[0].buyer, found[0].sku, found[1].sku)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nx\n", r"list:2: there is no `order_id`"),
        ("order_id,sku\na,SOFA\n", r"list:2: `SOFA` is no SKU"),
        ("order_id,sku,quantity\na,LAMP,2\n", r"list:2: the gate takes orders of one unit, found 2"),
        ("order_id,sku,accepted_at\na,LAMP,soon\n", r"list:2: `accepted_at` is no moment"),
        ("{oops}", r"list is no JSON"),
    ],
)
def test_a_list_that_is_not_understood_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With its line."""
    (tmp_path / "list").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=message):
        read_list(tmp_path / "list", SALE, ("LAMP", "MUG"))


def test_a_log_says_what_buyers_were_told(tmp_path: Path) -> None:
    """Accepted and not rejected; lines of others are skipped."""
    lines = ["noise", *(_line("order accepted", name) for name in "abc"), _line("order rejected", "b"), "{}"]
    (tmp_path / "log").write_text("\n".join(lines), encoding="utf-8")
    assert ["a", "c"] == [one.id for one in read_log(tmp_path / "log", SALE)]


def _order(name: str, at: float, state: OrderState = OrderState.DONE) -> Order:
    return Order(name, SALE, "LAMP", f"buyer-{name}", "19.90", "EUR", at, state)


def _line(event: str, order: str) -> str:
    return f'{{"at":"2026-11-22T17:53:20.000Z","event":"{event}","sale":"{SALE}","order":"{order}","sku":"LAMP"}}'


def _headers() -> Headers:
    return Headers("application/json", "private, no-store")
