"""What holds for orders on their way out, and for what gates agree on, in every storage."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from support.visits import EAST, LEASE_SECONDS, NOW, ask, bought, buy, enter, find, report

from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order import settled as settled_order
from flashgen.gate.storage.protocol import Lease, NoPlace, Storage

UNTIL = NOW + 60
SETTLED = [OrderState.DONE, OrderState.REJECTED]
SAID = [state for state in OrderState if state not in (OrderState.ACCEPTED, OrderState.PAID_LATE)]
WAITING = [OrderState.ACCEPTED, OrderState.UNKNOWN]


def claimed(storage: Storage, now: float, *, limit: int = 10, until: float | None = None) -> list[str]:
    """Ids of what is claimed at `now`, for a minute unless said otherwise."""
    return [order.id for order in storage.claim("night", now, now + 60 if until is None else until, limit)]


def settled(storage: Storage, order: str, state: OrderState, due_at: float = NOW, note: str = "") -> Order:
    """The order as it is after an attempt."""
    after = storage.settle(order, state, NOW, due_at, note)
    assert after is not None
    return after


def guest_bought(storage: Storage, buyer: str, contact: str) -> Order:
    """The order of a buyer who left a contact."""
    asked = buy(buyer)
    storage.decide([enter(buyer)])
    (order,) = storage.decide([replace(asked, order=replace(asked.order, contact=contact))])
    assert isinstance(order, Order)
    return order


class OutboxContract:
    """claim, settle, retry, orders."""

    def test_an_order_is_due_at_once(self, storage: Storage) -> None:
        """And comes with all that the order subsystem is told."""
        (order,) = bought(storage, "ada")
        (first,) = storage.claim("night", NOW, UNTIL, 10)
        assert order == replace(first, due_at=order.due_at)

    def test_what_is_claimed_is_claimed_by_nobody_else(self, storage: Storage, opened_again: Storage) -> None:
        """Neither here nor through another connection."""
        bought(storage, "ada")
        assert ["order-ada"] == claimed(storage, NOW)
        assert ([], []) == (claimed(storage, UNTIL - 0.25), claimed(opened_again, UNTIL - 0.25))

    def test_a_claim_runs_out(self, storage: Storage) -> None:
        """Whoever claimed may have died: the same order is claimed again, and is the same."""
        (order,) = bought(storage, "ada")
        claimed(storage, NOW, until=UNTIL)
        (again,) = storage.claim("night", UNTIL, UNTIL + 60, 10)
        assert order == replace(again, due_at=order.due_at)

    def test_the_oldest_are_claimed_first(self, storage: Storage) -> None:
        """As many as were asked for; whatever order they were written in."""
        for buyer, moment in (("ada", 3), ("eve", 1), ("bob", 2)):
            bought(storage, buyer, now=NOW + moment)
        assert ["order-eve", "order-bob"] == claimed(storage, NOW + 5, limit=2)
        assert ["order-ada"] == claimed(storage, NOW + 5, limit=2)

    def test_a_contact_goes_out_with_its_order(self, storage: Storage, opened_again: Storage) -> None:
        """And to another storage: whoever lists the orders gets it, sealed as it is."""
        guest_bought(storage, "ada", "sealed")
        assert ["sealed"] == [order.contact for order in storage.claim("night", NOW, UNTIL, 10)]
        assert ["sealed"] == [order.contact for order in opened_again.orders("night")]

    @pytest.mark.parametrize("state", SETTLED)
    def test_a_contact_is_purged_when_it_is_old(self, storage: Storage, state: OrderState) -> None:
        """The order stays, and the contacts of others."""
        order, waiting = guest_bought(storage, "ada", "sealed"), guest_bought(storage, "bob", "secret")
        bought(storage, "eve")
        settled(storage, order.id, state, NOW + 5)
        assert (0, 1, 0) == tuple(storage.purge_contacts("night", NOW + at) for at in (5, 6, 1e6))
        left = {one.id: one.contact for one in storage.orders("night")}
        assert {order.id: "", waiting.id: "secret", "order-eve": ""} == left

    def test_a_contact_comes_along_to_another_storage(self, storage: Storage) -> None:
        """With the order that it is of."""
        order = guest_bought(storage, "ada", "sealed")
        moved = replace(order, id="other", buyer="bob")
        assert 1 == storage.renew("night", replace(storage.version("night"), changes=10), [moved])
        assert {order.id: "sealed", "other": "sealed"} == {one.id: one.contact for one in storage.orders("night")}

    def test_each_sale_has_its_outbox(self, storage: Storage) -> None:
        """A claim in one takes nothing of another."""
        bought(storage, "ada", sale="day")
        assert [] == claimed(storage, NOW)
        assert 1 == len(storage.claim("day", NOW, UNTIL, 1))

    @pytest.mark.parametrize("state", SETTLED)
    def test_what_is_settled_is_not_claimed_again(self, storage: Storage, state: OrderState) -> None:
        """It needs no answer any more."""
        bought(storage, "ada")
        settled(storage, "order-ada", state)
        assert [] == claimed(storage, NOW + 1e6)

    def test_without_a_clear_answer_it_is_due_again(self, storage: Storage) -> None:
        """When it was said, with one attempt more each time; the unit is held."""
        (order,) = bought(storage, "ada")
        claimed(storage, NOW)
        first = settled(storage, order.id, OrderState.UNKNOWN, NOW + 5, "timed out")
        assert replace(order, state=OrderState.UNKNOWN, attempts=1, due_at=NOW + 5, note="timed out") == first
        assert [] == claimed(storage, NOW + 4.75)
        assert [order.id] == claimed(storage, NOW + 5)
        assert 2 == settled(storage, order.id, OrderState.UNKNOWN, NOW + 9).attempts
        assert {"PHONE": 1} == dict(storage.tally("night", NOW).taken)

    def test_done_holds_the_unit_for_ever(self, storage: Storage) -> None:
        """And the buyer is shown the order as it is."""
        (order,) = bought(storage, "ada")
        done = settled(storage, order.id, OrderState.DONE, note="HTTP 201")
        assert (OrderState.DONE, 0, "HTTP 201") == (done.state, done.attempts, done.note)
        assert done == ask(storage, find())
        assert {"PHONE": 1} == dict(storage.tally("night", NOW).taken)

    @pytest.mark.parametrize("before", SETTLED)
    @pytest.mark.parametrize("after", [*SETTLED, OrderState.UNKNOWN])
    def test_whatever_comes_later_changes_nothing(
        self, storage: Storage, before: OrderState, after: OrderState
    ) -> None:
        """An answer that arrives twice returns no second unit and takes none back."""
        (order, other) = bought(storage, "ada", "bob")
        first = settled(storage, order.id, before, note="first")
        assert first == settled(storage, order.id, after, NOW + 5, "second")
        held = {OrderState.DONE: 2, OrderState.REJECTED: 1}[before]
        assert {"PHONE": held} == dict(storage.tally("night", NOW).taken)
        assert [other.id] == claimed(storage, NOW + 1e6)

    def test_a_late_answer_to_the_rejected_is_not_the_new_orders(self, storage: Storage) -> None:
        """A buyer's second order has an id of its own."""
        bought(storage, "ada")
        settled(storage, "order-ada", OrderState.REJECTED)
        storage.decide([enter(), buy(order="second")])
        settled(storage, "order-ada", OrderState.DONE)
        assert {"order-ada": OrderState.REJECTED, "second": OrderState.ACCEPTED} == {
            order.id: order.state for order in storage.orders("night")
        }

    def test_an_unknown_order_is_none(self, storage: Storage) -> None:
        """Nothing is made up."""
        assert None is storage.settle("nobody", OrderState.DONE, NOW, NOW, "")
        assert [] == list(storage.orders("night"))

    def test_nothing_becomes_accepted_again(self, storage: Storage) -> None:
        """That is no result of an attempt."""
        bought(storage, "ada")
        with pytest.raises(ValueError, match="accepted"):
            storage.settle("order-ada", OrderState.ACCEPTED, NOW, NOW, "")

    def test_retry_makes_waiting_orders_due(self, storage: Storage) -> None:
        """Those that had an attempt; what is claimed for the first time stays with whoever has it."""
        bought(storage, "ada", "bob", "eve", "kim")
        claimed(storage, NOW)
        for buyer in ("ada", "bob"):
            settled(storage, f"order-{buyer}", OrderState.UNKNOWN, NOW + 1e5)
        settled(storage, "order-eve", OrderState.DONE)
        assert (0, 2, 0) == (
            storage.retry("day", NOW + 1),
            storage.retry("night", NOW + 1),
            storage.retry("night", NOW + 1),
        )
        assert {"order-ada", "order-bob"} == set(claimed(storage, NOW + 1))

    def test_retry_of_some_leaves_the_rest(self, storage: Storage) -> None:
        """Of those that were named it changes when they are due, and nothing else."""
        bought(storage, "ada", "bob", "eve", "kim")
        claimed(storage, NOW)
        for buyer in ("ada", "bob"):
            settled(storage, f"order-{buyer}", OrderState.UNKNOWN, NOW + 1e5, "timed out")
        settled(storage, "order-eve", OrderState.DONE)
        before = {order.id: order for order in storage.orders("night")}
        named = ("order-ada", "order-eve", "order-kim", "nobody")
        assert (0, 0, 1, 0) == (
            storage.retry("night", NOW + 1, ()),
            storage.retry("day", NOW + 1, named),
            storage.retry("night", NOW + 1, named),
            storage.retry("night", NOW + 1, named),
        )
        before["order-ada"] = replace(before["order-ada"], due_at=NOW + 1)
        assert before == {order.id: order for order in storage.orders("night")}
        assert ["order-ada"] == claimed(storage, NOW + 1)

    def test_orders_are_sorted(self, storage: Storage) -> None:
        """By when they were accepted, then by id, whatever became of them."""
        for buyer, moment in (("d", 2), ("c", 1), ("b", 3), ("a", 2)):
            bought(storage, buyer, now=NOW + moment)
        settled(storage, "order-c", OrderState.REJECTED)
        claimed(storage, NOW + 5)
        bought(storage, "z", sale="day")
        assert ["order-c", "order-a", "order-d", "order-b"] == [order.id for order in storage.orders("night")]

    def test_many_orders_are_listed(self, storage: Storage) -> None:
        """More than any page of an answer; reading them does not stop writers."""
        buyers = [f"buyer-{number:04}" for number in range(2500)]
        wishes = [buy(buyer, stock=None, slots=5000) for buyer in buyers]
        storage.decide(wishes)
        listed = storage.orders("night")
        first = next(listed)
        assert isinstance(ask(storage, buy("last", stock=None, now=NOW + 1)), Order)
        assert [f"order-{buyer}" for buyer in buyers] == [first.id, *(order.id for order in listed)][:2500]


