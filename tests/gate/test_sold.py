"""SKUs without a unit left reach the pointer; those that came back leave it, later. What operators said stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.clock import Clock
from support.gate_house import SETTINGS
from support.meddling_store import MeddlingStore, Write
from support.operators import SALE, bring, chain, control_of
from support.operators import Clock as Wall
from support.visits import NOW, bought

from flashgen.errors import StoreError
from flashgen.gate import sold
from flashgen.gate.settings import GateSettings, Item
from flashgen.gate.sold import (
    OFFICE_SECONDS,
    QUIET_SECONDS,
    STAND_DOWN_SECONDS,
    WRITE_SECONDS,
    SoldTracker,
    SoldWriter,
    gone,
)
from flashgen.gate.storage.protocol import OrderState, Storage, StorageLost
from flashgen.gate.storage.sqlite import SqliteStorage
from flashgen.store import Store
from flashgen.store.memory import MemoryStore
from flashgen.unlock import verbs
from flashgen.unlock.control import Control
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
    ledger = SoldTracker()
    assert {"LAMP"} == ledger.sold(["LAMP"], frozenset(), 0.0)
    assert {"LAMP"} == ledger.sold(["LAMP"], frozenset(), QUIET_SECONDS - 0.1)
    assert set() == ledger.sold(["LAMP"], frozenset(), QUIET_SECONDS)


def test_a_sku_that_comes_and_goes_stays_sold() -> None:
    """Each time the wait begins anew."""
    ledger = SoldTracker()
    for at in range(0, 60, 6):
        assert {"LAMP"} == ledger.sold(["LAMP"], frozenset(), float(at))
        assert {"LAMP"} == ledger.sold(["LAMP"], frozenset({"LAMP"}), at + 3.0)


def test_skus_wait_each_for_itself() -> None:
    """One that came back later is sold for longer."""
    ledger = SoldTracker()
    ledger.sold(["LAMP", "RUG"], frozenset({"RUG"}), 0.0)
    ledger.sold(["LAMP", "RUG"], frozenset(), 5.0)
    assert {"RUG"} == ledger.sold(["LAMP", "RUG"], frozenset(), QUIET_SECONDS)


@dataclass
class Desk:
    """A sale in a store, its storage, and writers that look a hundred times a second on clocks that a test sets."""

    path: Path
    store: Store = field(default_factory=MemoryStore)
    now: Clock = field(default_factory=lambda: Clock(NOW))
    even: Clock = field(default_factory=lambda: Clock(1000.0))
    said: list[frozenset[str] | Exception] = field(default_factory=list)
    looks: int = 0
    items: dict[str, Item] = field(default_factory=lambda: dict(ITEMS))
    is_known: bool = True

    def open(self) -> Storage:
        """As a writer does."""
        return SqliteStorage(self.path, "sqlite:gate.db")

    def state(self) -> SaleState:
        """What the pointer says now."""
        return control_of(self.store).read().pointer.state

    def buy(self, sku: str, *buyers: str) -> None:
        """A unit for each."""
        with closing(self.open()) as storage:
            bought(storage, *buyers, sale=SALE, sku=sku)

    def give_back(self, buyer: str, sku: str) -> None:
        """The shop rejects an order."""
        with closing(self.open()) as storage:
            storage.settle(f"order-{buyer}-{sku}-{SALE}", OrderState.REJECTED, NOW, NOW, "HTTP 409")

    def writer(
        self,
        who: str = "one",
        control: Callable[[], Control] | None = None,
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
            lambda _: control() if control else replace(control_of(self.store, f"gate-{who}"), sign=None),
            who=who,
            now=self.now,
            even=self.even,
            log=self.said.append,
        )

    @contextmanager
    def writing(self, who: str = "one", control: Callable[[], Control] | None = None) -> Iterator[None]:
        """One at work."""
        one = self.writer(who, control)
        one.start()
        try:
            yield
        finally:
            one.stop(PATIENCE_SECONDS)

    def wait(self, seconds: float) -> None:
        """Let time pass, and everybody look."""
        self.now.wait(seconds)
        self.even.wait(seconds)
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
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A live sale of 2 LAMPs, 1 RUG and any number of MUGs."""
    monkeypatch.setattr(sold, "LOOK_SECONDS", 0.01)
    one = Desk(tmp_path / "gate.db")
    with closing(one.open()) as storage:
        storage.begin(SALE)
    bring(one.store, State.LIVE)
    return one


def test_a_sku_that_sells_out_reaches_the_pointer(desk: Desk) -> None:
    """By one write, in the gate's name; the token stays as it is."""
    before = control_of(desk.store).read().pointer
    desk.buy("LAMP", "ada", "ben")
    desk.buy("MUG", "ada", "ben", "cam")
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"LAMP"})
        desk.wait(WRITE_SECONDS)
    after = control_of(desk.store).read().pointer
    assert (before.revision + 1, before.order) == (after.revision, after.order)
    assert ("gate-one", "record-sold") == (chain(desk.store)[0].who, chain(desk.store)[0].verb)
    assert [frozenset({"LAMP"})] == desk.said


