"""Orders on their way out: each is sent until there is a clear answer, whatever dies in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.clock import Clock
from support.order_stand_in import Desk, OrderStandIn, order_stand_in, status
from support.visits import NOW, bought

from flashgen.gate import forwarder
from flashgen.gate.forwarder import AT_ONCE, CLAIM_SECONDS, Breaker, Forwarder, Send, retry_after
from flashgen.gate.order_subsystem import ForwardResult, OrderSubsystemClient
from flashgen.gate.storage.protocol import Order, OrderState, Storage, StorageLost
from flashgen.gate.storage.sqlite import SqliteStorage

SALE = "night"
PATIENCE_SECONDS = 20.0


@dataclass
class Bureau:
    """A storage with orders in it, a shop's system, and what forwarders between them said."""

    path: Path
    shop: OrderStandIn
    clock: Clock = field(default_factory=lambda: Clock(NOW + 1))
    even: Clock = field(default_factory=lambda: Clock(1000.0))
    told: list[tuple[str, OrderState]] = field(default_factory=list)
    became: list[OrderState | None] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    send: Send | None = None
    chance: float = 0.0

    def __post_init__(self) -> None:
        self.send = OrderSubsystemClient(self.shop.url, b"k" * 32, self.clock, AT_ONCE).send
        with self.storage() as storage:
            storage.begin(SALE)

    def open(self) -> Storage:
        """As a forwarder does."""
        return SqliteStorage(self.path, "sqlite:gate.db")

    def storage(self) -> closing[Storage]:
        """The same, to be closed."""
        return closing(self.open())

    def orders(self) -> dict[str, OrderState]:
        """All of them by id."""
        with self.storage() as storage:
            return {order.id: order.state for order in storage.orders(SALE)}

    def buy(self, *buyers: str) -> None:
        """An order for each."""
        with self.storage() as storage:
            bought(storage, *buyers, slots=100)

    def forwarder(self, open_storage: Callable[[], Storage] | None = None) -> Forwarder:
        """One that has not begun."""
        return Forwarder(
            SALE,
            open_storage or self.open,
            lambda: self.send,
            now=self.clock,
            even=self.even,
            chance=lambda: self.chance,
            told=self._tell,
            log=lambda error: self.trouble.append(str(error)),
        )

    def _tell(self, order: Order, verdict: ForwardResult, state: OrderState | None) -> None:
        self.became.append(state)
        self.told.append((order.id, verdict.state))

    def wait(self, seconds: float) -> None:
        """Let time pass, by both clocks."""
        self.clock.wait(seconds)
        self.even.wait(seconds)

    @contextmanager
    def forwarding(self, open_storage: Callable[[], Storage] | None = None) -> Iterator[Forwarder]:
        """One at work."""
        one = self.forwarder(open_storage)
        one.start()
        try:
            yield one
        finally:
            one.stop(PATIENCE_SECONDS)

    def wait_until(self, is_so: Callable[[], bool], passing: float = 0.0) -> None:
        """Until it becomes so, while the clock moves on by so much every hundredth of a second."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, (self.told, self.trouble, self.shop.keys())
            time.sleep(0.01)
            self.wait(passing)


@pytest.fixture
def bureau(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    """It looks into the outbox often."""
    monkeypatch.setattr(forwarder, "LOOK_SECONDS", 0.01)
    with order_stand_in() as shop:
        yield Bureau(tmp_path / "gate.db", shop)


def test_accepted_orders_are_done_when_the_shop_has_them(bureau: Bureau) -> None:
    """Each is sent once."""
    bureau.buy("ada", "ben", "cam")
    with bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) == 3)
    assert dict.fromkeys(("order-ada", "order-ben", "order-cam"), OrderState.DONE) == bureau.orders()
    assert ["order-ada", "order-ben", "order-cam"] == sorted(bureau.shop.keys())


@pytest.mark.parametrize("code", [409, 422])
def test_a_rejected_order_gives_its_unit_back(bureau: Bureau, code: int) -> None:
    """And is not sent again."""
    bureau.shop.otherwise = status(code)
    bureau.buy("ada")
    with bureau.forwarding():
        bureau.wait_until(lambda: bool(bureau.told))
        bureau.clock.wait(3600)
    assert {"order-ada": OrderState.REJECTED} == bureau.orders()
    assert 1 == len(bureau.shop.received)
    with bureau.storage() as storage:
        assert {} == storage.tally(SALE, bureau.clock()).taken


@pytest.mark.parametrize("answer", [status(500), status(401), status(404), status(302), Desk.cut])
def test_without_a_clear_answer_it_is_sent_again_under_the_same_key(
    bureau: Bureau, answer: Callable[[Desk], None]
) -> None:
    """Until there is one; meanwhile the unit is held."""
    bureau.shop.answers = [answer] * 3
    bureau.buy("ada")
    with bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) == 1)
        with bureau.storage() as storage:
            assert {"PHONE": 1} == storage.tally(SALE, bureau.clock()).taken
        bureau.wait_until(lambda: len(bureau.told) == 4, passing=0.2)
    assert [OrderState.UNKNOWN] * 3 + [OrderState.DONE] == [state for _, state in bureau.told]
    assert ["order-ada"] * 4 == bureau.shop.keys()
    assert 1 == len({one.body for one in bureau.shop.received})


def test_an_order_that_waits_is_not_sent_before_it_is_due(bureau: Bureau) -> None:
    """However often the outbox is looked into."""
    bureau.shop.otherwise = status(503)
    bureau.buy("ada")
    with bureau.forwarding() as one:
        bureau.wait_until(lambda: bool(bureau.told))
        for _ in range(20):
            one.wake()
            time.sleep(0.01)
        assert 1 == len(bureau.shop.received)
        bureau.wait_until(lambda: len(bureau.told) == 2, passing=0.2)


def test_what_a_dead_forwarder_had_claimed_is_sent_by_another(bureau: Bureau) -> None:
    """Not before its claim runs out; under the same key."""
    bureau.buy("ada")
    with bureau.storage() as storage:
        (order,) = storage.claim(SALE, bureau.clock(), bureau.clock() + CLAIM_SECONDS, 1)
    with bureau.forwarding():
        time.sleep(0.1)
        assert [] == bureau.shop.received
        bureau.clock.wait(CLAIM_SECONDS)
        bureau.wait_until(lambda: bool(bureau.told))
    assert [order.id] == bureau.shop.keys()


def test_a_claim_outlasts_every_attempt() -> None:
    """Else an order would be sent by two at once."""
    from flashgen.gate.order_subsystem import CONNECT_SECONDS, READ_SECONDS

    assert CLAIM_SECONDS > CONNECT_SECONDS + READ_SECONDS


def test_two_forwarders_do_not_send_the_same_order(bureau: Bureau) -> None:
    """Who claims has it."""
    buyers = [f"b{number:03}" for number in range(40)]
    bureau.buy(*buyers)
    with bureau.forwarding(), bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) == 40)
    assert sorted(f"order-{buyer}" for buyer in buyers) == sorted(bureau.shop.keys())


def test_nothing_is_sent_while_nobody_is_named_to_get_it(bureau: Bureau) -> None:
    """Orders wait, and go when a push names somebody."""
    send, bureau.send = bureau.send, None
    bureau.buy("ada")
    with bureau.forwarding():
        time.sleep(0.1)
        assert [] == bureau.shop.received
        bureau.send = send
        bureau.wait_until(lambda: bool(bureau.told))
    assert {"order-ada": OrderState.DONE} == bureau.orders()


def test_a_new_order_need_not_wait_for_the_next_look(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever took it wakes the forwarder."""
    monkeypatch.setattr(forwarder, "LOOK_SECONDS", 3600.0)
    with bureau.forwarding() as one:
        time.sleep(0.05)
        bureau.buy("ada")
        one.wake()
        bureau.wait_until(lambda: bool(bureau.told))


