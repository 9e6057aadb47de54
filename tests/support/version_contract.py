"""What holds for the version of a sale in every storage: its id, its changes, and what a fence makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.outbox_contract import settled
from support.visits import NOW, ask, bought, buy, enter, find

from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.fence import GENERATION, FenceLimits, StorageVersion
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Ask, NoPlace, Storage, StorageBehind, StorageLost, Touch


@dataclass
class KnownVersion:
    """A fence that a test sets; what was noted."""

    known: FenceLimits | None = None
    noted: list[tuple[str, int]] = field(default_factory=list)

    def expected(self, sale: str) -> FenceLimits | None:
        """The same for each sale."""
        return self.known

    def note(self, sale: str, changes: int) -> None:
        """Remember it."""
        self.noted.append((sale, changes))


def order(number: int, **changes: object) -> Order:
    """One that the order subsystem has."""
    plain = Order(f"lost-{number}", "night", "PHONE", f"buyer-{number}", "19.90", "EUR", NOW, OrderState.DONE)
    return replace(plain, **changes)  # type: ignore[arg-type]


class VersionContract:
    """version, renew, and what a fence refuses."""

    @pytest.fixture
    def known(self) -> KnownVersion:
        """What the process remembers."""
        return KnownVersion()

    @pytest.fixture
    def fenced(self, storage: Storage, storage_url: str, tmp_path: Path, known: KnownVersion) -> Iterator[Storage]:
        """The same storage, behind a fence."""
        one = open_storage(storage_url, tmp_path, known)
        yield one
        one.close()

    def test_each_sale_has_an_id(self, storage: Storage, opened_again: Storage) -> None:
        """Random, made once, and the same for everybody."""
        night, day = storage.version("night"), storage.version("day")
        assert (0, 0) == (night.changes, day.changes)
        assert 24 <= len(night.id)
        assert night.id != day.id
        storage.begin("night")
        assert night == opened_again.version("night")

    def test_a_sale_that_was_not_begun_has_no_version(self, storage: Storage) -> None:
        """Neither to read nor to renew."""
        with pytest.raises(StorageLost):
            storage.version("new")
        with pytest.raises(StorageLost):
            storage.renew("new", StorageVersion("other", 1))

    def test_every_change_is_counted(self, storage: Storage) -> None:
        """Each order and each time that one is settled, and nothing else."""
        bought(storage, "ada", "bob", "eve")
        ask(storage, enter("kim"))
        ask(storage, buy("ada"))
        ask(storage, buy("joe", stock=3))
        storage.claim("night", NOW, NOW + 60, 10)
        assert 3 == storage.version("night").changes
        settled(storage, "order-ada", OrderState.DONE)
        settled(storage, "order-ada", OrderState.REJECTED)
        settled(storage, "order-bob", OrderState.REJECTED)
        settled(storage, "order-eve", OrderState.UNKNOWN)
        assert (6, 0) == (storage.version("night").changes, storage.version("day").changes)

    def test_a_storage_notes_how_far_it_has_come(self, fenced: Storage, known: KnownVersion) -> None:
        """With each order, as soon as that is durable."""
        bought(fenced, "ada", "bob")
        assert ("night", 2) == known.noted[-1]
        assert fenced.version("night").changes == known.noted[-1][1]

    @pytest.mark.parametrize("question", [enter("kim"), buy("kim"), buy("ada")], ids=str)
    def test_an_older_storage_sells_nothing(
        self, fenced: Storage, known: KnownVersion, question: Ask, storage: Storage
    ) -> None:
        """It lacks orders that were seen; with as many it goes on."""
        bought(storage, "ada", "bob")
        before = storage.tally("night", NOW)
        known.known = FenceLimits(storage.version("night").id, 3, 1000)
        with pytest.raises(StorageBehind):
            ask(fenced, question)
        assert before == storage.tally("night", NOW)
        known.known = replace(known.known, least=2)
        ask(fenced, question)

    def test_another_storage_sells_nothing(self, fenced: Storage, known: KnownVersion) -> None:
        """However far it has come."""
        known.known = FenceLimits("other", 0, 1000)
        for question in (enter(), buy()):
            with pytest.raises(StorageBehind):
                ask(fenced, question)
        assert isinstance(ask(fenced, Touch("night")), float)
        assert None is ask(fenced, find())

    def test_so_many_changes_and_no_more(self, fenced: Storage, storage: Storage, known: KnownVersion) -> None:
        """Within one batch, too. Who is told so keeps the place, and orders later."""
        known.known = FenceLimits(storage.version("night").id, 0, 2)
        buyers = ("ada", "bob", "eve", "kim")
        fenced.decide([enter(buyer) for buyer in buyers])
        assert [Order, Order, NoPlace.FULL, NoPlace.FULL] == [
            type(answer) if isinstance(answer, Order) else answer for answer in fenced.decide([*map(buy, buyers)])
        ]
        assert isinstance(ask(fenced, buy("ada")), Order)
        known.known = replace(known.known, most=3)
        assert isinstance(ask(fenced, buy("eve", may_revive=False)), Order)

    def test_a_storage_is_renewed(self, storage: Storage, reopen: Callable[[], Storage]) -> None:
        """Orders that are there already stay as they are; the others hold their units; all sell on from there."""
        (mine,) = bought(storage, "ada", stock=3)
        version = StorageVersion("new-id", GENERATION)
        known = order(1, id=mine.id, buyer="somebody")
        assert 2 == storage.renew("night", version, [known, order(1), order(2)])
        assert 0 == storage.renew("night", StorageVersion("new-id", 5), [known, order(1), order(2)])
        again = reopen()
        assert version == again.version("night")
        assert {"PHONE": 3} == dict(again.tally("night", NOW).taken)
        assert mine == ask(again, find("ada"))
        assert order(2) == ask(again, find("buyer-2"))
        assert NoPlace.SOLD_OUT == ask(again, enter("kim", stock=3))
        assert [] == [one.id for one in storage.claim("night", NOW, NOW + 60, 10) if one.id != mine.id]

    def test_an_order_that_waits_is_forwarded_after_it_was_taken_in(self, storage: Storage) -> None:
        """Its buyer was told of it."""
        storage.renew("night", storage.version("night"), [order(1, state=OrderState.ACCEPTED)])
        assert ["lost-1"] == [one.id for one in storage.claim("night", NOW, NOW + 60, 10)]

    def test_a_second_order_of_a_buyer_is_taken_in(self, storage: Storage) -> None:
        """The buyer ordered again after the first one was lost: both are real, and each holds a unit."""
        (mine,) = bought(storage, "ada")
        assert 1 == storage.renew("night", storage.version("night"), [order(1, buyer="ada")])
        assert {"PHONE": 2} == dict(storage.tally("night", NOW).taken)
        assert mine == ask(storage, find("ada"))

    def test_many_orders_are_taken_in(self, storage: Storage) -> None:
        """More than one page."""
        assert 1203 == storage.renew("night", StorageVersion("x", 1), [order(number) for number in range(1203)])
        assert 1203 == storage.tally("night", NOW).orders[OrderState.DONE]
