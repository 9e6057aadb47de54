"""What holds for slots and units in every storage. `storage` is a fixture: empty, `night` and `day` begun in it."""

from __future__ import annotations

import time
from dataclasses import replace
from types import NoneType
from typing import Any

import pytest
from support.visits import EAST, LEASE_SECONDS, NOW, WEST, ask, bought, buy, enter, find, leave, seen

from flashgen.gate.networks import Network
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.protocol import Ask, Buy, Lease, NoPlace, Storage, StorageLost, Touch

LATER = NOW + LEASE_SECONDS
"""When leases of NOW have just expired."""

IN_TIME = LATER - 0.25


def in_use(storage: Storage, server: str = EAST, *, sale: str = "night", now: float = NOW) -> int:
    """Slots taken at a server."""
    return storage.tally(sale, now).in_use.get(server, 0)


def taken(storage: Storage, sku: str = "PHONE", *, sale: str = "night") -> int:
    """Units taken of a SKU."""
    return storage.tally(sale, NOW).taken.get(sku, 0)


class SlotContract:
    """Enter and Leave."""

    def test_a_buyer_gets_a_lease(self, storage: Storage) -> None:
        """Of the name that was given, for as long as was said."""
        assert Lease("lease-ada", LATER, is_new=True) == ask(storage, enter())
        assert 1 == in_use(storage)

    def test_whoever_has_a_lease_keeps_it(self, storage: Storage) -> None:
        """A second tab takes no second slot, and prolongs nothing."""
        ask(storage, enter())
        assert Lease("other", LATER, is_new=False) == ask(storage, enter(lease="other", now=IN_TIME))
        assert (1, 0) == (in_use(storage), in_use(storage, now=LATER))

    def test_a_lease_has_the_id_that_was_told_last(self, storage: Storage) -> None:
        """Whoever clicked twice keeps their place when the first answer is lost; the address is counted once."""
        one: dict[str, Any] = {"slots_per_address": 1}
        storage.decide([enter(lease="first", **one), enter(lease="second", **one), leave(lease="first")])
        assert (1, NoPlace.FULL) == (in_use(storage), ask(storage, enter("bob", **one)))
        ask(storage, leave(lease="second"))
        assert 0 == in_use(storage)
        assert isinstance(ask(storage, enter("bob", **one)), Lease)

    def test_older_forms_stay_good(self, storage: Storage) -> None:
        """The first tab buys as well as the second."""
        storage.decide([enter(lease="first"), enter(lease="second")])
        assert buy().order == ask(storage, buy(lease="first", may_revive=False))

    def test_a_full_or_sold_out_server_still_gives_a_lease_back(self, storage: Storage) -> None:
        """The buyer's place is theirs."""
        ask(storage, enter())
        again = enter(slots=1, stock=0, slots_per_address=1)
        assert Lease("lease-ada", LATER, is_new=False) == ask(storage, again)

    @pytest.mark.parametrize("other", [{"sku": "CASE"}, {"server": WEST}, {"sale": "day"}], ids=str)
    def test_a_lease_is_for_one_sku_of_a_sale_at_one_server(self, storage: Storage, other: dict[str, Any]) -> None:
        """For another the buyer gets another."""
        ask(storage, enter())
        assert Lease("second", LATER, is_new=True) == ask(storage, enter(lease="second", **other))

    def test_slots_are_limited(self, storage: Storage) -> None:
        """One more than there are is turned away, in the order of their asking."""
        answers = storage.decide([enter(buyer, slots=2) for buyer in ("ada", "bob", "eve")])
        assert [Lease, Lease, NoPlace] == [type(answer) for answer in answers]
        assert (NoPlace.FULL, 2) == (answers[2], in_use(storage))

    @pytest.mark.parametrize("slots", [0, 1])
    def test_no_more_slots_than_now(self, storage: Storage, slots: int) -> None:
        """A limit that was lowered holds for whoever comes next; nobody loses a place."""
        storage.decide([enter("ada"), enter("bob")])
        assert NoPlace.FULL == ask(storage, enter("eve", slots=slots))
        assert 2 == in_use(storage)

    @pytest.mark.parametrize("other", [{"server": WEST}, {"sale": "day"}], ids=str)
    def test_each_server_has_slots_of_its_own_in_each_sale(self, storage: Storage, other: dict[str, Any]) -> None:
        """A crowd at one shuts nobody out at another."""
        ask(storage, enter("ada", slots=1))
        assert isinstance(ask(storage, enter("bob", slots=1, **other)), Lease)
        assert NoPlace.FULL == ask(storage, enter("eve", slots=1, **other))

    def test_skus_share_a_servers_slots(self, storage: Storage) -> None:
        """Slots are what a server can serve, whatever it sells."""
        ask(storage, enter("ada", slots=1))
        assert NoPlace.FULL == ask(storage, enter("bob", slots=1, sku="CASE"))

    def test_a_lease_ends_when_it_expires(self, storage: Storage) -> None:
        """Up to that moment it holds its slot; from then on it is somebody else's."""
        storage.decide([enter("ada", slots=1), seen("ada")])
        assert NoPlace.FULL == ask(storage, enter("bob", slots=1, now=IN_TIME))
        assert (1, 0) == (in_use(storage, now=IN_TIME), in_use(storage, now=LATER))
        assert Lease("lease-bob", LATER + LEASE_SECONDS, is_new=True) == ask(storage, enter("bob", slots=1, now=LATER))

    def test_whoever_let_a_lease_expire_gets_a_new_one(self, storage: Storage) -> None:
        """If a slot is free, as everybody does."""
        ask(storage, enter(lease="first"))
        assert Lease("second", LATER + LEASE_SECONDS, is_new=True) == ask(storage, enter(lease="second", now=LATER))
        assert 1 == in_use(storage, now=LATER)

    def test_a_lease_is_given_back(self, storage: Storage) -> None:
        """Its slot is free at once."""
        ask(storage, enter("ada", slots=1))
        assert None is ask(storage, leave("ada"))
        assert 0 == in_use(storage)
        assert isinstance(ask(storage, enter("bob", slots=1)), Lease)

    def test_giving_back_what_is_not_there_is_no_error(self, storage: Storage) -> None:
        """Neither an unknown one, nor twice, nor after the order; nobody else's goes instead."""
        bought(storage, "ada")
        ask(storage, enter("bob"))
        gone = [leave("ada"), leave("eve"), leave("bob", server=WEST), leave("bob", sale="day")]
        assert [None] * 4 == storage.decide(gone)
        assert 1 == in_use(storage)

    def test_an_address_may_have_so_many_slots(self, storage: Storage) -> None:
        """One machine cannot take a server's every slot."""
        wanted = [enter(buyer, slots_per_address=2) for buyer in ("ada", "bob", "eve")]
        assert [Lease, Lease, NoPlace] == [type(answer) for answer in storage.decide(wanted)]
        assert NoPlace.FULL == ask(storage, enter("eve", slots_per_address=2, sku="CASE"))
        assert isinstance(ask(storage, enter("eve", slots_per_address=2, address="203.0.113.2")), Lease)

    def test_an_address_without_a_limit_has_any_number(self, storage: Storage) -> None:
        """Of the server's own."""
        wanted = [enter(f"buyer-{number}", slots_per_address=None) for number in range(10)]
        assert {Lease} == {type(answer) for answer in storage.decide(wanted)}

    def test_an_addresss_slots_come_back(self, storage: Storage) -> None:
        """When leases are given back, end in an order, or expire."""
        limit: dict[str, Any] = {"slots_per_address": 1}
        ask(storage, enter("ada", **limit))
        ask(storage, leave("ada"))
        bought(storage, "bob", **limit)
        assert isinstance(ask(storage, enter("eve", **limit)), Lease)
        assert isinstance(ask(storage, enter("kim", now=LATER, **limit)), Lease)

    def test_an_address_is_counted_by_server(self, storage: Storage) -> None:
        """As slots are."""
        ask(storage, enter("ada", slots_per_address=1))
        assert isinstance(ask(storage, enter("ada", slots_per_address=1, server=WEST)), Lease)

    def test_a_sku_that_is_gone_has_no_form(self, storage: Storage) -> None:
        """Sold out is said before full: it is the more final."""
        bought(storage, "ada", stock=1)
        assert NoPlace.SOLD_OUT == ask(storage, enter("bob", stock=1))
        assert NoPlace.SOLD_OUT == ask(storage, enter("bob", stock=1, slots=0))
        assert 0 == in_use(storage)

    def test_odd_names_are_kept_apart(self, storage: Storage) -> None:
        """No separator inside a name makes two of them one."""
        odd = [("a:b", "c"), ("a", "b:c"), ("a b", "c"), ("a", "b c"), ("{a}", "%"), ("é日本", "*?[x]"), ("A", "C")]
        wanted = [
            enter(buyer, sku=sku, lease=f"lease-{number}") for number, (buyer, sku) in enumerate([*odd, ("a", "c")])
        ]
        assert [f"lease-{number}" for number in range(8)] == [
            answer.id for answer in storage.decide(wanted) if isinstance(answer, Lease) and answer.is_new
        ]


