"""SKUs without a unit left reach the pointer; those that came back leave it, later. What operators said stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.clock import Clock
from support.meddling_store import MeddlingStore, Write
from support.operators import SALE, bring, chain, without_secret, writer_of
from support.operators import Clock as Wall
from support.running_gate import SETTINGS
from support.visits import NOW, bought

from flashgen.errors import StoreError
from flashgen.gate.orders.order import OrderState
from flashgen.gate.settings import GateSettings, Item
from flashgen.gate.sold_writer import (
    LEASE_SECONDS,
    POLL_SECONDS,
    QUIET_SECONDS,
    STAND_DOWN_SECONDS,
    WRITE_SECONDS,
    SoldTracker,
    SoldWriter,
    gone,
)
from flashgen.gate.storage.protocol import Storage, StorageLost
from flashgen.gate.storage.sqlite.storage import SqliteStorage
from flashgen.store import Store
from flashgen.store.memory import MemoryStore
from flashgen.unlock import verbs
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.transition import transition

PATIENCE_SECONDS = 20.0
LAMP = SETTINGS.items["LAMP"]
ITEMS = {"LAMP": replace(LAMP, stock=2), "MUG": replace(LAMP, stock=None), "RUG": replace(LAMP, stock=1)}


def item(stock: int | None) -> Item:
    """Something on sale."""
    return replace(LAMP, stock=stock)


@pytest.mark.parametrize(
    ("stock", "taken", "is_gone"),
    [(2, 1, False), (2, 2, True), (2, 3, True), (0, 0, True), (None, 10**6, False)],
)
def test_what_is_gone(stock: int | None, taken: int, is_gone: bool) -> None:
    """More may be taken than there is: the stock was lowered."""
    assert is_gone == ("LAMP" in gone({"LAMP": item(stock)}, {"LAMP": taken}))


def test_a_sku_that_is_gone_is_said_at_once() -> None:
    """There is nothing to wait for."""
    assert {"LAMP"} == SoldTracker().sold([], frozenset({"LAMP"}), 0.0)


def test_a_sku_that_came_back_is_sold_until_it_was_quiet() -> None:
    """Ten seconds without a break."""
    tracker = SoldTracker()
    assert {"LAMP"} == tracker.sold(["LAMP"], frozenset(), 0.0)
    assert {"LAMP"} == tracker.sold(["LAMP"], frozenset(), QUIET_SECONDS - 0.1)
    assert set() == tracker.sold(["LAMP"], frozenset(), QUIET_SECONDS)


def test_a_sku_that_comes_and_goes_stays_sold() -> None:
    """Each time the wait begins anew."""
    tracker = SoldTracker()
    for at in range(0, 60, 6):
        assert {"LAMP"} == tracker.sold(["LAMP"], frozenset(), float(at))
        assert {"LAMP"} == tracker.sold(["LAMP"], frozenset({"LAMP"}), at + 3.0)


def test_skus_wait_each_for_itself() -> None:
    """One that came back later is sold for longer."""
    tracker = SoldTracker()
    tracker.sold(["LAMP", "RUG"], frozenset({"RUG"}), 0.0)
    tracker.sold(["LAMP", "RUG"], frozenset(), 5.0)
    assert {"RUG"} == tracker.sold(["LAMP", "RUG"], frozenset(), QUIET_SECONDS)


@dataclass
class SoldScenario:
    """A sale in a store, its storage, and writers that look a hundred times a second on clocks that a test sets."""

    path: Path
    store: Store = field(default_factory=MemoryStore)
    now: Clock = field(default_factory=lambda: Clock(NOW))
    monotonic: Clock = field(default_factory=lambda: Clock(1000.0))
    said: list[frozenset[str] | Exception] = field(default_factory=list)
    looks: int = 0
    items: dict[str, Item] = field(default_factory=lambda: dict(ITEMS))
    is_known: bool = True

    def open(self) -> Storage:
        """As a writer does."""
        return SqliteStorage(self.path, "sqlite:gate.db")

    def state(self) -> SaleState:
        """What the pointer says now."""
        return writer_of(self.store).file.read().pointer.state

    def buy(self, sku: str, *buyers: str) -> None:
        """A unit for each."""
        with closing(self.open()) as storage:
            bought(storage, *buyers, sale=SALE, sku=sku)

    def give_back(self, buyer: str, sku: str) -> None:
        """The shop rejects an order."""
        with closing(self.open()) as storage:
            storage.settle(f"order-{buyer}-{sku}-{SALE}", OrderState.REJECTED, NOW, NOW, "HTTP 422")

    def writer(
        self,
        who: str = "one",
        writer: Callable[[], PointerWriter] | None = None,
        open_storage: Callable[[], Storage] | None = None,
    ) -> SoldWriter:
        """One that has not begun."""

        def known() -> tuple[GateSettings, SaleState] | None:
            self.looks += 1
            return (replace(SETTINGS, items=self.items), self.state()) if self.is_known else None

        return SoldWriter(
            SALE,
            open_storage or self.open,
            known,
            lambda _: writer() if writer else without_secret(writer_of(self.store, f"gate-{who}")),
            worker=who,
            now=self.now,
            monotonic=self.monotonic,
            written=lambda outcome: self.said.append(outcome.after.state.sold),
            log=self.said.append,
            poll_seconds=0.01,
        )

    @contextmanager
    def writing(self, who: str = "one", writer: Callable[[], PointerWriter] | None = None) -> Iterator[None]:
        """One at work."""
        one = self.writer(who, writer)
        one.start()
        try:
            yield
        finally:
            one.stop(PATIENCE_SECONDS)

    def wait(self, seconds: float) -> None:
        """Let time pass, and everybody look."""
        self.now.wait(seconds)
        self.monotonic.wait(seconds)
        self.let_look()

    def let_look(self) -> None:
        """Until each writer has looked twice since."""
        until = self.looks + 6
        self.wait_until(lambda: self.looks >= until)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Until it becomes so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, (self.said, self.looks)
            time.sleep(0.005)


@pytest.fixture
def scenario(tmp_path: Path) -> SoldScenario:
    """A live sale of 2 LAMPs, 1 RUG and any number of MUGs."""
    one = SoldScenario(tmp_path / "gate.db")
    with closing(one.open()) as storage:
        storage.begin(SALE)
    bring(one.store, State.LIVE)
    return one


def test_a_sku_that_sells_out_reaches_the_pointer(scenario: SoldScenario) -> None:
    """By one write, in the gate's name; the token stays as it is."""
    before = writer_of(scenario.store).file.read().pointer
    scenario.buy("LAMP", "ada", "ben")
    scenario.buy("MUG", "ada", "ben", "cam")
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"LAMP"})
        scenario.wait(WRITE_SECONDS)
    after = writer_of(scenario.store).file.read().pointer
    assert (before.revision + 1, before.order) == (after.revision, after.order)
    assert ("gate-one", "record-sold") == (chain(scenario.store)[0].who, chain(scenario.store)[0].verb)
    assert [frozenset({"LAMP"})] == scenario.said


