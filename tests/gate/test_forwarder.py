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
from support.order_stand_in import Answer, Desk, OrderStandIn, order_stand_in, status
from support.visits import NOW, bought

from flashgen.addresses import SecretUrl
from flashgen.gate.orders.forwarder import CLAIM_SECONDS, Breaker, Forwarder, retry_after
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order_subsystem import MAX_IN_FLIGHT, ForwardResult, OrderSubsystemClient, Send
from flashgen.gate.storage.protocol import Storage, StorageLost
from flashgen.gate.storage.sqlite.storage import SqliteStorage

SALE = "night"
PATIENCE_SECONDS = 20.0


@dataclass
class ForwarderScenario:
    """A storage with orders in it, a shop's system, and what forwarders between them said."""

    path: Path
    shop: OrderStandIn
    clock: Clock = field(default_factory=lambda: Clock(NOW + 1))
    monotonic: Clock = field(default_factory=lambda: Clock(1000.0))
    told: list[tuple[str, OrderState]] = field(default_factory=list)
    became: list[OrderState | None] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    send: Send | None = None
    random: float = 0.0
    poll_seconds: float = 0.01

    def __post_init__(self) -> None:
        self.send = OrderSubsystemClient(SecretUrl(self.shop.url), b"k" * 32, self.clock).send
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
            monotonic=self.monotonic,
            random=lambda: self.random,
            report=self._record,
            log=lambda error: self.trouble.append(str(error)),
            poll_seconds=self.poll_seconds,
        )

    def _record(self, order: Order, verdict: ForwardResult, state: OrderState | None) -> None:
        self.became.append(state)
        self.told.append((order.id, verdict.state))

    def wait(self, seconds: float) -> None:
        """Let time pass, by both clocks."""
        self.clock.wait(seconds)
        self.monotonic.wait(seconds)

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
def scenario(tmp_path: Path) -> Iterator[ForwarderScenario]:
    """It looks into the outbox often."""
    with order_stand_in() as shop:
        yield ForwarderScenario(tmp_path / "gate.db", shop)


def test_accepted_orders_are_done_when_the_shop_has_them(scenario: ForwarderScenario) -> None:
    """Each is sent once."""
    scenario.buy("ada", "ben", "cam")
    with scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) == 3)
    assert dict.fromkeys(("order-ada", "order-ben", "order-cam"), OrderState.DONE) == scenario.orders()
    assert ["order-ada", "order-ben", "order-cam"] == sorted(scenario.shop.keys())


@pytest.mark.parametrize("answer", [status(422), lambda desk: desk.say(409, b'{"result": "rejected"}')])
def test_a_rejected_order_gives_its_unit_back(scenario: ForwarderScenario, answer: Answer) -> None:
    """And is not sent again."""
    scenario.shop.otherwise = answer
    scenario.buy("ada")
    with scenario.forwarding():
        scenario.wait_until(lambda: bool(scenario.told))
        scenario.clock.wait(3600)
    assert {"order-ada": OrderState.REJECTED} == scenario.orders()
    assert 1 == len(scenario.shop.received)
    with scenario.storage() as storage:
        assert {} == storage.tally(SALE, scenario.clock()).taken


@pytest.mark.parametrize("answer", [status(500), status(401), status(404), status(409), status(302), Desk.cut])
def test_without_a_clear_answer_it_is_sent_again_under_the_same_key(
    scenario: ForwarderScenario, answer: Callable[[Desk], None]
) -> None:
    """Until there is one; meanwhile the unit is held."""
    scenario.shop.answers = [answer] * 3
    scenario.buy("ada")
    with scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) == 1)
        with scenario.storage() as storage:
            assert {"PHONE": 1} == storage.tally(SALE, scenario.clock()).taken
        scenario.wait_until(lambda: len(scenario.told) == 4, passing=0.2)
    assert [OrderState.UNKNOWN] * 3 + [OrderState.DONE] == [state for _, state in scenario.told]
    assert ["order-ada"] * 4 == scenario.shop.keys()
    assert 1 == len({one.body for one in scenario.shop.received})