class ReservationContract:
    """Orders whose buyers have yet to pay."""

    def test_a_reserved_order_is_asked_for_when_its_time_is_over(self, storage: Storage) -> None:
        """By whoever asks for reserved ones, and by nobody else; it waits no more to be forwarded."""
        bought(storage, "ada", "bob")
        reserved = storage.settle("order-ada", OrderState.RESERVED, NOW, NOW + 900, "HTTP 201", "https://pay.example/1")
        assert reserved
        assert ("https://pay.example/1", 0, NOW + 900) == (reserved.checkout_url, reserved.attempts, reserved.due_at)
        assert reserved == ask(storage, find("ada"))
        assert ["order-bob"] == claimed(storage, NOW + 1e6)
        assert () == storage.claim("night", NOW + 899, NOW + 960, 10, reserved=True)
        (claim,) = storage.claim("night", NOW + 900, NOW + 960, 10, reserved=True)
        assert replace(reserved, due_at=NOW + 960) == claim
        assert () == storage.claim("night", NOW + 900, NOW + 960, 10, reserved=True)

    def test_no_answer_keeps_the_unit(self, storage: Storage) -> None:
        """It is asked for again, and counted as overdue until there is an answer."""
        bought(storage, "ada")
        settled(storage, "order-ada", OrderState.UNKNOWN)
        settled(storage, "order-ada", OrderState.RESERVED, NOW + 900)
        assert 0 == storage.tally("night", NOW).overdue
        for attempts in (1, 2):
            asked = settled(storage, "order-ada", OrderState.UNKNOWN, NOW + 960, "HTTP 503")
            assert (OrderState.RESERVED, attempts, NOW + 960) == (asked.state, asked.attempts, asked.due_at)
        tally = storage.tally("night", NOW)
        assert ({"PHONE": 1}, 1, None) == (dict(tally.taken), tally.overdue, tally.oldest_waiting)
        assert 1 == len(storage.claim("night", NOW + 960, NOW + 1000, 10, reserved=True))
        settled(storage, "order-ada", OrderState.PAID)
        assert 0 == storage.tally("night", NOW).overdue

    @pytest.mark.parametrize("before", [*SAID, OrderState.ACCEPTED, OrderState.PAID_LATE])
    @pytest.mark.parametrize("result", SAID)
    def test_a_unit_goes_back_once_and_a_paid_one_never(
        self, storage: Storage, before: OrderState, result: OrderState
    ) -> None:
        """Whatever is said after whatever was; and as the rule says that both storages keep."""
        bought(storage, "ada", "bob")
        for said in {
            OrderState.ACCEPTED: (),
            OrderState.PAID_LATE: (OrderState.RELEASED, OrderState.PAID),
        }.get(before, (before,)):
            settled(storage, "order-ada", said, NOW + 5, "before")
        order = next(order for order in storage.orders("night") if order.id == "order-ada")
        assert before is order.state
        after = settled(storage, "order-ada", result, NOW + 7, "after")
        assert settled_order(order, result, NOW + 7, "after") == after
        assert {"PHONE": 1 + after.state.holds_unit} == dict(storage.tally("night", NOW).taken)
        assert before is not OrderState.PAID or after.state is before
        assert before.holds_unit or not after.state.holds_unit
        assert after == ask(storage, find("ada")) if after.state.holds_unit else ask(storage, find("ada")) is None

    def test_a_report_is_the_shops_own_word(self, storage: Storage) -> None:
        """It comes among requests, as often as it likes; of another sale's order nothing is known here."""
        (order, *_) = bought(storage, "ada", "bob")
        before = storage.version("night").changes
        paid, released = (report("order-ada", result) for result in (OrderState.PAID, OrderState.RELEASED))
        answers = storage.decide([paid, paid, released, report("nobodys"), report("order-bob", sale="day")])
        after = replace(order, state=OrderState.PAID, note="reported", due_at=NOW)
        assert [after, after, after, None, None] == answers
        assert before + 1 == storage.version("night").changes
        (late,) = storage.decide([report("order-bob", OrderState.RELEASED)])
        assert isinstance(late, Order)
        assert OrderState.RELEASED is late.state
        ask(storage, buy("bob", order="second", stock=2))
        (late,) = storage.decide([report("order-bob", OrderState.PAID)])
        assert isinstance(late, Order)
        assert OrderState.PAID_LATE is late.state
        assert {"PHONE": 2} == dict(storage.tally("night", NOW).taken)

    def test_a_released_unit_is_the_next_buyers(self, storage: Storage) -> None:
        """Or the same one's."""
        bought(storage, "ada", stock=1)
        settled(storage, "order-ada", OrderState.RESERVED, NOW + 900)
        assert NoPlace.SOLD_OUT is ask(storage, enter("bob", stock=1))
        storage.decide([report("order-ada", OrderState.RELEASED)])
        assert isinstance(ask(storage, enter("bob", stock=1)), Lease)