class FairnessContract:
    """Who makes way, and which networks get less."""

    def test_a_form_that_was_never_seen_makes_way_in_a_full_house(self, storage: Storage) -> None:
        """The oldest first, after so long that it would have been shown."""
        ask(storage, enter("ada", slots=2))
        ask(storage, enter("bob", slots=2, now=NOW + 1))
        assert NoPlace.FULL == ask(storage, enter("eve", slots=2, now=NOW + 9.75))
        assert isinstance(ask(storage, enter("eve", slots=2, now=NOW + 10)), Lease)
        assert 2 == in_use(storage, now=NOW + 10)
        assert NoPlace.FULL == ask(storage, buy("ada", slots=2, may_revive=False, now=NOW + 10))
        assert isinstance(ask(storage, buy("bob", slots=2, may_revive=False, now=NOW + 10)), Order)

    def test_nobody_makes_way_while_there_is_room(self, storage: Storage) -> None:
        """Somebody without pictures may order all the same."""
        ask(storage, enter("ada", slots=2))
        ask(storage, enter("bob", slots=2, now=IN_TIME))
        assert 2 == in_use(storage, now=IN_TIME)

    @pytest.mark.parametrize("sign", [seen(), enter(lease="again")], ids=str)
    def test_a_sign_of_life_keeps_the_place(self, storage: Storage, sign: Ask) -> None:
        """The form's picture was fetched, or its buyer came back."""
        storage.decide([enter(slots=1), sign])
        assert NoPlace.FULL == ask(storage, enter("bob", slots=1, now=IN_TIME))

    def test_a_sign_of_life_is_of_one_lease(self, storage: Storage) -> None:
        """Nor is it any of another server's, sale's or of none."""
        ask(storage, enter(slots=1))
        storage.decide([seen("bob"), seen(server=WEST), seen(sale="day")])
        assert isinstance(ask(storage, enter("bob", slots=1, now=IN_TIME)), Lease)

    def test_nobody_makes_way_for_more_than_there_are_slots(self, storage: Storage) -> None:
        """A limit that was lowered takes no place away."""
        storage.decide([enter("ada"), enter("bob")])
        assert NoPlace.FULL == ask(storage, enter("eve", slots=1, now=IN_TIME))
        assert 2 == in_use(storage, now=IN_TIME)

    def test_every_network_of_a_buyer_counts(self, storage: Storage) -> None:
        """The smaller and the larger one, each with its part."""
        small, other, large = Network("2001:db8::/64", 2), Network("2001:db8:0:1::/64", 2), Network("2001:db8::/48", 3)
        wanted = [enter(buyer, networks=(small, large)) for buyer in ("ada", "bob", "eve")]
        wanted += [enter(buyer, networks=(other, large)) for buyer in ("kim", "lee")]
        assert [Lease, Lease, NoPlace, Lease, NoPlace] == [type(answer) for answer in storage.decide(wanted)]

    def test_a_network_that_never_orders_has_less(self, storage: Storage) -> None:
        """One slot less for each form that ran out; one remains."""
        limit: dict[str, Any] = {"slots_per_address": 3}
        assert 3 == _entered(storage, "first", NOW, **limit)
        assert 1 == _entered(storage, "second", LATER, **limit)
        assert 1 == _entered(storage, "third", LATER + LEASE_SECONDS, **limit)

    def test_an_order_gives_a_network_its_part_again(self, storage: Storage) -> None:
        """Somebody there buys."""
        limit: dict[str, Any] = {"slots_per_address": 3}
        _entered(storage, "first", NOW, **limit)
        bought(storage, "ada", now=LATER, **limit)
        assert 3 == _entered(storage, "second", LATER, **limit)

    def test_what_makes_way_counts_as_unused(self, storage: Storage) -> None:
        """Who comes for every slot and shows no form has one the next time."""
        limit: dict[str, Any] = {"slots": 3, "slots_per_address": 3}
        assert 3 == _entered(storage, "first", NOW, **limit)
        for buyer in ("ada", "bob"):
            assert isinstance(ask(storage, enter(buyer, slots=3, now=NOW + 10)), Lease)
        storage.decide([leave("ada"), leave("bob")])
        assert NoPlace.FULL == ask(storage, enter("late", now=NOW + 10, **limit))

    def test_what_is_given_back_is_not_unused(self, storage: Storage) -> None:
        """Its form never reached anybody."""
        limit: dict[str, Any] = {"slots_per_address": 3}
        storage.decide([enter("ada", **limit), leave("ada")])
        assert 3 == _entered(storage, "first", NOW, **limit)

    def test_a_newer_epoch_forgets_what_networks_did(self, storage: Storage) -> None:
        """The sale begins anew."""
        limit: dict[str, Any] = {"slots_per_address": 3}
        _entered(storage, "first", NOW, **limit)
        assert 3 == _entered(storage, "second", LATER, epoch=2, **limit)


