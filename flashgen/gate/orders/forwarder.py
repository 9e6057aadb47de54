"""Forwarding orders from the outbox: each is claimed, sent and settled, and sent again until there is a clear answer.

One thread reads the outbox and writes results; up to MAX_IN_FLIGHT others wait for the order subsystem. If a worker
dies in between, its claim runs out, and the same order is sent again under the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from flashgen.gate.background import StorageThread
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order_subsystem import CONNECT_SECONDS, MAX_IN_FLIGHT, READ_SECONDS, ForwardResult, Send
from flashgen.gate.storage.protocol import Outbox, Storage

POLL_SECONDS = 0.5
"""How often the outbox is read when nothing happens here: another worker may have died with orders it had claimed."""

CLAIM_SECONDS = 4 * (CONNECT_SECONDS + READ_SECONDS)
"""How long a claim lasts: longer than any attempt should take. An attempt that takes longer is given up."""

RETRY_FIRST_SECONDS, RETRY_LONGEST_SECONDS = 0.5, 60.0


class Breaker:
    """A circuit breaker: after FAILURES in a row it lets one order through at a time, at growing intervals.

    `now` is in seconds of a monotonic clock; `attempt` is any object that identifies the attempt.
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
        """An attempt has begun. While the breaker is open, it is the probe."""
        if self._failed >= self.FAILURES:
            self._probe = attempt

    def record(self, attempt: object, state: OrderState, now: float) -> None:
        """An attempt has ended. A clear answer closes the breaker again, whatever it says of the order."""
        if attempt is self._probe:
            self._probe = None
        if state is not OrderState.UNKNOWN:
            self._failed = 0
            return
        self._failed += 1
        if self._failed >= self.FAILURES:
            doublings = self._failed - self.FAILURES
            self._closed_until = now + min(RETRY_FIRST_SECONDS * 2.0 ** min(doublings, 10), RETRY_LONGEST_SECONDS / 2)


def retry_after(attempts: int, random: float) -> float:
    """Seconds until an order is sent again that was tried `attempts` times: exponential with full jitter.

    `random` is from 0 to 1. (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter)
    """
    longest = min(RETRY_FIRST_SECONDS * 2.0 ** min(attempts, 10), RETRY_LONGEST_SECONDS)
    return max(0.1, random * longest)


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """An order under way since `began`, and the breaker of the place it went to."""

    order: Order
    began: float
    breaker: Breaker


class Forwarder:
    """Forwards one sale's orders in threads of its own; or asks for its `reserved` ones whose time is over.

    Two of them do both, so that an order subsystem which cannot be asked does not hold up what is forwarded.

    `send` returns how to send now, or None while the sale names no order subsystem. `now` is the storage's clock in
    seconds; `monotonic` is a monotonic one; `random` is from 0 to 1. `report` gets each result, with the order's state
    in the storage after it (None: no such order). `log` gets exceptions, mostly the storage's.
    """

    def __init__(
        self,
        sale: str,
        open_storage: Callable[[], Storage],
        send: Callable[[], Send | None],
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        random: Callable[[], float],
        report: Callable[[Order, ForwardResult, OrderState | None], None],
        log: Callable[[Exception], None],
        poll_seconds: float = POLL_SECONDS,
        reserved: bool = False,
    ) -> None:
        self._reserved = reserved
        self._sale = sale
        self._send = send
        self._now = now
        self._monotonic = monotonic
        self._random = random
        self._report = report
        self._poll_seconds = poll_seconds
        self._breaker = Breaker()
        self._destination: Send | None = None
        self._results: SimpleQueue[tuple[_Attempt, ForwardResult] | None] = SimpleQueue()
        self._under_way: set[_Attempt] = set()
        name = f"reservations {sale}" if reserved else f"forwarder {sale}"
        self._thread = StorageThread(name, open_storage, self._work, log, poll_seconds)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is a new order: read the outbox now."""
        self._results.put(None)

    def stop(self, limit_seconds: float) -> None:
        """Begin no more attempts, and settle those under way; give up after `limit_seconds`."""
        self._thread.request_stop()
        self.wake()
        self._thread.join(limit_seconds)

    def _is_over(self) -> bool:
        return self._thread.is_stopping and not self._under_way

    def _work(self, outbox: Outbox) -> None:
        while not self._is_over():
            self._drop_expired()
            if self._begin(outbox):
                continue
            if result := self._wait():
                self._settle(outbox, *result)

    def _drop_expired(self) -> None:
        """Forget attempts that take too long. Their claims run out, and these orders are sent again."""
        now = self._monotonic()
        for attempt in [one for one in self._under_way if now - one.began >= CLAIM_SECONDS]:
            self._under_way.discard(attempt)
            attempt.breaker.record(attempt, OrderState.UNKNOWN, now)

    def _begin(self, outbox: Outbox) -> int:
        send, now, monotonic = None if self._thread.is_stopping else self._send(), self._now(), self._monotonic()
        if send != self._destination:
            self._destination, self._breaker = send, Breaker()  # failures elsewhere say nothing of this one
        limit = self._breaker.allowed(monotonic, MAX_IN_FLIGHT - len(self._under_way)) if send else 0
        if not limit or not send:
            return 0
        orders = outbox.claim(self._sale, now, now + CLAIM_SECONDS, limit, reserved=self._reserved)
        for order in orders:
            self._dispatch(send, _Attempt(order, monotonic, self._breaker))
        return len(orders)

    def _dispatch(self, send: Send, attempt: _Attempt) -> None:
        """Send in a thread of its own. Neither the next attempt nor the end of the process waits for it."""
        self._under_way.add(attempt)
        attempt.breaker.begun(attempt)
        name = f"order {attempt.order.id}"
        try:
            Thread(target=self._attempt, args=(send, attempt), name=name, daemon=True).start()
        except RuntimeError:
            self._results.put((attempt, ForwardResult(OrderState.UNKNOWN, "not sent: no thread to spare")))

    def _attempt(self, send: Send, attempt: _Attempt) -> None:
        try:
            result = send(attempt.order)
        except Exception as error:  # noqa: BLE001 -- a bug of ours says nothing of the order
            result = ForwardResult(OrderState.UNKNOWN, type(error).__name__)
        self._results.put((attempt, result))

    def _wait(self) -> tuple[_Attempt, ForwardResult] | None:
        try:
            return self._results.get(timeout=self._poll_seconds)
        except Empty:
            return None

    def _settle(self, outbox: Outbox, attempt: _Attempt, result: ForwardResult) -> None:
        is_late = attempt not in self._under_way
        if is_late and result.state is OrderState.UNKNOWN:
            return  # its claim ran out: another worker may be sending the order
        self._under_way.discard(attempt)
        order, now = attempt.order, self._now()
        attempt.breaker.record(attempt, result.state, self._monotonic())
        due_at = now + (result.due_in or retry_after(order.attempts + 1, self._random()))
        settled = outbox.settle(order.id, result.state, now, due_at, result.note, result.checkout_url)
        self._report(order, result, settled.state if settled else None)
