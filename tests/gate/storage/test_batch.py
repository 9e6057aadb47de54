"""The asyncio front of a storage: batches, time-outs, cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from support.visits import EAST, NOW, buy, enter, find, leave

from flashgen.gate.orders.order import Order
from flashgen.gate.storage.batch import Batcher
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Answer, Ask, Lease, NoPlace, Storage, StorageLost

SOON = 0.05


class Gated:
    """A storage's decisions, seen and held up: `passing` is whether they go on, `began` that one has begun."""

    def __init__(self, storage: Storage) -> None:
        self.batches: list[list[Ask]] = []
        self.began, self.passing = Event(), Event()
        self.passing.set()
        self._storage = storage

    def decide(self, asks: Sequence[Ask]) -> list[Answer]:
        """Those of the storage, when they may pass."""
        self.batches.append(list(asks))
        self.began.set()
        assert self.passing.wait(20)
        return self._storage.decide(asks)

    def tally(self, sale: str, now: float) -> Any:
        """As the storage has it."""
        return self._storage.tally(sale, now)

    @property
    def in_use(self) -> int:
        """Slots taken."""
        return self._storage.tally("night", NOW).in_use.get(EAST, 0)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """An empty one, with `night` begun."""
    storage = open_storage("sqlite:gate.db", tmp_path)
    storage.begin("night")
    yield storage
    storage.close()


@pytest.fixture
def gated(storage: Storage) -> Iterator[Gated]:
    """The same, to be held up. Nothing hangs when the test is over."""
    gated = Gated(storage)
    yield gated
    gated.passing.set()


@asynccontextmanager
async def busy(batcher: Batcher, gated: Gated) -> AsyncIterator[None]:
    """While this lasts, the storage is busy with another question; then everything goes on, and comes to its end."""
    gated.passing.clear()
    gated.began.clear()
    first = asyncio.create_task(batcher.decide(find("nobody")))
    await asyncio.to_thread(gated.began.wait, 20)
    yield
    gated.passing.set()
    await asyncio.wait([first])


def asked(batcher: Batcher, *asks: Ask) -> list[asyncio.Task[Answer]]:
    """A task each."""
    return [asyncio.create_task(batcher.decide(ask)) for ask in asks]


async def turns(count: int = 3) -> None:
    """Let other tasks come as far as they can."""
    for _ in range(count):
        await asyncio.sleep(0)


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """One event loop for one scenario."""
    asyncio.run(asyncio.wait_for(scenario(), 30))


async def every(tasks: Sequence[Awaitable[Answer]]) -> list[Any]:
    """Answers and exceptions."""
    return list(await asyncio.gather(*tasks, return_exceptions=True))


def test_an_answer_comes_back(gated: Gated) -> None:
    """As the storage gives it."""

    async def scenario() -> None:
        batcher = Batcher(gated)
        assert isinstance(await batcher.decide(enter()), Lease)
        assert buy().order == await batcher.decide(buy())
        await batcher.close()

    run(scenario)


def test_a_crowd_becomes_few_batches(gated: Gated) -> None:
    """Nobody waits for a commit of their own, and no batch is larger than was said."""

    async def scenario() -> None:
        batcher = Batcher(gated, most_at_once=256)
        crowd = [enter(f"buyer-{number}", slots=100) for number in range(1000)]
        answers = await every(asked(batcher, *crowd))
        assert (100, 900) == (sum(isinstance(one, Lease) for one in answers), answers.count(NoPlace.FULL))
        assert [256, 256, 256, 232] == [len(batch) for batch in gated.batches]
        assert crowd == [ask for batch in gated.batches for ask in batch]
        await batcher.close()

    run(scenario)


def test_what_comes_meanwhile_is_the_next_batch(gated: Gated) -> None:
    """In the order of asking."""

    async def scenario() -> None:
        batcher = Batcher(gated)
        questions: list[Ask] = [enter("ada"), enter("bob"), buy("ada"), leave("bob")]
        async with busy(batcher, gated):
            tasks = asked(batcher, *questions)
            await turns()
        await every(tasks)
        assert [[find("nobody")], questions] == gated.batches
        await batcher.close()

    run(scenario)


def test_a_lost_storage_is_told_to_everybody(storage: Storage) -> None:
    """Each gets an exception of their own; afterwards everything goes on."""

    class Losing:
        lost = True

        def decide(self, asks: Sequence[Ask]) -> list[Answer]:
            if self.lost:
                raise StorageLost("the disk is full", "free some space")
            return storage.decide(asks)

        tally = storage.tally

    async def scenario() -> None:
        losing = Losing()
        batcher = Batcher(losing)
        first, second = await every(asked(batcher, enter("ada"), enter("bob")))
        assert [("the disk is full", "free some space")] * 2 == [(one.message, one.hint) for one in (first, second)]
        assert first is not second
        losing.lost = False
        assert isinstance(await batcher.decide(enter("ada")), Lease)
        await batcher.close()

    run(scenario)


