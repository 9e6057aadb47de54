"""Orders on their way out of the outbox: claimed, sent, settled; again and again until there is a clear answer.

One thread looks into the outbox and writes results down; a few others wait for the order subsystem. Whatever dies in
between, a claim runs out, and the same order is sent again under the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread

from flashgen.gate.order_subsystem import CONNECT_SECONDS, READ_SECONDS, ForwardResult
from flashgen.gate.storage.protocol import Order, OrderState, Outbox, Storage

AT_ONCE = 4
"""Orders a worker has under way: hundreds a second, and gentle on a system that was not built for a flood."""

LOOK_SECONDS = 0.5
"""How often the outbox is looked into when nothing happens here: others may have died with what they had claimed."""

CLAIM_SECONDS = 4 * (CONNECT_SECONDS + READ_SECONDS)
"""Whoever claimed an order has it for so long: longer than any attempt takes. One that takes longer is given up."""

RETRY_FIRST_SECONDS, RETRY_LONGEST_SECONDS = 0.5, 60.0

Send = Callable[[Order], ForwardResult]


class Breaker:
    """Stops sending to what does not answer: after FAILURES in a row only one order at a time, at growing intervals.

    `now` is a clock that runs evenly; `attempt` is whatever tells one attempt from all others.
    """

    FAILURES = 5

    def __init__(self) -> None:
        self._failed = 0
        self._closed_until = 0.0
        self._probe: object = None

    def allowed(self, now: float, free: int) -> int:
        """How many orders may be begun now, of `free`."""
        if self._failed < self.FAILURES:
            return free
        return 1 if free and self._probe is None and now >= self._closed_until else 0

    def begun(self, attempt: object) -> None:
        """It is under way: while nothing is answered, it is the one that finds out."""
        if self._failed >= self.FAILURES:
            self._probe = attempt

    def record(self, attempt: object, state: OrderState, now: float) -> None:
        """A clear answer opens the way again, whatever it says of the order."""
        if attempt is self._probe:
            self._probe = None
        if state is not OrderState.UNKNOWN:
            self._failed = 0
            return
        self._failed += 1
        if self._failed >= self.FAILURES:
            doublings = self._failed - self.FAILURES
            self._closed_until = now + min(RETRY_FIRST_SECONDS * 2.0 ** min(doublings, 10), RETRY_LONGEST_SECONDS / 2)


def retry_after(attempts: int, chance: float) -> float:
    """Seconds until an order is sent again that was tried `attempts` times: exponential with full jitter.

    `chance` is random, from 0 to 1. (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter)
    """
    longest = min(RETRY_FIRST_SECONDS * 2.0 ** min(attempts, 10), RETRY_LONGEST_SECONDS)
    return max(0.1, chance * longest)


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """An order under way since `began`, and the breaker of the place it went to."""

    order: Order
    began: float
    breaker: Breaker


class Forwarder:
    """Forwards one sale's orders in threads of its own.

    `open_storage` is called in the thread that uses what it returns. `send` returns how to send at the moment, or None
    while the sale says nothing of where. `now` is the clock of the storage, `even` one that runs evenly. `told` hears
    of each result, and of what the order is here by then (None: there is none); `log` of trouble, with the storage
    above all.
    """

    def __init__(
        self,
        sale: str,
        open_storage: Callable[[], Storage],
        send: Callable[[], Send | None],
        *,
        now: Callable[[], float],
        even: Callable[[], float],
        chance: Callable[[], float],
        told: Callable[[Order, ForwardResult, OrderState | None], None],
        log: Callable[[Exception], None],
    ) -> None:
        self._sale = sale
        self._open_storage = open_storage
        self._send = send
        self._now = now
        self._even = even
        self._chance = chance
        self._told = told
        self._log = log
        self._breaker = Breaker()
        self._way: Send | None = None
        self._results: SimpleQueue[tuple[_Attempt, ForwardResult] | None] = SimpleQueue()
        self._under_way: set[_Attempt] = set()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"forwarder {sale}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is an order: do not wait for the next look."""
        self._results.put(None)

    def stop(self, limit_seconds: float) -> None:
        """Begin nothing more and write down what still comes back; give up after `limit_seconds`."""
        self._stopping.set()
        self.wake()
        self._thread.join(limit_seconds)

    def _run(self) -> None:
        while not self._is_over():
            try:
                with closing(self._open_storage()) as outbox:
                    self._work(outbox)
            except Exception as error:  # noqa: BLE001 -- a thread that died of a surprise would forward nothing more
                self._log(error)
                if self._stopping.wait(LOOK_SECONDS):
                    return  # what is under way is sent again by others, under the same key

    def _is_over(self) -> bool:
        return self._stopping.is_set() and not self._under_way

    def _work(self, outbox: Outbox) -> None:
        while not self._is_over():
            self._give_up()
            if self._begin(outbox):
                continue
            if result := self._wait():
                self._settle(outbox, *result)

    def _give_up(self) -> None:
        """Attempts that nobody heard of in time: their claims run out, and others send these orders again."""
        now = self._even()
        for attempt in [one for one in self._under_way if now - one.began >= CLAIM_SECONDS]:
            self._under_way.discard(attempt)
            attempt.breaker.record(attempt, OrderState.UNKNOWN, now)

    def _begin(self, outbox: Outbox) -> int:
        send, now, even = None if self._stopping.is_set() else self._send(), self._now(), self._even()
        if send != self._way:
            self._way, self._breaker = send, Breaker()  # what another place met says nothing of this one
        limit = self._breaker.allowed(even, AT_ONCE - len(self._under_way)) if send else 0
        if not limit or not send:
            return 0
        orders = outbox.claim(self._sale, now, now + CLAIM_SECONDS, limit)
        for order in orders:
            self._dispatch(send, _Attempt(order, even, self._breaker))
        return len(orders)

    def _dispatch(self, send: Send, attempt: _Attempt) -> None:
        """In a thread of its own, which nothing waits for: neither the next attempt nor the end of the process."""
        self._under_way.add(attempt)
        attempt.breaker.begun(attempt)
        name = f"order {attempt.order.id}"
        try:
            Thread(target=self._attempt, args=(send, attempt), name=name, daemon=True).start()
        except RuntimeError:
            self._results.put((attempt, ForwardResult(OrderState.UNKNOWN, "not sent: no thread to spare")))

    def _attempt(self, send: Send, attempt: _Attempt) -> None:
        try:
            verdict = send(attempt.order)
        except Exception as error:  # noqa: BLE001 -- a bug of ours says nothing of the order
            verdict = ForwardResult(OrderState.UNKNOWN, type(error).__name__)
        self._results.put((attempt, verdict))

    def _wait(self) -> tuple[_Attempt, ForwardResult] | None:
        try:
            return self._results.get(timeout=LOOK_SECONDS)
        except Empty:
            return None

    def _settle(self, outbox: Outbox, attempt: _Attempt, verdict: ForwardResult) -> None:
        is_late = attempt not in self._under_way
        if is_late and verdict.state is OrderState.UNKNOWN:
            return  # somebody else may have the order by now, and is not disturbed for nothing
        self._under_way.discard(attempt)
        order, now = attempt.order, self._now()
        attempt.breaker.record(attempt, verdict.state, self._even())
        due_at = now + retry_after(order.attempts + 1, self._chance())
        settled = outbox.settle(order.id, verdict.state, now, due_at, verdict.note)
        self._told(order, verdict, settled.state if settled else None)