def _entered(storage: Storage, who: str, now: float, **changes: Any) -> int:
    """How many of five get a lease."""
    wanted = [enter(f"{who}-{number}", now=now, **changes) for number in range(5)]
    return sum(isinstance(answer, Lease) for answer in storage.decide(wanted))


class UnitContract:
    """Buy and Find."""

    def test_an_order_comes_back_as_it_was_given(self, storage: Storage) -> None:
        """Every field of it, now and whenever it is asked for."""
        ask(storage, enter(now=NOW + 0.123))
        wanted = buy(now=NOW + 1.2345678)
        assert wanted.order == ask(storage, wanted)
        assert wanted.order == ask(storage, find())
        assert (wanted.order,) == tuple(storage.orders("night"))
        assert (1, 0) == (taken(storage), in_use(storage))

    def test_who_has_no_order_has_none(self, storage: Storage) -> None:
        """Nor does another buyer's, SKU's or sale's count."""
        bought(storage, "ada")
        others = [find("bob"), find("ada", sku="CASE"), find("ada", sale="day")]
        assert [None] * 3 == storage.decide(others)

    @pytest.mark.parametrize(
        "again",
        [
            enter(),
            enter(stock=0, slots=0),
            enter(epoch=0),
            enter(server=WEST),
            buy(order="second"),
            buy(order="second", lease="second", may_revive=False, stock=0, slots=0),
            buy(order="second", epoch=0),
            buy(order="second", server=WEST),
        ],
        ids=str,
    )
    def test_the_order_that_a_buyer_has_comes_first(self, storage: Storage, again: Ask) -> None:
        """Before epochs, slots and stock: it is shown again always, and there is no second one."""
        first = bought(storage, "ada")
        assert [*first] == storage.decide([again])
        assert first == tuple(storage.orders("night"))

    def test_a_double_click_is_one_order(self, storage: Storage) -> None:
        """Both in one batch: the second is told of the first's."""
        ask(storage, enter())
        first, second = storage.decide([buy(order="first"), buy(order="second")])
        assert first == second == buy(order="first").order
        assert 1 == taken(storage)

    def test_a_second_forms_slot_is_free_after_the_order(self, storage: Storage) -> None:
        """Whoever ordered at one server and posts at another has no more need of a place there."""
        storage.decide([enter(), enter(server=WEST, lease="west"), buy(), buy(server=WEST, lease="west")])
        assert (0, 0) == (in_use(storage, EAST), in_use(storage, WEST))

    @pytest.mark.parametrize(("sale", "sku"), [("day", "PHONE"), ("night", "CASE")])
    def test_one_order_a_sku_and_sale(self, storage: Storage, sale: str, sku: str) -> None:
        """Another SKU, or the same in another sale, is another order."""
        bought(storage, "ada")
        other = buy(sale=sale, sku=sku, order="other", lease="other")
        storage.decide([enter(sale=sale, sku=sku, lease="other")])
        assert other.order == ask(storage, other)

    def test_stock_is_the_limit(self, storage: Storage) -> None:
        """One more than there is gets none, in the order of their asking."""
        buyers = [f"buyer-{number}" for number in range(4)]
        storage.decide([enter(buyer, stock=3) for buyer in buyers])
        answers = storage.decide([buy(buyer, stock=3) for buyer in buyers])
        assert [Order, Order, Order, NoPlace] == [type(answer) for answer in answers]
        assert (NoPlace.SOLD_OUT, 3) == (answers[3], taken(storage))

    def test_whoever_is_told_sold_out_holds_no_slot(self, storage: Storage) -> None:
        """It would stand empty until it expires, and other SKUs could be sold there."""
        ask(storage, enter())
        assert NoPlace.SOLD_OUT == ask(storage, buy(stock=0))
        assert (0, 0) == (in_use(storage), taken(storage))

    def test_no_stock_sells_nothing_and_no_limit_anything(self, storage: Storage) -> None:
        """0 and None are not the same."""
        assert NoPlace.SOLD_OUT == ask(storage, enter(stock=0))
        assert NoPlace.SOLD_OUT == ask(storage, buy(stock=0))
        assert 5 == len(bought(storage, *"abcde", stock=None))
        assert 5 == taken(storage)

    def test_stock_that_was_lowered_holds(self, storage: Storage) -> None:
        """Also below what is taken: nothing more is sold, and nobody loses their order."""
        bought(storage, "ada", "bob", stock=5)
        storage.decide([enter("eve", stock=5)])
        assert NoPlace.SOLD_OUT == ask(storage, buy("eve", stock=1))
        assert 2 == taken(storage)

    def test_stock_that_was_raised_is_sold(self, storage: Storage) -> None:
        """A gate that knows of more sells more."""
        bought(storage, "ada", stock=1)
        assert NoPlace.SOLD_OUT == ask(storage, enter("bob", stock=1))
        bought(storage, "bob", stock=2)
        assert 2 == taken(storage)

    def test_skus_and_sales_have_stock_of_their_own(self, storage: Storage) -> None:
        """One that is gone takes nothing from another."""
        bought(storage, "ada", stock=1)
        bought(storage, "bob", stock=1, sku="CASE")
        assert (1, 1) == (taken(storage), taken(storage, "CASE"))
        assert isinstance(ask(storage, enter("eve", stock=1, sale="day")), Lease)

    def test_an_expired_lease_revives_if_a_slot_is_free(self, storage: Storage) -> None:
        """Whoever was slow may still order, and leaves the slot at once."""
        ask(storage, enter(slots=1))
        late = buy(now=LATER, slots=1)
        assert late.order == ask(storage, late)
        assert 0 == in_use(storage, now=LATER)

    def test_an_expired_lease_does_not_revive_in_a_full_house(self, storage: Storage) -> None:
        """The slot is somebody else's now."""
        ask(storage, enter(slots=1))
        ask(storage, enter("bob", slots=1, now=LATER))
        assert NoPlace.FULL == ask(storage, buy(slots=1, now=LATER))
        assert (0, 1) == (taken(storage), in_use(storage, now=LATER))

    def test_an_expired_lease_does_not_revive_beyond_its_addresss_limit(self, storage: Storage) -> None:
        """A revival takes a slot as any other."""
        ask(storage, enter("bob", slots_per_address=1, now=LATER))
        assert NoPlace.FULL == ask(storage, buy(slots_per_address=1, now=LATER))

    def test_an_expired_lease_does_not_revive_where_it_may_not(self, storage: Storage) -> None:
        """A paused sale lets in whoever has a place, and nobody else."""
        ask(storage, enter())
        assert NoPlace.FULL == ask(storage, buy(may_revive=False, now=LATER))
        assert NoPlace.FULL == ask(storage, buy("bob", may_revive=False))
        assert 0 == taken(storage)

    def test_a_live_lease_buys_in_a_full_and_paused_house(self, storage: Storage) -> None:
        """Its slot is there already."""
        ask(storage, enter())
        wanted = buy(may_revive=False, slots=0, slots_per_address=0, now=IN_TIME)
        assert wanted.order == ask(storage, wanted)

    def test_the_form_of_before_buys_by_the_lease_of_now(self, storage: Storage) -> None:
        """Two tabs, and the first one's lease has expired: the buyer has a slot all the same."""
        ask(storage, enter(lease="first"))
        ask(storage, enter(lease="second", now=LATER))
        late = buy(lease="first", may_revive=False, now=LATER)
        assert late.order == ask(storage, late)
        assert 0 == in_use(storage, now=LATER)

    @pytest.mark.parametrize("thief", [buy("bob", lease="lease-ada"), buy("ada", sku="CASE")], ids=str)
    def test_a_lease_is_of_no_use_to_others(self, storage: Storage, thief: Buy) -> None:
        """Neither to another buyer, nor for another SKU; and it stays where it is."""
        ask(storage, enter())
        assert NoPlace.FULL == ask(storage, replace(thief, may_revive=False))
        assert (0, 1) == (taken(storage), in_use(storage))

    def test_a_rejected_order_returns_its_unit(self, storage: Storage) -> None:
        """And its buyer may order again."""
        (first,) = bought(storage, "ada", stock=1)
        storage.settle(first.id, OrderState.REJECTED, NOW, NOW, "HTTP 422")
        assert (0, None) == (taken(storage), ask(storage, find()))
        ask(storage, enter(stock=1))
        again = buy(stock=1, order="second")
        assert again.order == ask(storage, again)
        assert (1, again.order) == (taken(storage), ask(storage, find()))

    def test_a_returned_unit_can_be_anybodys(self, storage: Storage) -> None:
        """Who was rejected has no claim to it."""
        (first,) = bought(storage, "ada", stock=1)
        storage.settle(first.id, OrderState.REJECTED, NOW, NOW, "HTTP 422")
        bought(storage, "bob", stock=1)
        assert NoPlace.SOLD_OUT == ask(storage, enter("ada", stock=1))