def test_nothing_is_written_while_there_is_something_of_everything(desk: Desk) -> None:
    """Not even a journal record."""
    desk.buy("LAMP", "ada")
    before = desk.state(), len(list(desk.store.list("")))
    with desk.writing():
        desk.let_look()
    assert before == (desk.state(), len(list(desk.store.list(""))))


def test_a_unit_that_came_back_reopens_its_sku_after_a_while(desk: Desk) -> None:
    """Once it has been there for ten seconds."""
    desk.buy("LAMP", "ada", "ben")
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"LAMP"})
        desk.give_back("ada", "LAMP")
        desk.wait(1.0)
        for _ in range(4):
            desk.wait(2.0)
            assert {"LAMP"} == desk.state().sold
        desk.wait(2.0)
        desk.wait_until(lambda: desk.state().sold == frozenset())


def test_writes_are_apart(desk: Desk) -> None:
    """Every page polls each of them."""
    desk.buy("LAMP", "ada", "ben")
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"LAMP"})
        desk.buy("RUG", "cam")
        desk.wait(WRITE_SECONDS - 0.1)
        assert {"LAMP"} == desk.state().sold
        desk.wait(0.1)
        desk.wait_until(lambda: desk.state().sold == {"LAMP", "RUG"})


@pytest.mark.parametrize("verb", [verbs.pause(), verbs.close(frozenset({"MUG"}))])
def test_what_an_operator_said_stays(desk: Desk, verb: verbs.Verb) -> None:
    """`sold` crosses with it."""
    transition(control_of(desk.store), verb)
    before = desk.state()
    desk.buy("RUG", "ada")
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
    assert replace(before, sold=frozenset({"RUG"})) == desk.state()


@pytest.mark.parametrize("state", [State.SCHEDULED, State.ENDED])
def test_nothing_is_written_before_the_start_and_after_the_end(desk: Desk, state: State) -> None:
    """Nobody asks then."""
    desk.store = MemoryStore()
    bring(desk.store, state)
    desk.buy("RUG", "ada")
    with desk.writing():
        desk.let_look()
    assert frozenset() == desk.state().sold


def test_one_of_several_is_elected(desk: Desk) -> None:
    """The others look on, until it is gone for longer than it was elected for."""
    desk.buy("RUG", "ada")
    with desk.writing("one"):
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
        with desk.writing("two"):
            desk.buy("LAMP", "ada", "ben")
            desk.wait(WRITE_SECONDS)
            desk.wait_until(lambda: "LAMP" in desk.state().sold)
            desk.let_look()
            assert ["gate-one", "gate-one"] == [record.who for record in chain(desk.store)[:2]]
    desk.give_back("ada", "RUG")
    with desk.writing("two"):
        desk.let_look()
        for _ in range(20):
            desk.wait(1.0)
        desk.wait_until(lambda: desk.state().sold == {"LAMP"})
    assert "gate-two" == chain(desk.store)[0].who
    assert OFFICE_SECONDS > 2 * sold.LOOK_SECONDS


def test_trouble_with_the_store_is_told_and_tried_again(desk: Desk) -> None:
    """The gate goes on."""
    failures: list[Exception] = [StoreError("out of order"), RuntimeError("a surprise")]

    def fail(store: MeddlingStore, write: Write) -> str:
        if not failures:
            return write()
        store.meddle = fail
        raise failures.pop(0)

    meddling = MeddlingStore(desk.store, Wall(), fail)
    desk.buy("RUG", "ada")
    with desk.writing(control=lambda: replace(control_of(meddling, "gate"), sign=None)):
        for count in (1, 2):
            desk.wait_until(lambda count=count: len(desk.said) == count)  # type: ignore[misc]
            assert frozenset() == desk.state().sold
            desk.wait(STAND_DOWN_SECONDS)
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
    assert ["out of order", "a surprise"] == [str(one).partition(";")[0] for one in desk.said[:2]]