class LimitContract:
    """`per_buyer`: units of one buyer in the whole sale."""

    def test_a_buyer_has_no_more_than_the_limit(self, storage: Storage) -> None:
        """Of whatever SKUs; another buyer has a limit of their own, and so has another sale."""
        bought(storage, "ada", sku="CASE")
        bought(storage, "ada", sale="day")
        assert NoPlace.LIMIT is ask(storage, enter("ada", per_buyer=1))
        assert isinstance(ask(storage, enter("ada", per_buyer=2)), Lease)
        assert isinstance(ask(storage, enter("bob", per_buyer=1)), Lease)
        assert isinstance(ask(storage, enter("ada", sku="CASE", per_buyer=1)), Order)

    def test_forms_do_not_count(self, storage: Storage) -> None:
        """Who has several may send each: the first ones become orders, and the lease of the next one ends."""
        storage.decide([enter("ada", sku=sku, lease=sku, per_buyer=1) for sku in ("PHONE", "CASE")])
        answers = storage.decide(
            [buy("ada", sku=sku, lease=sku, order=f"order-{sku}", per_buyer=1) for sku in ("PHONE", "CASE")]
        )
        assert ("order-PHONE", NoPlace.LIMIT) == (getattr(answers[0], "id", None), answers[1])
        assert {} == {server: slots for server, slots in storage.tally("night", NOW).in_use.items() if slots}
        assert {"PHONE": 1} == dict(storage.tally("night", NOW).taken)

    def test_what_is_sold_out_is_said_first(self, storage: Storage) -> None:
        """It would be so for anybody."""
        bought(storage, "ada", sku="CASE")
        assert NoPlace.SOLD_OUT is ask(storage, enter("ada", stock=0, per_buyer=1))

    @pytest.mark.parametrize("result", [OrderState.REJECTED, OrderState.RELEASED])
    def test_a_unit_that_goes_back_counts_no_more(self, storage: Storage, result: OrderState) -> None:
        """Also when that is said twice."""
        bought(storage, "ada", "bob")
        bought(storage, "ada", sku="BAG")
        for _ in range(2):
            settled(storage, "order-ada", result)
        bought(storage, "ada", sku="CASE", per_buyer=2)
        assert NoPlace.LIMIT is ask(storage, enter("ada", per_buyer=2))

    def test_many_at_once_keep_the_limit(self, storage: Storage, opened_again: Storage) -> None:
        """Two workers, and one buyer who sends ten forms to each at the same moment."""

        def sold(one: Storage, name: str) -> int:
            wishes = [buy("ada", sku=f"{name}-{sku}", order=f"{name}-{sku}", per_buyer=3) for sku in range(10)]
            return sum(isinstance(one.decide([wish])[0], Order) for wish in wishes)

        with ThreadPoolExecutor(2) as pool:
            counts = list(pool.map(sold, (storage, opened_again), ("east", "west")))
        assert 3 == sum(counts) == len(list(storage.orders("night")))