class EpochContract:
    """What a newer epoch does, and an older one does not."""

    def test_a_newer_epoch_voids_leases(self, storage: Storage) -> None:
        """At every server; the slots are free."""
        storage.decide([enter("ada", slots=1), enter("bob", slots=1, server=WEST)])
        assert isinstance(ask(storage, enter("eve", slots=1, epoch=2)), Lease)
        assert (1, 0) == (in_use(storage, EAST), in_use(storage, WEST))
        assert NoPlace.FULL == ask(storage, buy("ada", epoch=2, may_revive=False))

    def test_a_newer_epoch_frees_addresses(self, storage: Storage) -> None:
        """Void leases count nowhere."""
        ask(storage, enter("ada", slots_per_address=1))
        assert isinstance(ask(storage, enter("bob", slots_per_address=1, epoch=2)), Lease)

    def test_a_purchase_brings_a_newer_epoch_too(self, storage: Storage) -> None:
        """Whichever request comes first."""
        ask(storage, enter("ada"))
        assert NoPlace.FULL == ask(storage, buy("ada", epoch=2, may_revive=False))
        assert (0, NoPlace.FULL) == (in_use(storage), ask(storage, enter("bob", epoch=1)))

    def test_orders_and_units_outlive_epochs(self, storage: Storage) -> None:
        """Only leases are void."""
        first = bought(storage, "ada", stock=1)
        assert NoPlace.SOLD_OUT == ask(storage, enter("bob", epoch=2, stock=1))
        assert [*first] == storage.decide([enter("ada", epoch=2)])

    @pytest.mark.parametrize("behind", [enter("bob", epoch=2), buy("bob", epoch=2)], ids=str)
    def test_a_gate_behind_admits_nobody(self, storage: Storage, behind: Ask) -> None:
        """It has not read the pointer yet; what is held under the newer epoch stays."""
        ask(storage, enter("ada", epoch=3))
        assert NoPlace.FULL == ask(storage, behind)
        assert NoPlace.FULL == ask(storage, enter("ada", epoch=2))
        assert (1, 0) == (in_use(storage), taken(storage))
        assert Lease("lease-ada", LATER, is_new=False) == ask(storage, enter("ada", epoch=3))

    def test_each_sale_has_its_epoch(self, storage: Storage) -> None:
        """One that goes live again voids nothing of another."""
        storage.decide([enter("ada"), enter("bob", epoch=7, sale="day")])
        assert (1, 1) == (in_use(storage), in_use(storage, sale="day"))


