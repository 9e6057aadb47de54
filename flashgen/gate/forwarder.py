"""Orders on their way out of the outbox: claimed, sent, settled; again and again until there is a clear answer.

One thread looks into the outbox and writes results down; a few others wait for the order subsystem. Whatever dies in
between, a claim runs out, and the same order is sent again under the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread

from flashgen.gate.order_subsystem import CONNECT_SECONDS, READ_SECONDS, Verdict
from flashgen.gate.storage.protocol import Order, OrderState, Outbox, Storage

AT_ONCE = 4
"""Orders a worker has under way: hundreds a second, and gentle on a system that was not built for a flood."""

LOOK_SECONDS = 0.5
"""How often the outbox is looked into when nothing happens here: others may have died with what they had claimed."""

CLAIM_SECONDS = 4 * (CONNECT_SECONDS + READ_SECONDS)
"""Whoever claimed an order has it for so long: longer than any attempt takes."""

RETRY_FIRST_SECONDS, RETRY_LONGEST_SECONDS = 0.5, 60.0

Send = Callable[[Order], Verdict]


class Breaker:
    """Stops sending to what does not answer: after FAILURES in a row only one order at a time, at growing intervals."""

    FAILURES = 5

    def __init__(self) -> None:
        self._failed = 0
        self._closed_until = 0.0

    def allowed(self, now: float, free: int) -> int:
        """How many orders may be begun now, of `free`."""
        if self._failed < self.FAILURES:
            return free
        return 1 if now >= self._closed_until and free == AT_ONCE else 0

    def record(self, state: OrderState, now: float) -> None:
        """A clear answer opens the way again, whatever it says of the order."""
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


class Forwarder:
    """Forwards one sale's orders in threads of its own.

    `open_storage` is called in the thread that uses what it returns. `send` returns how to send at the moment, or None
    while the sale says nothing of where. `told` hears of each result; `log` of trouble, with the storage above all.
    """

    def __init__(
        self,
        sale: str,
        open_storage: Callable[[], Storage],
        send: Callable[[], Send | None],
        *,
        now: Callable[[], float],
        chance: Callable[[], float],
        told: Callable[[Order, Verdict], None],
        log: Callable[[Exception], None],
    ) -> None:
        self._sale = sale
        self._open_storage = open_storage
        self._send = send
        self._now = now
        self._chance = chance
        self._told = told
        self._log = log
        self._breaker = Breaker()
        self._way: Send | None = None
        self._results: SimpleQueue[tuple[Order, Verdict] | None] = SimpleQueue()
        self._under_way = 0
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
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="order") as senders:
            while not self._is_over():
                try:
                    with closing(self._open_storage()) as outbox:
                        self._work(outbox, senders)
                except Exception as error:  # noqa: BLE001 -- a thread that died of a surprise would forward nothing more
                    self._log(error)
                    if self._stopping.wait(LOOK_SECONDS):
                        return  # what is under way is sent again by others, under the same key

    def _is_over(self) -> bool:
        return self._stopping.is_set() and not self._under_way

    def _work(self, outbox: Outbox, senders: ThreadPoolExecutor) -> None:
        while not self._is_over():
            if self._begin(outbox, senders):
                continue
            if result := self._wait():
                self._settle(outbox, *result)

    def _begin(self, outbox: Outbox, senders: ThreadPoolExecutor) -> int:
        send, now = None if self._stopping.is_set() else self._send(), self._now()
        if send != self._way:
            self._way, self._breaker = send, Breaker()  # what another place met says nothing of this one
        limit = self._breaker.allowed(now, AT_ONCE - self._under_way) if send else 0
        if not limit or not send:
            return 0
        orders = outbox.claim(self._sale, now, now + CLAIM_SECONDS, limit)
        for order in orders:
            self._under_way += 1
            senders.submit(send, order).add_done_callback(partial(self._returned, order))
        return len(orders)

    def _returned(self, order: Order, done: Future[Verdict]) -> None:
        error = done.exception()
        self._results.put((order, Verdict(OrderState.UNKNOWN, type(error).__name__) if error else done.result()))

    def _wait(self) -> tuple[Order, Verdict] | None:
        try:
            return self._results.get(timeout=LOOK_SECONDS)
        except Empty:
            return None

    def _settle(self, outbox: Outbox, order: Order, verdict: Verdict) -> None:
        self._under_way -= 1
        now = self._now()
        self._breaker.record(verdict.state, now)
        due_at = now + retry_after(order.attempts + 1, self._chance())
        outbox.settle(order.id, verdict.state, now, due_at, verdict.note)
        self._told(order, verdict)