class TallyContract:
    """tally."""

    def test_nothing_is_nothing(self, storage: Storage) -> None:
        """A sale that has just begun."""
        tally = storage.tally("night", NOW)
        assert ({}, {}, None) == (dict(tally.taken), dict(tally.in_use), tally.oldest_waiting)
        assert 0 == sum(tally.orders.values())

    def test_everything_is_counted(self, storage: Storage) -> None:
        """Units by SKU, slots by server, orders by state, and nothing of other sales."""
        bought(storage, "ada", "bob", "eve", now=NOW + 1)
        bought(storage, "ada", sku="CASE")
        bought(storage, "kim", sale="day")
        ask(storage, enter("joe", server="https://north.example"))
        settled(storage, "order-bob", OrderState.DONE)
        settled(storage, "order-eve", OrderState.REJECTED)
        tally = storage.tally("night", NOW)
        assert {"PHONE": 2, "CASE": 1} == {sku: units for sku, units in tally.taken.items() if units}
        assert {"https://north.example": 1} == {server: slots for server, slots in tally.in_use.items() if slots}
        counts = {state: count for state, count in tally.orders.items() if count}
        assert {OrderState.ACCEPTED: 2, OrderState.DONE: 1, OrderState.REJECTED: 1} == counts

    def test_expired_leases_do_not_count(self, storage: Storage) -> None:
        """Though nobody has come to clear them away."""
        ask(storage, enter("ada"))
        ask(storage, enter("bob", now=NOW + 100))
        assert {EAST: 1} == {
            server: slots for server, slots in storage.tally("night", NOW + LEASE_SECONDS).in_use.items() if slots
        }

    @pytest.mark.parametrize("state", WAITING)
    def test_the_oldest_that_waits(self, storage: Storage, state: OrderState) -> None:
        """By when it was accepted, also while it is claimed; what is settled does not wait."""
        for moment, buyer in enumerate(("ada", "bob", "eve")):
            bought(storage, buyer, now=NOW + moment)
        settled(storage, "order-ada", OrderState.DONE)
        claimed(storage, NOW + 5)
        if state is OrderState.UNKNOWN:
            settled(storage, "order-bob", state, NOW + 500)
        assert NOW + 1 == storage.tally("night", NOW).oldest_waiting
        for buyer in ("bob", "eve"):
            settled(storage, f"order-{buyer}", OrderState.REJECTED)
        assert None is storage.tally("night", NOW).oldest_waiting