def test_a_lost_answer_holds_no_slot(storage: Storage) -> None:
    """The storage decided, and its answer went astray: nobody was told of those leases."""

    class Cut:
        cuts = 1

        def decide(self, asks: Sequence[Ask]) -> list[Answer]:
            answers = storage.decide(asks)
            if self.cuts:
                self.cuts -= 1
                raise StorageLost("no answer")
            return answers

        tally = storage.tally

    async def scenario() -> None:
        batcher = Batcher(Cut())
        lost = await every(asked(batcher, enter("ada"), enter("bob"), buy("eve")))
        assert [StorageLost] * 3 == [type(one) for one in lost]
        assert isinstance(await batcher.decide(enter("kim", slots=1)), Lease)
        await batcher.close()
        assert {EAST: 1} == dict(storage.tally("night", NOW).in_use)

    run(scenario)


def test_a_storage_that_stays_away_is_not_asked_on_and_on(storage: Storage) -> None:
    """To give leases back is tried once."""

    class Away:
        batches = 0

        def decide(self, asks: Sequence[Ask]) -> list[Answer]:
            self.batches += 1
            raise StorageLost("away")

        tally = storage.tally

    async def scenario() -> None:
        away = Away()
        batcher = Batcher(away)
        await every(asked(batcher, enter("ada"), find()))
        await batcher.close()
        assert 2 == away.batches

    run(scenario)


def test_a_question_that_cannot_be_asked_fails_alone(storage: Storage) -> None:
    """An order under an id that is taken, say: all others of the batch are decided."""

    async def scenario() -> None:
        batcher = Batcher(storage)
        questions: list[Ask] = [buy("ada"), buy("bob", order="order-ada"), buy("eve"), enter("kim", lease="bad\udcff")]
        ada, bob, eve, kim = await every(asked(batcher, *questions))
        assert (buy("ada").order, buy("eve").order) == (ada, eve)
        assert ["IntegrityError", "UnicodeEncodeError"] == [type(one).__name__ for one in (bob, kim)]
        await batcher.close()
        assert {"PHONE": 2} == dict(storage.tally("night", NOW).taken)

    run(scenario)


def test_a_storage_that_hangs_is_lost(gated: Gated) -> None:
    """In time for who waits, at once for who comes then; a slot that was taken after all is given back."""

    async def scenario() -> None:
        batcher = Batcher(gated, timeout_seconds=SOON)
        gated.passing.clear()
        assert [StorageLost, StorageLost] == [type(one) for one in await every(asked(batcher, enter(), find()))]
        await asyncio.sleep(SOON)
        late = batcher.decide(enter("bob"))
        with pytest.raises(StorageLost, match=r"not answered for 0\.05 s"):
            late.send(None)
        gated.passing.set()
        await batcher.close()
        assert [enter(), find()] == gated.batches[0]
        assert [[leave()]] == gated.batches[1:]
        assert 0 == gated.in_use

    run(scenario)


def test_who_waited_too_long_in_the_queue_is_not_asked_for(gated: Gated) -> None:
    """An order that was refused must not be placed later; leases are given back even so."""

    async def scenario() -> None:
        batcher = Batcher(gated, timeout_seconds=SOON)
        async with busy(batcher, gated):
            lost = await every(asked(batcher, buy("ada"), enter("bob"), leave("eve")))
            assert [StorageLost] * 3 == [type(one) for one in lost]
        await batcher.close()
        assert [[find("nobody")], [leave("eve")]] == gated.batches

    run(scenario)


def test_later_questions_have_their_own_time(gated: Gated) -> None:
    """The time-out of one is not another's."""

    async def scenario() -> None:
        batcher = Batcher(gated, timeout_seconds=10)
        early = asked(batcher, find("ada"))
        await turns()
        for waiting in batcher._batch:
            waiting.deadline = 0
        late = asked(batcher, enter("bob"))
        await turns()
        batcher._expire(asyncio.get_running_loop())
        await every(early)
        assert isinstance(await late[0], Lease)
        await batcher.close()

    run(scenario)


def test_a_crowd_beyond_measure_is_turned_away(gated: Gated) -> None:
    """At once, and without a question; giving a lease back always finds room."""

    async def scenario() -> None:
        batcher = Batcher(gated, most_waiting=2)
        async with busy(batcher, gated):
            tasks = asked(batcher, enter("ada"), enter("bob"), enter("eve"))
            await turns()
            (left,) = asked(batcher, leave("kim"))
            await turns()
            assert [False, False, True] == [task.done() for task in tasks]
        answers = await every(tasks)
        assert [Lease, Lease, StorageLost] == [type(answer) for answer in answers]
        assert None is await left
        await batcher.close()
        assert [enter("ada"), enter("bob"), leave("kim")] == [ask for batch in gated.batches[1:] for ask in batch]

    run(scenario)


