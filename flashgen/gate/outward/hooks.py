"""What a gate tells outward: SKUs that it wrote as sold, and problems that last. Never on the way of a request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import UTC, datetime

from flashgen.gate.log import JsonLines
from flashgen.gate.orders.order import Order
from flashgen.gate.outward.problems import Problems, ProblemTracker
from flashgen.hooks.delivery import Delivery
from flashgen.hooks.event import WrittenRevision, events_of, paid_late_event, problem_event
from flashgen.hooks.receiver import Receiver
from flashgen.hooks.teller import Teller
from flashgen.unlock.transition import Outcome
from flashgen.unlock.verbs import RECORD_SOLD

POLL_SECONDS = 2.0

STOP_SECONDS = 1.0
"""How long a stop waits for receivers."""


class GateHooks:
    """Tells `receivers` in the background, as `who`, of sales of `target`. What fails is logged."""

    def __init__(self, receivers: Iterable[Receiver], target: str, who: str, log: JsonLines) -> None:
        self._target = target
        self._who = who
        self._log = log
        self._tracker = ProblemTracker()
        self._watching: asyncio.Task[None] | None = None
        self._teller = Teller(receivers, self._note)

    def sold(self, sale: str, outcome: Outcome, items: Collection[str]) -> None:
        """The sold-writer has written: `items` are the SKUs on sale."""
        if outcome.changed:
            when = outcome.when or datetime.now(UTC)
            self._teller.tell(
                events_of(
                    WrittenRevision(
                        sale, self._target, RECORD_SOLD, outcome.before, outcome.after, outcome.who, when, items
                    )
                )
            )

    def paid_late(self, order: Order) -> None:
        """An order was paid after its unit had gone back: somebody must find a unit, or give the money back."""
        self._teller.tell(
            [paid_late_event(order.sale, self._target, order.id, order.sku, self._who, datetime.now(UTC))]
        )

    def watch(self, find: Callable[[], Awaitable[Problems]]) -> None:
        """From now on look for problems, until `stop`. Without anybody to tell nothing is looked for."""
        if self._teller.has_receivers:
            self._watching = asyncio.get_running_loop().create_task(self._watch(find))

    async def _watch(self, find: Callable[[], Awaitable[Problems]]) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                self.tell_problems(await find(), time.time())
            except Exception as error:  # noqa: BLE001 -- a surprise must not end the watch
                self._log("problems not looked for", error=type(error).__name__)

    def tell_problems(self, found: Problems, now: float) -> None:
        """Tell those that have lasted, and those that are over, at `now` in seconds since the epoch."""
        for one in self._tracker.news(found, now):
            event = problem_event(
                sale=one.sale,
                target=self._target,
                who=self._who,
                problem=one.problem,
                message=one.message,
                since=datetime.fromtimestamp(one.since, UTC),
                at=datetime.fromtimestamp(now, UTC),
                solved=one.solved,
            )
            self._teller.tell([event])

    async def stop(self) -> None:
        """Wait for what is on its way, but no longer than STOP_SECONDS."""
        if self._watching:
            self._watching.cancel()
        for late in await asyncio.to_thread(self._teller.close, STOP_SECONDS):
            self._note(late)

    def _note(self, delivery: Delivery) -> None:
        if not delivery.ok:
            self._log(
                "hook failed", hook=delivery.hook, type=delivery.event, met=delivery.note, attempts=delivery.attempts
            )