def test_a_stop_waits_for_answers_and_writes_them_down(bureau: Bureau) -> None:
    """And begins nothing more."""
    may_answer = threading.Event()

    def wait(desk: Desk) -> None:
        may_answer.wait(PATIENCE_SECONDS)
        desk.say(200)

    bureau.shop.otherwise = wait
    bureau.buy(*(f"b{number}" for number in range(10)))
    one = bureau.forwarder()
    one.start()
    bureau.wait_until(lambda: len(bureau.shop.received) == AT_ONCE)
    stopping = threading.Thread(target=one.stop, args=(PATIENCE_SECONDS,))
    stopping.start()
    time.sleep(0.05)
    may_answer.set()
    stopping.join()
    assert AT_ONCE == len(bureau.shop.received)
    assert AT_ONCE == sum(state is OrderState.DONE for state in bureau.orders().values())


def test_a_stop_gives_up_in_time(bureau: Bureau) -> None:
    """What nobody answered is sent again by the next gate."""
    may_answer = threading.Event()

    def wait(desk: Desk) -> None:
        may_answer.wait(PATIENCE_SECONDS)
        desk.say(200)

    bureau.shop.otherwise = wait
    bureau.buy("ada")
    one = bureau.forwarder()
    one.start()
    bureau.wait_until(lambda: bool(bureau.shop.received))
    one.stop(0.05)
    assert {"order-ada": OrderState.ACCEPTED} == bureau.orders()
    may_answer.set()
    one.stop(PATIENCE_SECONDS)