class RegistryContract:
    """is_begun, begin, acquire_lease; what others see; close."""

    def test_a_sale_is_begun_once(self, storage: Storage) -> None:
        """Before it is not; twice changes nothing."""
        assert False is storage.is_begun("new")
        storage.begin("new")
        bought(storage, "ada", sale="new")
        storage.begin("new")
        assert True is storage.is_begun("new")
        assert 1 == len(list(storage.orders("new")))

    def test_one_holds_an_office(self, storage: Storage, opened_again: Storage) -> None:
        """Until its time is over."""
        assert storage.acquire_lease("sold night", "east-1", NOW, UNTIL)
        assert not opened_again.acquire_lease("sold night", "west-1", UNTIL - 0.25, UNTIL + 60)
        assert opened_again.acquire_lease("sold night", "west-1", UNTIL, UNTIL + 60)
        assert not storage.acquire_lease("sold night", "east-1", UNTIL, UNTIL + 60)

    def test_who_holds_an_office_may_stay(self, storage: Storage) -> None:
        """As long as they ask in time; or leave at once, by asking till now."""
        assert storage.acquire_lease("sold night", "east-1", NOW, UNTIL)
        assert storage.acquire_lease("sold night", "east-1", NOW + 30, UNTIL + 60)
        assert not storage.acquire_lease("sold night", "west-1", UNTIL, UNTIL + 60)
        assert storage.acquire_lease("sold night", "east-1", NOW + 31, NOW + 31)
        assert storage.acquire_lease("sold night", "west-1", NOW + 31, UNTIL)

    def test_offices_are_independent(self, storage: Storage) -> None:
        """Each has a holder of its own."""
        assert storage.acquire_lease("sold night", "east-1", NOW, UNTIL)
        assert storage.acquire_lease("sold day", "west-1", NOW, UNTIL)

    def test_others_see_all_of_it_at_once(self, storage: Storage, opened_again: Storage) -> None:
        """Another worker, through a connection of its own."""
        (order,) = bought(storage, "ada", stock=1)
        ask(storage, enter("bob", slots=1))
        assert opened_again.is_begun("night")
        assert order == ask(opened_again, find("ada"))
        assert Lease("lease-bob", NOW + LEASE_SECONDS, is_new=False) == ask(opened_again, enter("bob"))
        assert storage.tally("night", NOW) == opened_again.tally("night", NOW)

    def test_everything_outlives_a_connection(self, storage: Storage, reopen: Callable[[], Storage]) -> None:
        """What was said before it was closed, holds after it was opened again."""
        (order,) = bought(storage, "ada", epoch=4)
        ask(storage, enter("bob", epoch=4))
        tally = storage.tally("night", NOW)
        storage.close()
        again = reopen()
        assert (tally, (order,)) == (again.tally("night", NOW), tuple(again.orders("night")))
        assert [Lease("lease-bob", NOW + LEASE_SECONDS, is_new=False)] == again.decide([enter("bob", epoch=4)])

    def test_closing_twice_is_no_error(self, storage: Storage) -> None:
        """Nor without a word in between."""
        storage.close()
        storage.close()