def test_who_leaves_before_being_asked_for_is_not(gated: Gated) -> None:
    """Neither a form nor a look is needed any more; what was ordered is ordered, and a lease is given back."""

    async def scenario() -> None:
        batcher = Batcher(gated)
        async with busy(batcher, gated):
            tasks = asked(batcher, enter("ada"), find("bob"), buy("eve"), leave("kim"), enter("joe"))
            await turns()
            for task in tasks[:-1]:
                task.cancel()
        answers = await every(tasks)
        assert [asyncio.CancelledError] * 4 == [type(answer) for answer in answers[:-1]]
        assert isinstance(answers[-1], Lease)
        assert [buy("eve"), leave("kim"), enter("joe")] == gated.batches[1]
        await batcher.close()

    run(scenario)


def test_who_leaves_while_being_asked_for_keeps_no_slot(gated: Gated) -> None:
    """The others of the batch get their answers; the new lease is given back, one that was there is not."""

    async def scenario() -> None:
        batcher = Batcher(gated)
        await batcher.decide(enter("bob"))
        gated.passing.clear()
        gated.began.clear()
        tasks = asked(batcher, enter("ada"), enter("bob"), enter("eve"), buy("kim"))
        await asyncio.to_thread(gated.began.wait, 20)
        for task in (tasks[0], tasks[1], tasks[3]):
            task.cancel()
        await turns()
        gated.passing.set()
        assert isinstance((await every(tasks))[2], Lease)
        await batcher.close()
        assert [leave("ada")] == gated.batches[-1]
        assert (2, {"PHONE": 1}) == (gated.in_use, dict(gated.tally("night", NOW).taken))

    run(scenario)


def test_a_cancellation_that_overtakes_the_answer_keeps_no_slot(gated: Gated) -> None:
    """The answer is there, the task has not run since, and is cancelled."""

    async def scenario() -> None:
        batcher = Batcher(gated)
        (task,) = asked(batcher, enter("ada"))
        await turns()
        batch = batcher._batch
        while batcher._batch is batch:
            await asyncio.sleep(0)
            if batch[0].answer and batch[0].answer.done():
                break
        task.cancel()
        assert [asyncio.CancelledError] == [type(one) for one in await every([task])]
        await batcher.close()
        assert [[enter("ada")], [leave("ada")]] == gated.batches
        assert 0 == gated.in_use

    run(scenario)


def test_a_thousand_cancellations_at_random_leave_no_slot(gated: Gated) -> None:
    """Whenever they come, whoever was not told of a lease has none, and everybody else has theirs."""

    async def scenario() -> None:
        batcher = Batcher(gated, most_at_once=16)
        tasks = asked(batcher, *(enter(f"buyer-{number}", slots=2000) for number in range(1000)))
        for number, task in enumerate(tasks):
            if number % 3 == 0:
                task.cancel()
            if number % 50 == 0:
                await asyncio.sleep(0.001)
        answers = await every(tasks)
        await batcher.close()
        assert sum(isinstance(answer, Lease) for answer in answers) == gated.in_use

    run(scenario)


def test_close_answers_what_was_asked(gated: Gated) -> None:
    """And takes no more."""

    async def scenario() -> None:
        batcher = Batcher(gated, most_at_once=1)
        gated.passing.clear()
        tasks = asked(batcher, enter("ada"), buy("bob"))
        await turns()
        closing = asyncio.create_task(batcher.close())
        await turns()
        with pytest.raises(StorageLost, match="stopping"):
            await batcher.decide(find())
        gated.passing.set()
        await closing
        assert [Lease, Order] == [type(answer) for answer in await every(tasks)]

    run(scenario)


def test_close_does_not_wait_for_ever(gated: Gated) -> None:
    """A storage that hangs does not hold up the end; nor does nothing at all."""

    async def scenario() -> None:
        await Batcher(gated).close()
        batcher = Batcher(gated, timeout_seconds=SOON)
        gated.passing.clear()
        (task,) = asked(batcher, find())
        await turns()
        await batcher.close()
        assert [StorageLost] == [type(one) for one in await every([task])]

    run(scenario)


def test_a_loop_that_is_gone_harms_nobody(gated: Gated) -> None:
    """The thread finishes what it had, and dies with the process."""

    async def scenario() -> None:
        gated.passing.clear()
        (task,) = asked(batcher, enter("ada"))
        await turns()
        task.cancel()

    batcher = Batcher(gated)
    run(scenario)
    gated.passing.set()
    batcher._work_queue.put(None)
    assert batcher._thread
    batcher._thread.join(20)
    assert [[enter("ada")]] == gated.batches