class Failing:
    """A storage of which some calls fail, each once."""

    def __init__(self, storage: Storage, failures: dict[str, Exception]) -> None:
        self._storage = storage
        self._failures = failures

    def __getattr__(self, name: str) -> Any:
        if error := self._failures.pop(name, None):
            raise error
        return getattr(self._storage, name)


def test_attempts_that_never_end_stop_nothing(bureau: Bureau) -> None:
    """After CLAIM_SECONDS they are given up, and other orders go in their place."""
    real, is_over, stuck = bureau.send, threading.Event(), list[str]()
    assert real

    def send(order: Order) -> ForwardResult:
        if len(stuck) < AT_ONCE:
            stuck.append(order.id)
            is_over.wait(PATIENCE_SECONDS)
            return ForwardResult(OrderState.UNKNOWN, "no answer: timed out")
        return real(order)

    bureau.send = send
    bureau.buy(*(f"b{number}" for number in range(AT_ONCE + 1)))
    with bureau.forwarding():
        bureau.wait_until(lambda: len(stuck) == AT_ONCE)
        time.sleep(0.05)
        assert [] == bureau.shop.received
        bureau.wait(CLAIM_SECONDS)
        bureau.wait_until(lambda: len(bureau.told) == AT_ONCE + 1)
        assert {OrderState.DONE} == set(bureau.orders().values())
        is_over.set()


def test_a_probe_that_never_ends_is_not_the_last(bureau: Bureau) -> None:
    """The breaker lets another one through when that has been given up."""
    real, is_over, sent = bureau.send, threading.Event(), list[str]()
    assert real

    def send(order: Order) -> ForwardResult:
        sent.append(order.id)
        if len(sent) <= Breaker.FAILURES:
            return ForwardResult(OrderState.UNKNOWN, "HTTP 500")
        if len(sent) == Breaker.FAILURES + 1:
            is_over.wait(2 * PATIENCE_SECONDS)
        return real(order)

    bureau.send = send
    bureau.buy(*(f"b{number}" for number in range(Breaker.FAILURES)))
    with bureau.forwarding():
        bureau.wait_until(lambda: len(sent) == Breaker.FAILURES + 1, passing=0.05)
        bureau.wait(CLAIM_SECONDS / 2)
        time.sleep(0.1)
        assert Breaker.FAILURES + 1 == len(sent)
        bureau.wait_until(lambda: set(bureau.orders().values()) == {OrderState.DONE}, passing=1.0)
        is_over.set()


def test_a_clear_answer_counts_however_late(bureau: Bureau) -> None:
    """An unclear one does not: the order may be on its way again, and its claim another's."""
    answers = {
        "order-ada": ForwardResult(OrderState.DONE, "HTTP 201"),
        "order-ben": ForwardResult(OrderState.UNKNOWN, "HTTP 503"),
    }
    begun, is_over = list[str](), threading.Event()

    def send(order: Order) -> ForwardResult:
        begun.append(order.id)
        is_over.wait(PATIENCE_SECONDS)
        return answers[order.id]

    bureau.send = send
    bureau.buy("ada", "ben")
    with bureau.forwarding():
        bureau.wait_until(lambda: len(begun) == 2)
        bureau.even.wait(CLAIM_SECONDS)
        time.sleep(0.1)
        is_over.set()
        bureau.wait_until(lambda: bool(bureau.told))
        time.sleep(0.1)
    assert [("order-ada", OrderState.DONE)] == bureau.told
    assert {"order-ada": OrderState.DONE, "order-ben": OrderState.ACCEPTED} == bureau.orders()


