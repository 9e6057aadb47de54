"""Whatever happens in a sale, in any order: a storage and a model of it say the same, and nothing is sold twice."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from support.model_storage import ModelStorage
from support.visits import EAST, NOW, WEST, buy, enter, find, leave, seen

from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.protocol import Ask, Buy, Enter, Lease, ShopReport, Storage

STOCK = {"PHONE": 2, "CASE": 1, "BAG": None}
SLOTS = 2
SAID = [state for state in OrderState if state not in (OrderState.ACCEPTED, OrderState.PAID_LATE)]

visits = st.fixed_dictionaries(
    {
        "buyer": st.sampled_from(["ada", "bob", "eve", "kim"]),
        "sku": st.sampled_from(sorted(STOCK)),
        "server": st.sampled_from([EAST, WEST]),
        "address": st.sampled_from(["near", "far"]),
        "slots_per_address": st.sampled_from([None, 1, 2]),
        "per_buyer": st.sampled_from([None, None, 1, 2]),
        "behind": st.sampled_from([0, 0, 0, 1]),
    }
)


class Sale(RuleBasedStateMachine):
    """One sale of a storage; inherit and set `storage` and `name`, which is begun."""

    storage: Storage
    name: str

    def __init__(self) -> None:
        super().__init__()
        self.model = ModelStorage()
        self.now = NOW
        self.epoch = 1
        self.count = 0

    @rule(seconds=st.sampled_from([0.25, 10.0, 100.0, 200.0, 300.0]))
    def time_passes(self, seconds: float) -> None:
        """Leases last 300 s, claims 60 s."""
        self.now += seconds

    @rule()
    def goes_live_again(self) -> None:
        """The next visit brings the epoch."""
        self.epoch += 1

    @rule(visit=visits)
    def enters(self, visit: dict[str, Any]) -> None:
        """Somebody opens the form."""
        self.check([self.entering(**visit)])

    @rule(visit=visits, may_revive=st.booleans())
    def buys(self, visit: dict[str, Any], may_revive: bool) -> None:
        """Somebody sends it, with or without a lease."""
        self.check([self.buying(may_revive=may_revive, **visit)])

    @rule(visit=visits)
    def enters_and_buys(self, visit: dict[str, Any]) -> None:
        """As most do, and twice, in one batch."""
        asks: list[Ask] = [self.entering(**visit), self.buying(may_revive=False, **visit), self.buying(**visit)]
        asks.append(find(visit["buyer"], sale=self.name, sku=visit["sku"]))
        self.check(asks)

    @rule(visit=visits)
    def leaves_at_once(self, visit: dict[str, Any]) -> None:
        """Somebody opens the form, and is gone before it came."""
        ask = self.entering(**visit)
        self.check([ask, leave(sale=self.name, server=visit["server"], lease=ask.lease)])

    @rule(data=st.data())
    def gives_back(self, data: st.DataObject) -> None:
        """Any lease that there is."""
        if self.model.slots:
            slot = data.draw(st.sampled_from(self.model.slots))
            self.check([leave(sale=self.name, server=slot.server, lease=slot.id)])

    @rule(data=st.data())
    def is_seen(self, data: st.DataObject) -> None:
        """The form of any lease that there is."""
        if self.model.slots:
            slot = data.draw(st.sampled_from(self.model.slots))
            self.check([seen(sale=self.name, server=slot.server, lease=slot.id)])

    @rule(data=st.data(), state=st.sampled_from(SAID))
    def settles(self, data: st.DataObject, state: OrderState) -> None:
        """Any order, whatever became of it before."""
        if self.model.orders:
            order = data.draw(st.sampled_from(sorted(self.model.orders)))
            due_at = self.now + 30
            was = self.model.orders[order]
            expected = self.model.settle(order, state, due_at, state.value)
            found = self.storage.settle(order, state, self.now, due_at, state.value)
            assert found is not None
            assert (expected.id, expected.buyer, expected.state, expected.attempts, expected.note) == (
                found.id,
                found.buyer,
                found.state,
                found.attempts,
                found.note,
            ), was

    @rule(data=st.data(), result=st.sampled_from([OrderState.PAID, OrderState.RELEASED]))
    def is_reported(self, data: st.DataObject, result: OrderState) -> None:
        """Any order, or one of another sale: the shop's own word, at any time, as often as it likes."""
        order = data.draw(st.sampled_from([*sorted(self.model.orders), "nobodys"]))
        report = ShopReport(self.name, order, result, "reported", self.now)
        before = self.model.orders.get(order)
        self.check([report, report])
        assert before is None or before.state is not OrderState.PAID or self.model.orders[order].state is before.state

    @rule(reserved=st.booleans())
    def claims(self, reserved: bool) -> None:
        """A forwarder takes all that is due, or whoever asks for the reserved ones."""
        expected = self.model.claim(self.now, self.now + 60, reserved=reserved)
        found = self.storage.claim(self.name, self.now, self.now + 60, 1000, reserved=reserved)
        assert expected == {order.id for order in found}

    @invariant()
    def counts_agree(self) -> None:
        """And nothing is sold or held beyond the limits."""
        expected, tally = self.model.tally(self.now), self.storage.tally(self.name, self.now)
        assert (expected.oldest_waiting, expected.overdue) == (tally.oldest_waiting, tally.overdue)
        for counts, found in (
            (expected.taken, tally.taken),
            (expected.in_use, tally.in_use),
            (expected.orders, tally.orders),
        ):
            assert counts == {name: count for name, count in found.items() if count}
        assert all(units <= (STOCK[sku] or units) for sku, units in tally.taken.items())
        assert all(slots <= SLOTS for slots in tally.in_use.values())

    @invariant()
    def one_order_a_buyer_and_sku(self) -> None:
        """But for those whose unit went back."""
        held = [order for order in self.storage.orders(self.name) if order.state.holds_unit]
        assert len(held) == len({(order.sku, order.buyer) for order in held})

    def entering(self, **visit: Any) -> Enter:
        """A form, under a fresh lease."""
        return enter(lease=self.fresh("lease"), **self.visit(**visit))

    def buying(self, *, may_revive: bool = True, **visit: Any) -> Buy:
        """An order under a fresh id; the lease is the buyer's own, whatever it is called."""
        return buy(lease="", order=self.fresh("order"), may_revive=may_revive, **self.visit(**visit))

    def visit(self, *, behind: int, sku: str, **visit: Any) -> dict[str, Any]:
        """All of a visit."""
        facts = {"sale": self.name, "sku": sku, "stock": STOCK[sku], "slots": SLOTS, "now": self.now}
        return {"epoch": self.epoch - behind, **facts, **visit}

    def check(self, asks: list[Ask]) -> None:
        """The storage says what the model says."""
        expected = [self.model.answer(ask) for ask in asks]
        assert expected == self.storage.decide(asks)
        assert all(answer.id for answer in expected if isinstance(answer, Lease))

    def fresh(self, kind: str) -> str:
        """An id that never was."""
        self.count += 1
        return f"{self.name}-{kind}-{self.count}"