def test_nothing_is_written_while_there_is_something_of_everything(scenario: SoldScenario) -> None:
    """Not even a journal record."""
    scenario.buy("LAMP", "ada")
    before = scenario.state(), len(list(scenario.store.list("")))
    with scenario.writing():
        scenario.let_look()
    assert before == (scenario.state(), len(list(scenario.store.list(""))))


def test_a_unit_that_came_back_reopens_its_sku_after_a_while(scenario: SoldScenario) -> None:
    """Once it has been there for ten seconds."""
    scenario.buy("LAMP", "ada", "ben")
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"LAMP"})
        scenario.give_back("ada", "LAMP")
        scenario.wait(1.0)
        for _ in range(4):
            scenario.wait(2.0)
            assert {"LAMP"} == scenario.state().sold
        scenario.wait(2.0)
        scenario.wait_until(lambda: scenario.state().sold == frozenset())


def test_writes_are_apart(scenario: SoldScenario) -> None:
    """Every page polls each of them."""
    scenario.buy("LAMP", "ada", "ben")
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"LAMP"})
        scenario.buy("RUG", "cam")
        scenario.wait(WRITE_SECONDS - 0.1)
        assert {"LAMP"} == scenario.state().sold
        scenario.wait(0.1)
        scenario.wait_until(lambda: scenario.state().sold == {"LAMP", "RUG"})


