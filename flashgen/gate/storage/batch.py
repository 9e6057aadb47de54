"""Many requests ask, one thread decides: all that was asked while it was busy is one batch, and one commit.

::

    decide ─▶ queue ─▶ batch ─▶ thread: Admission.decide ─▶ answers, each to who asked
                ▲                                              │
                └──── Leave, for a new lease that nobody awaits any more, or that may have been lost on its way

All but `_work` runs in the event loop, so that nothing needs a lock.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop, Future, TimerHandle
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from flashgen.gate.storage.protocol import Admission, Answer, Ask, Enter, Find, Lease, Leave, StorageLost

MOST_AT_ONCE = 256
"""Questions in a batch: beyond, a commit costs next to nothing of each, and the first would wait for the last."""

MOST_WAITING = 8192
"""Under half a second's work. Requests beyond it are answered "come back later" instead of waiting."""

TIMEOUT_SECONDS = 5.0

Outcome = Answer | Exception


@dataclass(slots=True, eq=False)
class _Waiting:
    """`answer` is None where nobody waits for it."""

    ask: Ask
    answer: Future[Answer] | None
    deadline: float

    @property
    def is_over(self) -> bool:
        """Whether nobody waits, or not any more."""
        return self.answer is None or self.answer.done()

    @property
    def is_needless(self) -> bool:
        """What was only to be looked at, or to be begun, by somebody who has left."""
        return self.is_over and isinstance(self.ask, Enter | Find)


class Batcher:
    """The asyncio front of a storage, for one event loop."""

    def __init__(
        self,
        storage: Admission,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        most_at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._storage = storage
        self._timeout_seconds = timeout_seconds
        self._most_at_once = most_at_once
        self._most_waiting = most_waiting
        self._queue: deque[_Waiting] = deque()
        self._batch: list[_Waiting] = []
        self._asked_at = 0.0
        self._is_called = False
        self._is_closing = False
        self._timer: TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._work_queue: SimpleQueue[tuple[AbstractEventLoop, list[_Waiting]] | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def decide(self, ask: Ask) -> Answer:
        """What the storage answers. Questions are asked in the order of these calls.

        Raises StorageLost, also when there is no answer in time: then an order may have been placed all the same, and
        is found when the buyer asks again. Who is cancelled keeps no new lease, and a Leave always finds room.
        """
        loop = asyncio.get_running_loop()
        self._check_room(loop, ask)
        answer: Future[Answer] = loop.create_future()
        self._add(loop, ask, answer)
        try:
            return await answer
        except asyncio.CancelledError:
            # It had arrived, and the cancellation overtook it.
            if answer.done() and not answer.cancelled() and not answer.exception():
                self._give_back(loop, ask, answer.result())
            raise

    async def close(self) -> None:
        """Take no more questions, and answer those that were asked. The storage stays open."""
        self._is_closing = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), self._timeout_seconds)
        self._work_queue.put(None)
        if not self._idle.is_set():
            return
        if self._thread:
            self._thread.join()
        if self._timer:
            self._timer.cancel()

    def _check_room(self, loop: AbstractEventLoop, ask: Ask) -> None:
        if self._is_closing:
            raise StorageLost("the gate is stopping")
        if isinstance(ask, Leave):
            return  # there are no more of them than were let in, and each makes room
        if len(self._queue) >= self._most_waiting:
            raise StorageLost(f"{len(self._queue)} questions wait for the storage")
        if self._batch and loop.time() - self._asked_at > self._timeout_seconds:
            raise self._no_answer()

    def _add(self, loop: AbstractEventLoop, ask: Ask, answer: Future[Answer] | None) -> None:
        self._queue.append(_Waiting(ask, answer, loop.time() + self._timeout_seconds))
        self._idle.clear()
        if not self._timer:
            self._timer = loop.call_later(self._timeout_seconds, self._expire, loop)
        if not self._batch and not self._is_called:
            self._is_called = True
            loop.call_soon(self._send, loop)  # after all that this turn of the loop has to ask

    def _send(self, loop: AbstractEventLoop) -> None:
        """Hand the next batch over, if there is one."""
        self._is_called = False
        if self._batch:
            return
        while self._queue and len(self._batch) < self._most_at_once:
            waiting = self._queue.popleft()
            if not waiting.is_needless:
                self._batch.append(waiting)
        if not self._batch:
            self._idle.set()
            return
        self._asked_at = loop.time()
        if not self._thread:
            self._thread = Thread(target=self._work, name="storage", daemon=True)
            self._thread.start()
        self._work_queue.put((loop, self._batch))

    def _work(self) -> None:
        while work := self._work_queue.get():
            loop, batch = work
            outcomes = _outcomes(self._storage, [waiting.ask for waiting in batch])
            with suppress(RuntimeError):  # the loop has been closed, and nobody waits
                loop.call_soon_threadsafe(self._deliver, loop, batch, outcomes)

    def _deliver(self, loop: AbstractEventLoop, batch: list[_Waiting], outcomes: Sequence[Outcome]) -> None:
        self._batch = []
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if waiting.answer is None or waiting.answer.done():
                self._give_back(loop, waiting.ask, outcome)
            elif isinstance(outcome, Exception):
                waiting.answer.set_exception(outcome)
                self._give_back(loop, waiting.ask, outcome)
            else:
                waiting.answer.set_result(outcome)
        self._send(loop)

    def _give_back(self, loop: AbstractEventLoop, ask: Ask, outcome: Outcome) -> None:
        """A new lease, or one that may have been taken before the answer was lost: asked once, or else it expires."""
        is_taken = outcome.is_new if isinstance(outcome, Lease) else isinstance(outcome, StorageLost)
        if isinstance(ask, Enter) and is_taken:
            self._add(loop, Leave(ask.visit.sale, ask.visit.server, ask.lease), None)

    def _expire(self, loop: AbstractEventLoop) -> None:
        """Tell who has waited too long. What they wanted is not asked any more, but leases are given back."""
        self._timer = None
        now = loop.time()
        for waiting in (*self._batch, *self._queue):
            if waiting.answer and not waiting.answer.done() and waiting.deadline <= now:
                waiting.answer.set_exception(self._no_answer())
        self._queue = deque(one for one in self._queue if not one.is_over or isinstance(one.ask, Leave))
        others = [one.deadline for one in (*self._batch, *self._queue) if not one.is_over]
        if others:
            self._timer = loop.call_at(min(others), self._expire, loop)

    def _no_answer(self) -> StorageLost:
        return StorageLost(f"the storage has not answered for {self._timeout_seconds:g} s")


def _outcomes(storage: Admission, asks: Sequence[Ask]) -> list[Outcome]:
    """An answer or an exception to each. A question that cannot even be asked takes no other one along."""
    try:
        return [*storage.decide(asks)]
    except StorageLost as lost:
        return [type(lost)(lost.message, lost.hint) for _ in asks]
    except Exception as error:  # noqa: BLE001  (goes to who asked)
        if len(asks) == 1:
            return [error]
    return [outcome for ask in asks for outcome in _outcomes(storage, [ask])]