def test_an_order_that_waits_is_not_sent_before_it_is_due(scenario: ForwarderScenario) -> None:
    """However often the outbox is looked into."""
    scenario.shop.otherwise = status(503)
    scenario.buy("ada")
    with scenario.forwarding() as one:
        scenario.wait_until(lambda: bool(scenario.told))
        for _ in range(20):
            one.wake()
            time.sleep(0.01)
        assert 1 == len(scenario.shop.received)
        scenario.wait_until(lambda: len(scenario.told) == 2, passing=0.2)


def test_what_a_dead_forwarder_had_claimed_is_sent_by_another(scenario: ForwarderScenario) -> None:
    """Not before its claim runs out; under the same key."""
    scenario.buy("ada")
    with scenario.storage() as storage:
        (order,) = storage.claim(SALE, scenario.clock(), scenario.clock() + CLAIM_SECONDS, 1)
    with scenario.forwarding():
        time.sleep(0.1)
        assert [] == scenario.shop.received
        scenario.clock.wait(CLAIM_SECONDS)
        scenario.wait_until(lambda: bool(scenario.told))
    assert [order.id] == scenario.shop.keys()


def test_a_claim_outlasts_every_attempt() -> None:
    """Else an order would be sent by two at once."""
    from flashgen.gate.orders.order_subsystem import CONNECT_SECONDS, READ_SECONDS

    assert CLAIM_SECONDS > CONNECT_SECONDS + READ_SECONDS


def test_two_forwarders_do_not_send_the_same_order(scenario: ForwarderScenario) -> None:
    """Who claims has it."""
    buyers = [f"b{number:03}" for number in range(40)]
    scenario.buy(*buyers)
    with scenario.forwarding(), scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) == 40)
    assert sorted(f"order-{buyer}" for buyer in buyers) == sorted(scenario.shop.keys())


def test_nothing_is_sent_while_nobody_is_named_to_get_it(scenario: ForwarderScenario) -> None:
    """Orders wait, and go when a push names somebody."""
    send, scenario.send = scenario.send, None
    scenario.buy("ada")
    with scenario.forwarding():
        time.sleep(0.1)
        assert [] == scenario.shop.received
        scenario.send = send
        scenario.wait_until(lambda: bool(scenario.told))
    assert {"order-ada": OrderState.DONE} == scenario.orders()


def test_a_new_order_need_not_wait_for_the_next_poll(scenario: ForwarderScenario) -> None:
    """Whoever took it wakes the forwarder."""
    scenario.poll_seconds = 3600.0
    with scenario.forwarding() as one:
        time.sleep(0.05)
        scenario.buy("ada")
        one.wake()
        scenario.wait_until(lambda: bool(scenario.told))


def test_a_stop_waits_for_answers_and_writes_them_down(scenario: ForwarderScenario) -> None:
    """And begins nothing more."""
    may_answer = threading.Event()

    def wait(desk: Desk) -> None:
        may_answer.wait(PATIENCE_SECONDS)
        desk.say(200)

    scenario.shop.otherwise = wait
    scenario.buy(*(f"b{number}" for number in range(10)))
    one = scenario.forwarder()
    one.start()
    scenario.wait_until(lambda: len(scenario.shop.received) == MAX_IN_FLIGHT)
    stopping = threading.Thread(target=one.stop, args=(PATIENCE_SECONDS,))
    stopping.start()
    time.sleep(0.05)
    may_answer.set()
    stopping.join()
    assert MAX_IN_FLIGHT == len(scenario.shop.received)
    assert MAX_IN_FLIGHT == sum(state is OrderState.DONE for state in scenario.orders().values())