@pytest.mark.parametrize("verb", [verbs.pause(), verbs.close(frozenset({"MUG"}))])
def test_what_an_operator_said_stays(scenario: SoldScenario, verb: verbs.Verb) -> None:
    """`sold` crosses with it."""
    transition(writer_of(scenario.store), verb)
    before = scenario.state()
    scenario.buy("RUG", "ada")
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
    assert replace(before, sold=frozenset({"RUG"})) == scenario.state()


@pytest.mark.parametrize("state", [State.SCHEDULED, State.ENDED])
def test_nothing_is_written_before_the_start_and_after_the_end(scenario: SoldScenario, state: State) -> None:
    """Nobody asks then."""
    scenario.store = MemoryStore()
    bring(scenario.store, state)
    scenario.buy("RUG", "ada")
    with scenario.writing():
        scenario.let_look()
    assert frozenset() == scenario.state().sold


def test_one_of_several_is_elected(scenario: SoldScenario) -> None:
    """The others look on, until it is gone for longer than it was elected for."""
    scenario.buy("RUG", "ada")
    with scenario.writing("one"):
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
        with scenario.writing("two"):
            scenario.buy("LAMP", "ada", "ben")
            scenario.wait(WRITE_SECONDS)
            scenario.wait_until(lambda: "LAMP" in scenario.state().sold)
            scenario.let_look()
            assert ["gate-one", "gate-one"] == [record.who for record in chain(scenario.store)[:2]]
    scenario.give_back("ada", "RUG")
    with scenario.writing("two"):
        scenario.let_look()
        for _ in range(20):
            scenario.wait(1.0)
        scenario.wait_until(lambda: scenario.state().sold == {"LAMP"})
    assert "gate-two" == chain(scenario.store)[0].who
    assert LEASE_SECONDS > 2 * POLL_SECONDS


def test_trouble_with_the_store_is_told_and_tried_again(scenario: SoldScenario) -> None:
    """The gate goes on."""
    failures: list[Exception] = [StoreError("out of order"), RuntimeError("a surprise")]

    def fail(store: MeddlingStore, write: Write) -> str:
        if not failures:
            return write()
        store.meddle = fail
        raise failures.pop(0)

    meddling = MeddlingStore(scenario.store, Wall(), fail)
    scenario.buy("RUG", "ada")
    with scenario.writing(writer=lambda: without_secret(writer_of(meddling, "gate"))):
        for count in (1, 2):
            scenario.wait_until(lambda count=count: len(scenario.said) == count)  # type: ignore[misc]
            assert frozenset() == scenario.state().sold
            scenario.wait(STAND_DOWN_SECONDS)
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
    assert ["out of order", "a surprise"] == [str(one).partition(";")[0] for one in scenario.said[:2]]