def test_a_storage_that_is_away_is_opened_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it takes."""
    opened, tries = Desk.open, 0

    def open_storage(self: Desk) -> Storage:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise StorageLost("not yet")
        return opened(self)

    desk.buy("RUG", "ada")
    monkeypatch.setattr(Desk, "open", open_storage)
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
    assert ["not yet"] * 3 == [str(one) for one in desk.said[:3]]


def test_who_cannot_write_leaves_the_office(desk: Desk) -> None:
    """It may be the only one that cannot: a credential of its own, a way of its own to the store."""

    def refuse(store: MeddlingStore, write: Write) -> str:
        store.meddle = refuse
        raise StoreError("access denied")

    broken = MeddlingStore(desk.store, Wall(), refuse)
    with desk.writing("one", control=lambda: replace(control_of(broken, "gate-one"), sign=None)):
        desk.buy("RUG", "ada")
        desk.wait_until(lambda: bool(desk.said))
        with desk.writing("two"):
            desk.let_look()
            assert frozenset() == desk.state().sold
            for _ in range(8):
                desk.wait(1.0)
            desk.wait_until(lambda: desk.state().sold == {"RUG"})
    assert 1 == sum(isinstance(said, StoreError) for said in desk.said)
    assert "gate-two" == chain(desk.store)[0].who


def test_a_slow_writer_undoes_nothing(desk: Desk) -> None:
    """Its term may end while the store keeps it waiting; what its successor wrote meanwhile stays."""

    def other_first(store: MeddlingStore, write: Write) -> str:
        newer = verbs.record_sold(frozenset({"LAMP", "RUG"}))
        transition(replace(control_of(desk.store, "gate-two"), sign=None), newer)
        return write()

    meddling = MeddlingStore(desk.store, Wall(), other_first)
    desk.buy("RUG", "ada")
    with desk.writing(control=lambda: replace(control_of(meddling, "gate-one"), sign=None)):
        desk.wait_until(lambda: bool(desk.said))
    assert [frozenset({"RUG"})] == desk.said
    assert {"LAMP", "RUG"} == desk.state().sold


def test_a_sku_that_is_no_longer_for_sale_stays_sold(desk: Desk) -> None:
    """A page of before, out of a cache, would open a button that leads nowhere."""
    desk.buy("RUG", "ada")
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
        del desk.items["RUG"]
        for _ in range(12):
            desk.wait(1.0)
        desk.buy("LAMP", "ada", "ben")
        desk.wait(WRITE_SECONDS)
        desk.wait_until(lambda: "LAMP" in desk.state().sold)
    assert {"LAMP", "RUG"} == desk.state().sold


@pytest.mark.parametrize("is_away", ["without the office", "without a reading"])
def test_what_was_not_watched_is_watched_anew(desk: Desk, is_away: str) -> None:
    """Ten seconds without a break are ten that it has seen."""
    desk.buy("RUG", "ada")
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
        desk.give_back("ada", "RUG")
        desk.wait(1.0)
        if is_away == "without a reading":
            desk.is_known = False
            desk.wait(QUIET_SECONDS)
            desk.is_known = True
        else:
            desk.now.wait(OFFICE_SECONDS)
            with closing(desk.open()) as storage:
                until = desk.now() + OFFICE_SECONDS
                desk.wait_until(lambda: storage.elect(f"sold:{SALE}", "two", desk.now() + OFFICE_SECONDS, until))
            desk.let_look()
            desk.even.wait(QUIET_SECONDS)
            desk.now.wait(2 * OFFICE_SECONDS)
        desk.let_look()
        assert {"RUG"} == desk.state().sold
        for _ in range(5):
            desk.wait(2.0)
        desk.wait_until(lambda: desk.state().sold == frozenset())


@pytest.mark.parametrize("how_it_closes", [None, RuntimeError("cannot even be closed")])
def test_a_storage_in_trouble_is_opened_anew(desk: Desk, how_it_closes: Exception | None) -> None:
    """Whatever its end is like."""
    opened: list[Storage] = []

    class Broken:
        def elect(self, *_: object) -> bool:
            raise StorageLost("gone")

        def close(self) -> None:
            if how_it_closes:
                raise how_it_closes

    def open_storage() -> Storage:
        opened.append(Broken() if not opened else desk.open())  # type: ignore[arg-type]
        return opened[-1]

    desk.buy("RUG", "ada")
    one = desk.writer(open_storage=open_storage)
    one.start()
    desk.wait_until(lambda: desk.state().sold == {"RUG"})
    one.stop(PATIENCE_SECONDS)
    assert 2 == len(opened)


def test_a_closed_range_stays_closed(desk: Desk) -> None:
    """An operator who closed everything is not contradicted."""
    transition(control_of(desk.store), verbs.close(EVERY_SKU))
    desk.buy("RUG", "ada")
    with desk.writing():
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
    assert EVERY_SKU == desk.state().closed


def test_an_operator_and_the_writer_at_once(desk: Desk) -> None:
    """Both get what they want, whoever is first: one of them rebases."""
    store = desk.store

    def pause_first(_: MeddlingStore, write: Write) -> str:
        transition(control_of(store), verbs.pause())
        return write()

    meddling = MeddlingStore(store, Wall(), pause_first)
    desk.buy("RUG", "ada")
    with desk.writing(control=lambda: replace(control_of(meddling, "gate"), sign=None)):
        desk.wait_until(lambda: desk.state().sold == {"RUG"})
    assert State.PAUSED is desk.state().state
    assert ["gate", "ann"] == [record.who for record in chain(store)[:2]]