def test_an_attempt_that_cannot_begin_is_not_under_way(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may have no thread to spare for a moment; the order is sent again as after any other failure."""
    real, buyers = threading.Thread.start, [f"a{number}" for number in range(AT_ONCE)]
    failures = [f"order-{buyer}" for buyer in buyers]

    def start(thread: threading.Thread) -> None:
        name = thread.name.removeprefix("order ")
        if name in failures:
            failures.remove(name)
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    bureau.buy(*buyers)
    with bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) == AT_ONCE)
        bureau.clock.wait(1.0)
        bureau.wait_until(lambda: len(bureau.told) == 2 * AT_ONCE)
    assert [OrderState.UNKNOWN] * AT_ONCE + [OrderState.DONE] * AT_ONCE == [state for _, state in bureau.told]
    assert [] == bureau.trouble


def test_a_result_comes_with_what_the_order_is_here(bureau: Bureau) -> None:
    """Somebody may have decided while it was on its way: that stays, and whoever logs sees both."""
    is_begun, is_decided = threading.Event(), threading.Event()

    def send(order: Order) -> ForwardResult:
        is_begun.set()
        is_decided.wait(PATIENCE_SECONDS)
        return ForwardResult(OrderState.DONE, "HTTP 201")

    bureau.send = send
    bureau.buy("ada")
    order = "order-ada"
    with bureau.forwarding():
        assert is_begun.wait(PATIENCE_SECONDS)
        with bureau.storage() as storage:
            storage.settle(order, OrderState.REJECTED, bureau.clock(), bureau.clock(), "by hand: ann")
        is_decided.set()
        bureau.wait_until(lambda: bool(bureau.told))
    assert ([(order, OrderState.DONE)], [OrderState.REJECTED]) == (bureau.told, bureau.became)
    assert {order: OrderState.REJECTED} == bureau.orders()


def test_each_attempt_waits_longer_than_the_one_before(bureau: Bureau) -> None:
    """By how many there were."""
    bureau.chance = 1.0
    bureau.shop.otherwise = status(503)
    bureau.buy("ada")
    waits = []
    with bureau.forwarding():
        for attempt in range(1, 4):
            bureau.wait_until(lambda count=attempt: len(bureau.told) == count)  # type: ignore[misc]
            with bureau.storage() as storage:
                (order,) = storage.orders(SALE)
            waits.append(order.due_at - bureau.clock())
            bureau.clock.wait(waits[-1])
    assert [retry_after(attempt, 1.0) for attempt in (1, 2, 3)] == waits


def test_a_clock_that_is_set_back_keeps_no_breaker_open(bureau: Bureau) -> None:
    """It goes by one that runs evenly."""
    bureau.shop.otherwise = status(500)
    bureau.buy(*(f"b{number:03}" for number in range(30)))
    with bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) >= Breaker.FAILURES)
        time.sleep(0.1)
        bureau.clock.wait(-0.9)  # to just after the orders came in
        before = len(bureau.shop.received)
        bureau.even.wait(60)
        bureau.wait_until(lambda: len(bureau.shop.received) > before)


@pytest.mark.parametrize("call", ["claim", "settle"])
@pytest.mark.parametrize("error", [StorageLost("gone"), RuntimeError("a surprise")])
def test_trouble_with_the_storage_ends_nothing(bureau: Bureau, call: str, error: Exception) -> None:
    """The order is sent, or sent again under its key, when the storage is back."""
    failures = {call: error}

    def open_storage() -> Storage:
        return Failing(bureau.open(), failures)

    bureau.buy("ada")
    with bureau.forwarding(open_storage):
        bureau.wait_until(lambda: bool(bureau.told), passing=0.2)
    assert [str(error)] == bureau.trouble
    assert {"order-ada": OrderState.DONE} == bureau.orders()
    assert {"order-ada"} == set(bureau.shop.keys())


def test_a_storage_that_cannot_be_opened_is_tried_again(bureau: Bureau) -> None:
    """As long as it takes."""
    tries = 0

    def open_storage() -> Storage:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise StorageLost("not yet")
        return bureau.open()

    bureau.buy("ada")
    with bureau.forwarding(open_storage):
        bureau.wait_until(lambda: bool(bureau.told))
    assert ["not yet"] * 3 == bureau.trouble


def test_a_send_that_raises_is_an_unknown_outcome(bureau: Bureau) -> None:
    """A bug of ours says nothing of the order."""
    real, tries = bureau.send, []
    assert real

    def send(order: Order) -> ForwardResult:
        tries.append(order.id)
        if len(tries) == 1:
            raise ZeroDivisionError
        return real(order)

    bureau.send = send
    bureau.buy("ada")
    with bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) == 2, passing=0.2)
    assert [OrderState.UNKNOWN, OrderState.DONE] == [state for _, state in bureau.told]


def test_a_dead_shop_is_not_overrun(bureau: Bureau) -> None:
    """Of many orders that wait, one at a time is tried."""
    bureau.shop.otherwise = status(500)
    bureau.buy(*(f"b{number:03}" for number in range(60)))
    with bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) >= Breaker.FAILURES)
        before, began = len(bureau.shop.received), bureau.clock()
        bureau.wait_until(lambda: bureau.clock() > began + 60, passing=0.5)
    # 0.5 s, 1, 2, 4, 8, 16, 30 s between two of them; four were under way when the breaker opened.
    assert len(bureau.shop.received) - before <= 4 + 8


def test_a_new_address_is_tried_at_once(bureau: Bureau) -> None:
    """What the old one did not answer says nothing of it."""
    bureau.shop.otherwise = status(500)
    buyers = [f"b{number:03}" for number in range(30)]
    bureau.buy(*buyers)
    with order_stand_in() as other, bureau.forwarding():
        bureau.wait_until(lambda: len(bureau.told) >= Breaker.FAILURES + 2, passing=0.2)
        bureau.send = OrderSubsystemClient(other.url, b"k" * 32, bureau.clock, AT_ONCE).send
        at = bureau.clock()
        fresh = {f"order-{buyer}" for buyer in buyers} - set(bureau.shop.keys())
        bureau.wait_until(lambda: fresh <= set(other.keys()))
        assert fresh
        assert at == bureau.clock()


def fail(breaker: Breaker, times: int, now: float = 0.0) -> None:
    """So many attempts without an answer."""
    for _ in range(times):
        breaker.record("one", OrderState.UNKNOWN, now)


def test_the_breaker_lets_one_through_after_a_while() -> None:
    """Longer each time, half a minute at most; a clear answer closes it."""
    breaker = Breaker()
    fail(breaker, Breaker.FAILURES - 1)
    assert AT_ONCE == breaker.allowed(0.0, AT_ONCE)
    fail(breaker, 1)
    assert (0, 1) == (breaker.allowed(0.4, AT_ONCE), breaker.allowed(0.5, AT_ONCE))
    fail(breaker, 20, now=100.0)
    assert (0, 1) == (breaker.allowed(129.9, AT_ONCE), breaker.allowed(130.0, AT_ONCE))
    breaker.record("one", OrderState.REJECTED, 130.0)
    assert AT_ONCE == breaker.allowed(130.0, AT_ONCE)


def test_the_breaker_waits_for_the_one_that_it_let_through() -> None:
    """For that one alone: attempts of before, which may never end, stand in nobody's way."""
    breaker = Breaker()
    breaker.begun("before")
    fail(breaker, Breaker.FAILURES)
    assert (0, 1) == (breaker.allowed(0.5, 0), breaker.allowed(0.5, 1))
    breaker.begun("probe")
    breaker.record("before", OrderState.UNKNOWN, 1.0)
    assert 0 == breaker.allowed(1e6, AT_ONCE)
    breaker.record("probe", OrderState.UNKNOWN, 2.0)
    assert 1 == breaker.allowed(1e6, AT_ONCE)


def test_retries_are_spread_and_have_a_longest() -> None:
    """Full jitter: from next to nothing to twice as long each time, a minute at most."""
    longest = [retry_after(attempts, 1.0) for attempts in (1, 2, 3, 7, 1000)]
    assert [1.0, 2.0, 4.0, 60.0, 60.0] == longest
    assert 0.1 == retry_after(5, 0.0)
    assert 8.0 == retry_after(5, 0.5)