def test_a_storage_that_is_away_is_opened_again(scenario: SoldScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it takes."""
    opened, tries = SoldScenario.open, 0

    def open_storage(self: SoldScenario) -> Storage:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise StorageLost("not yet")
        return opened(self)

    scenario.buy("RUG", "ada")
    monkeypatch.setattr(SoldScenario, "open", open_storage)
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
    assert ["not yet"] * 3 == [str(one) for one in scenario.said[:3]]


def test_who_cannot_write_leaves_the_office(scenario: SoldScenario) -> None:
    """It may be the only one that cannot: a credential of its own, a way of its own to the store."""

    def refuse(store: MeddlingStore, write: Write) -> str:
        store.meddle = refuse
        raise StoreError("access denied")

    broken = MeddlingStore(scenario.store, Wall(), refuse)
    with scenario.writing("one", writer=lambda: without_secret(writer_of(broken, "gate-one"))):
        scenario.buy("RUG", "ada")
        scenario.wait_until(lambda: bool(scenario.said))
        with scenario.writing("two"):
            scenario.let_look()
            assert frozenset() == scenario.state().sold
            for _ in range(8):
                scenario.wait(1.0)
            scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
    assert 1 == sum(isinstance(said, StoreError) for said in scenario.said)
    assert "gate-two" == chain(scenario.store)[0].who


def test_a_slow_writer_undoes_nothing(scenario: SoldScenario) -> None:
    """Its term may end while the store keeps it waiting; what its successor wrote meanwhile stays."""

    def other_first(store: MeddlingStore, write: Write) -> str:
        newer = verbs.record_sold(frozenset({"LAMP", "RUG"}))
        transition(without_secret(writer_of(scenario.store, "gate-two")), newer)
        return write()

    meddling = MeddlingStore(scenario.store, Wall(), other_first)
    scenario.buy("RUG", "ada")
    with scenario.writing(writer=lambda: without_secret(writer_of(meddling, "gate-one"))):
        scenario.wait_until(lambda: bool(scenario.said))
    assert [frozenset({"LAMP", "RUG"})] == scenario.said
    assert {"LAMP", "RUG"} == scenario.state().sold


def test_a_sku_that_is_no_longer_for_sale_stays_sold(scenario: SoldScenario) -> None:
    """A page of before, out of a cache, would open a button that leads nowhere."""
    scenario.buy("RUG", "ada")
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
        del scenario.items["RUG"]
        for _ in range(12):
            scenario.wait(1.0)
        scenario.buy("LAMP", "ada", "ben")
        scenario.wait(WRITE_SECONDS)
        scenario.wait_until(lambda: "LAMP" in scenario.state().sold)
    assert {"LAMP", "RUG"} == scenario.state().sold


@pytest.mark.parametrize("is_away", ["without the office", "without a reading"])
def test_what_was_not_watched_is_watched_anew(scenario: SoldScenario, is_away: str) -> None:
    """Ten seconds without a break are ten that it has seen."""
    scenario.buy("RUG", "ada")
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
        scenario.give_back("ada", "RUG")
        scenario.wait(1.0)
        if is_away == "without a reading":
            scenario.is_known = False
            scenario.wait(QUIET_SECONDS)
            scenario.is_known = True
        else:
            scenario.now.wait(LEASE_SECONDS)
            with closing(scenario.open()) as storage:
                until = scenario.now() + LEASE_SECONDS
                scenario.wait_until(
                    lambda: storage.acquire_lease(f"sold:{SALE}", "two", scenario.now() + LEASE_SECONDS, until)
                )
            scenario.let_look()
            scenario.monotonic.wait(QUIET_SECONDS)
            scenario.now.wait(2 * LEASE_SECONDS)
        scenario.let_look()
        assert {"RUG"} == scenario.state().sold
        for _ in range(5):
            scenario.wait(2.0)
        scenario.wait_until(lambda: scenario.state().sold == frozenset())


@pytest.mark.parametrize("how_it_closes", [None, RuntimeError("cannot even be closed")])
def test_a_storage_in_trouble_is_opened_anew(scenario: SoldScenario, how_it_closes: Exception | None) -> None:
    """Whatever its end is like."""
    opened: list[Storage] = []

    class Broken:
        def acquire_lease(self, *_: object) -> bool:
            raise StorageLost("gone")

        def close(self) -> None:
            if how_it_closes:
                raise how_it_closes

    def open_storage() -> Storage:
        opened.append(Broken() if not opened else scenario.open())  # type: ignore[arg-type]
        return opened[-1]

    scenario.buy("RUG", "ada")
    one = scenario.writer(open_storage=open_storage)
    one.start()
    scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
    one.stop(PATIENCE_SECONDS)
    assert 2 == len(opened)


def test_a_closed_range_stays_closed(scenario: SoldScenario) -> None:
    """An operator who closed everything is not contradicted."""
    transition(writer_of(scenario.store), verbs.close(EVERY_SKU))
    scenario.buy("RUG", "ada")
    with scenario.writing():
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
    assert EVERY_SKU == scenario.state().closed


def test_an_operator_and_the_writer_at_once(scenario: SoldScenario) -> None:
    """Both get what they want, whoever is first: one of them rebases."""
    store = scenario.store

    def pause_first(_: MeddlingStore, write: Write) -> str:
        transition(writer_of(store), verbs.pause())
        return write()

    meddling = MeddlingStore(store, Wall(), pause_first)
    scenario.buy("RUG", "ada")
    with scenario.writing(writer=lambda: without_secret(writer_of(meddling, "gate"))):
        scenario.wait_until(lambda: scenario.state().sold == {"RUG"})
    assert State.PAUSED is scenario.state().state
    assert ["gate", "ann"] == [record.who for record in chain(store)[:2]]