def test_a_stop_gives_up_in_time(scenario: ForwarderScenario) -> None:
    """What nobody answered is sent again by the next gate."""
    may_answer = threading.Event()

    def wait(desk: Desk) -> None:
        may_answer.wait(PATIENCE_SECONDS)
        desk.say(200)

    scenario.shop.otherwise = wait
    scenario.buy("ada")
    one = scenario.forwarder()
    one.start()
    scenario.wait_until(lambda: bool(scenario.shop.received))
    one.stop(0.05)
    assert {"order-ada": OrderState.ACCEPTED} == scenario.orders()
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


def test_attempts_that_never_end_stop_nothing(scenario: ForwarderScenario) -> None:
    """After CLAIM_SECONDS they are given up, and other orders go in their place."""
    real, is_over, stuck = scenario.send, threading.Event(), list[str]()
    assert real

    def send(order: Order) -> ForwardResult:
        if len(stuck) < MAX_IN_FLIGHT:
            stuck.append(order.id)
            is_over.wait(PATIENCE_SECONDS)
            return ForwardResult(OrderState.UNKNOWN, "no answer: timed out")
        return real(order)

    scenario.send = send
    scenario.buy(*(f"b{number}" for number in range(MAX_IN_FLIGHT + 1)))
    with scenario.forwarding():
        scenario.wait_until(lambda: len(stuck) == MAX_IN_FLIGHT)
        time.sleep(0.05)
        assert [] == scenario.shop.received
        scenario.wait(CLAIM_SECONDS)
        scenario.wait_until(lambda: len(scenario.told) == MAX_IN_FLIGHT + 1)
        assert {OrderState.DONE} == set(scenario.orders().values())
        is_over.set()


def test_a_probe_that_never_ends_is_not_the_last(scenario: ForwarderScenario) -> None:
    """The breaker lets another one through when that has been given up."""
    real, is_over, sent = scenario.send, threading.Event(), list[str]()
    assert real

    def send(order: Order) -> ForwardResult:
        sent.append(order.id)
        if len(sent) <= Breaker.FAILURES:
            return ForwardResult(OrderState.UNKNOWN, "HTTP 500")
        if len(sent) == Breaker.FAILURES + 1:
            is_over.wait(2 * PATIENCE_SECONDS)
        return real(order)

    scenario.send = send
    scenario.buy(*(f"b{number}" for number in range(Breaker.FAILURES)))
    with scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) == Breaker.FAILURES)  # no order is due again before all failed
        scenario.wait_until(lambda: len(sent) == Breaker.FAILURES + 1, passing=0.05)
        scenario.wait(CLAIM_SECONDS / 2)
        time.sleep(0.1)
        assert Breaker.FAILURES + 1 == len(sent)
        scenario.wait_until(lambda: set(scenario.orders().values()) == {OrderState.DONE}, passing=1.0)
        is_over.set()


def test_a_clear_answer_counts_however_late(scenario: ForwarderScenario) -> None:
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

    scenario.send = send
    scenario.buy("ada", "ben")
    with scenario.forwarding():
        scenario.wait_until(lambda: len(begun) == 2)
        scenario.monotonic.wait(CLAIM_SECONDS)
        time.sleep(0.1)
        is_over.set()
        scenario.wait_until(lambda: bool(scenario.told))
        time.sleep(0.1)
    assert [("order-ada", OrderState.DONE)] == scenario.told
    assert {"order-ada": OrderState.DONE, "order-ben": OrderState.ACCEPTED} == scenario.orders()