class TouchContract:
    """Whether an order could be written."""

    @pytest.mark.parametrize("bulk_bytes", [0, 100_000])
    def test_a_touch_tells_the_storages_time(self, storage: Storage, bulk_bytes: int) -> None:
        """A server on this machine has this machine's clock."""
        before = time.time()
        told = ask(storage, Touch("night", bulk_bytes))
        assert isinstance(told, float)
        assert before - 0.001 <= told <= time.time() + 0.001

    def test_a_touch_changes_nothing(self, storage: Storage) -> None:
        """Neither slots, nor units, nor orders, nor who has the storage's leases."""
        bought(storage, "ada")
        ask(storage, enter("bob"))
        before = storage.tally("night", NOW), list(storage.orders("night"))
        storage.decide([Touch("night", 100_000), Touch("night"), Touch("day")])
        assert before == (storage.tally("night", NOW), list(storage.orders("night")))


class BatchContract:
    """Many questions at once."""

    def test_nothing_asked_nothing_answered(self, storage: Storage) -> None:
        """An empty batch is no error."""
        assert [] == storage.decide([])

    def test_answers_come_in_the_order_of_questions(self, storage: Storage) -> None:
        """Each decided after the one before."""
        order = buy("ada").order
        asked: list[Ask] = [
            find("ada"),
            enter("ada"),
            buy("ada"),
            find("ada"),
            leave("ada"),
            enter("ada"),
            buy("bob", stock=1),
        ]
        wanted = [None, Lease("lease-ada", LATER, is_new=True), order, order, None, order, NoPlace.SOLD_OUT]
        assert wanted == storage.decide(asked)

    def test_leases_expire_within_a_batch(self, storage: Storage) -> None:
        """Each question has its own moment."""
        batch: list[Ask] = [enter("ada", slots=1), seen("ada")]
        batch += [enter("bob", slots=1, now=IN_TIME), enter("eve", slots=1, now=LATER)]
        assert [Lease, NoneType, NoPlace, Lease] == [type(answer) for answer in storage.decide(batch)]

    def test_leases_are_void_within_a_batch(self, storage: Storage) -> None:
        """From the first question of a newer epoch on."""
        limits: dict[str, Any] = {"slots": 1, "slots_per_address": 1}
        batch = [enter("ada", **limits), enter("bob", **limits), enter("eve", epoch=2, **limits)]
        assert [Lease, NoPlace, Lease] == [type(answer) for answer in storage.decide(batch)]

    def test_leases_are_given_back_within_a_batch(self, storage: Storage) -> None:
        """To whoever asks next."""
        limits: dict[str, Any] = {"slots": 1, "slots_per_address": 1}
        batch: list[Ask] = [enter("ada", **limits), enter("bob", **limits), leave("ada"), enter("eve", **limits)]
        assert [Lease, NoPlace, NoneType, Lease] == [type(answer) for answer in storage.decide(batch)]

    def test_a_large_batch_is_as_good_as_many_small_ones(self, storage: Storage) -> None:
        """Slots and stock hold inside one."""
        buyers = [f"buyer-{number:03}" for number in range(200)]
        both: list[Ask] = [
            question for buyer in buyers for question in (enter(buyer, stock=150), buy(buyer, stock=150))
        ]
        answers = storage.decide(both)
        assert 150 == sum(isinstance(answer, Order) for answer in answers)
        assert [NoPlace.SOLD_OUT] * 100 == answers[300:]
        assert (150, 0) == (taken(storage), in_use(storage))

    @pytest.mark.parametrize(
        "question",
        [find(sale="new"), enter(sale="new"), buy(sale="new"), leave(sale="new"), Touch("new")],
        ids=str,
    )
    def test_a_sale_that_was_not_begun_is_not_sold(self, storage: Storage, question: Ask) -> None:
        """An emptied storage must not sell again, nor say that nobody has an order."""
        with pytest.raises(StorageLost):
            storage.decide([question])
        storage.begin("new")
        assert [] == list(storage.orders("new"))
        assert {} == dict(storage.tally("new", NOW).taken)

    def test_a_sale_that_was_not_begun_has_no_tally(self, storage: Storage) -> None:
        """Nobody may conclude that all units are there again."""
        with pytest.raises(StorageLost):
            storage.tally("new", NOW)