def test_an_attempt_that_cannot_begin_is_not_under_way(
    scenario: ForwarderScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine may have no thread to spare for a moment; the order is sent again as after any other failure."""
    real, buyers = threading.Thread.start, [f"a{number}" for number in range(MAX_IN_FLIGHT)]
    failures = [f"order-{buyer}" for buyer in buyers]

    def start(thread: threading.Thread) -> None:
        name = thread.name.removeprefix("order ")
        if name in failures:
            failures.remove(name)
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    scenario.buy(*buyers)
    with scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) == MAX_IN_FLIGHT)
        scenario.clock.wait(1.0)
        scenario.wait_until(lambda: len(scenario.told) == 2 * MAX_IN_FLIGHT)
    assert [OrderState.UNKNOWN] * MAX_IN_FLIGHT + [OrderState.DONE] * MAX_IN_FLIGHT == [
        state for _, state in scenario.told
    ]
    assert [] == scenario.trouble


def test_a_result_comes_with_what_the_order_is_here(scenario: ForwarderScenario) -> None:
    """Somebody may have decided while it was on its way: that stays, and whoever logs sees both."""
    is_begun, is_decided = threading.Event(), threading.Event()

    def send(order: Order) -> ForwardResult:
        is_begun.set()
        is_decided.wait(PATIENCE_SECONDS)
        return ForwardResult(OrderState.DONE, "HTTP 201")

    scenario.send = send
    scenario.buy("ada")
    order = "order-ada"
    with scenario.forwarding():
        assert is_begun.wait(PATIENCE_SECONDS)
        with scenario.storage() as storage:
            storage.settle(order, OrderState.REJECTED, scenario.clock(), scenario.clock(), "by hand: ann")
        is_decided.set()
        scenario.wait_until(lambda: bool(scenario.told))
    assert ([(order, OrderState.DONE)], [OrderState.REJECTED]) == (scenario.told, scenario.became)
    assert {order: OrderState.REJECTED} == scenario.orders()


def test_each_attempt_waits_longer_than_the_one_before(scenario: ForwarderScenario) -> None:
    """By how many there were."""
    scenario.random = 1.0
    scenario.shop.otherwise = status(503)
    scenario.buy("ada")
    waits = []
    with scenario.forwarding():
        for attempt in range(1, 4):
            scenario.wait_until(lambda count=attempt: len(scenario.told) == count)  # type: ignore[misc]
            with scenario.storage() as storage:
                (order,) = storage.orders(SALE)
            waits.append(order.due_at - scenario.clock())
            scenario.clock.wait(waits[-1])
    assert [retry_after(attempt, 1.0) for attempt in (1, 2, 3)] == waits


def test_a_clock_that_is_set_back_keeps_no_breaker_open(scenario: ForwarderScenario) -> None:
    """It goes by one that runs evenly."""
    scenario.shop.otherwise = status(500)
    scenario.buy(*(f"b{number:03}" for number in range(30)))
    with scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) >= Breaker.FAILURES)
        time.sleep(0.1)
        scenario.clock.wait(-0.9)  # to just after the orders came in
        before = len(scenario.shop.received)
        scenario.monotonic.wait(60)
        scenario.wait_until(lambda: len(scenario.shop.received) > before)


@pytest.mark.parametrize("call", ["claim", "settle"])
@pytest.mark.parametrize("error", [StorageLost("gone"), RuntimeError("a surprise")])
def test_trouble_with_the_storage_ends_nothing(scenario: ForwarderScenario, call: str, error: Exception) -> None:
    """The order is sent, or sent again under its key, when the storage is back."""
    failures = {call: error}

    def open_storage() -> Storage:
        return Failing(scenario.open(), failures)

    scenario.buy("ada")
    with scenario.forwarding(open_storage):
        scenario.wait_until(lambda: bool(scenario.told), passing=0.2)
    assert [str(error)] == scenario.trouble
    assert {"order-ada": OrderState.DONE} == scenario.orders()
    assert {"order-ada"} == set(scenario.shop.keys())


def test_a_storage_that_cannot_be_opened_is_tried_again(scenario: ForwarderScenario) -> None:
    """As long as it takes."""
    tries = 0

    def open_storage() -> Storage:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise StorageLost("not yet")
        return scenario.open()

    scenario.buy("ada")
    with scenario.forwarding(open_storage):
        scenario.wait_until(lambda: bool(scenario.told))
    assert ["not yet"] * 3 == scenario.trouble


def test_a_send_that_raises_is_an_unknown_outcome(scenario: ForwarderScenario) -> None:
    """A bug of ours says nothing of the order."""
    real, tries = scenario.send, []
    assert real

    def send(order: Order) -> ForwardResult:
        tries.append(order.id)
        if len(tries) == 1:
            raise ZeroDivisionError
        return real(order)

    scenario.send = send
    scenario.buy("ada")
    with scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) == 2, passing=0.2)
    assert [OrderState.UNKNOWN, OrderState.DONE] == [state for _, state in scenario.told]


def test_a_dead_shop_is_not_overrun(scenario: ForwarderScenario) -> None:
    """Of many orders that wait, one at a time is tried."""
    scenario.shop.otherwise = status(500)
    scenario.buy(*(f"b{number:03}" for number in range(60)))
    with scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) >= Breaker.FAILURES)
        before, began = len(scenario.shop.received), scenario.clock()
        scenario.wait_until(lambda: scenario.clock() > began + 60, passing=0.5)
    # 0.5 s, 1, 2, 4, 8, 16, 30 s between two of them; four were under way when the breaker opened.
    assert len(scenario.shop.received) - before <= 4 + 8


def test_a_new_address_is_tried_at_once(scenario: ForwarderScenario) -> None:
    """What the old one did not answer says nothing of it."""
    scenario.shop.otherwise = status(500)
    buyers = [f"b{number:03}" for number in range(30)]
    scenario.buy(*buyers)
    with order_stand_in() as other, scenario.forwarding():
        scenario.wait_until(lambda: len(scenario.told) >= Breaker.FAILURES + 2, passing=0.2)
        scenario.send = OrderSubsystemClient(SecretUrl(other.url), b"k" * 32, scenario.clock).send
        at = scenario.clock()
        fresh = {f"order-{buyer}" for buyer in buyers} - set(scenario.shop.keys())
        scenario.wait_until(lambda: fresh <= set(other.keys()))
        assert fresh
        assert at == scenario.clock()


def fail(breaker: Breaker, times: int, now: float = 0.0) -> None:
    """So many attempts without an answer."""
    for _ in range(times):
        breaker.record("one", OrderState.UNKNOWN, now)


def test_the_breaker_lets_one_through_after_a_while() -> None:
    """Longer each time, half a minute at most; a clear answer closes it."""
    breaker = Breaker()
    fail(breaker, Breaker.FAILURES - 1)
    assert MAX_IN_FLIGHT == breaker.allowed(0.0, MAX_IN_FLIGHT)
    fail(breaker, 1)
    assert (0, 1) == (breaker.allowed(0.4, MAX_IN_FLIGHT), breaker.allowed(0.5, MAX_IN_FLIGHT))
    fail(breaker, 20, now=100.0)
    assert (0, 1) == (breaker.allowed(129.9, MAX_IN_FLIGHT), breaker.allowed(130.0, MAX_IN_FLIGHT))
    breaker.record("one", OrderState.REJECTED, 130.0)
    assert MAX_IN_FLIGHT == breaker.allowed(130.0, MAX_IN_FLIGHT)


def test_the_breaker_waits_for_the_one_that_it_let_through() -> None:
    """For that one alone: attempts of before, which may never end, stand in nobody's way."""
    breaker = Breaker()
    breaker.begun("before")
    fail(breaker, Breaker.FAILURES)
    assert (0, 1) == (breaker.allowed(0.5, 0), breaker.allowed(0.5, 1))
    breaker.begun("probe")
    breaker.record("before", OrderState.UNKNOWN, 1.0)
    assert 0 == breaker.allowed(1e6, MAX_IN_FLIGHT)
    breaker.record("probe", OrderState.UNKNOWN, 2.0)
    assert 1 == breaker.allowed(1e6, MAX_IN_FLIGHT)


def test_retries_are_spread_and_have_a_longest() -> None:
    """Full jitter: from next to nothing to twice as long each time, a minute at most."""
    longest = [retry_after(attempts, 1.0) for attempts in (1, 2, 3, 7, 1000)]
    assert [1.0, 2.0, 4.0, 60.0, 60.0] == longest
    assert 0.1 == retry_after(5, 0.0)
    assert 8.0 == retry_after(5, 0.5)
