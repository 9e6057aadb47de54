"""Problems of a gate that hooks are told of: what they are, and that one which comes and goes is told once."""

from __future__ import annotations

import asyncio
import pickle
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.hook_receiver import SECRET, hook_receiver
from support.operators import SALE
from support.running_gate import RunningGate, running_gate
from support.visits import bought

from flashgen.addresses import SecretUrl
from flashgen.gate.http.app import Gate
from flashgen.gate.http.probes import STUCK_SECONDS
from flashgen.gate.log import JsonLines
from flashgen.gate.mark.storage_mark import StopReason
from flashgen.gate.metrics import Counters
from flashgen.gate.outward import hooks
from flashgen.gate.outward import problems as outward_problems
from flashgen.gate.outward.hooks import GateHooks
from flashgen.gate.outward.problems import HOLD_SECONDS, ProblemTracker
from flashgen.gate.sale_reader import TRUST_SECONDS
from flashgen.hooks.receiver import Receiver, parse_webhook_keys
from flashgen.hooks.settings import EVENT_TYPES
from flashgen.unlock.state import State

UNREADY = {("night", "unready"): "why"}


def told(tracker: ProblemTracker, *looks: tuple[float, dict[tuple[str, str], str]]) -> list[tuple[float, str, bool]]:
    """When what was told, and whether it was solved."""
    return [(now, one.problem, one.solved) for now, found in looks for one in tracker.news(found, now)]


def test_a_problem_that_lasts_is_told_once_and_so_is_its_end() -> None:
    """With the time at which it was first seen."""
    looks = [(float(now), UNREADY if now < 30 else {}) for now in range(0, 60, 2)]
    tracker = ProblemTracker()
    assert [(HOLD_SECONDS, "unready", False), (28 + HOLD_SECONDS, "unready", True)] == told(tracker, *looks)


def test_a_short_one_is_not_told() -> None:
    """A failover of the storage takes some seconds."""
    assert [] == told(ProblemTracker(), *[(float(now), UNREADY if now < 8 else {}) for now in range(0, 40, 2)])


def test_one_that_comes_and_goes_is_told_once() -> None:
    """Nobody wants a message every ten seconds."""
    looks = [(float(now), UNREADY if now % 6 else {}) for now in range(2, 60, 2)]
    assert ["unready"] == [problem for _, problem, _ in told(ProblemTracker(), *looks)]


@pytest.fixture
def running(tmp_path: Path) -> object:
    """A gate of an open sale."""
    with running_gate(tmp_path) as gate:
        yield gate


def problems(running: RunningGate, gate: Gate | None = None) -> dict[tuple[str, str], str]:
    """What the gate finds."""
    return running.run((gate or running.gate).problems())


def test_a_gate_that_is_well_has_no_problem(running: RunningGate) -> None:
    """Also with orders that were just taken."""
    bought(running.storage, "ada", sale=SALE, now=running.clock())
    assert {} == problems(running)


def test_a_gate_that_cannot_read_is_unready_until_the_sale_is_over(running: RunningGate) -> None:
    """After the end nobody comes."""
    running.monotonic.wait(TRUST_SECONDS + 1)
    assert {(SALE, "unready"): "the store has not been read for some time"} == problems(running)
    running.point(state=State.ENDED)
    running.reader.poll()
    running.monotonic.wait(TRUST_SECONDS + 1)
    assert {} == problems(running)


def test_orders_that_wait_are_stuck(running: RunningGate) -> None:
    """The order subsystem is down, or says what the gate does not understand."""
    bought(running.storage, "ada", sale=SALE, now=running.clock())
    running.wait(STUCK_SECONDS - 1)
    assert {} == problems(running)
    running.wait(61)
    assert {(SALE, "orders-stuck"): "an order has waited 6 min to be forwarded"} == problems(running)


def test_a_storage_that_went_back_is_named(running: RunningGate) -> None:
    """Nothing is sold until somebody reconciles it."""
    outside = replace(running.outside, stopped=lambda _: StopReason.BEHIND)
    found = problems(running, Gate({SALE: lambda: running.reader.reading}, outside, 0))
    assert [(SALE, "storage-behind")] == list(found)
    assert "went back in time" in found[SALE, "storage-behind"]


def test_problems_are_sent_while_the_gate_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A surprise while looking ends nothing; the end of the worker ends the watch."""
    monkeypatch.setattr(hooks, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(outward_problems, "HOLD_SECONDS", 0.05)
    looks = 0

    async def find() -> dict[tuple[str, str], str]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("surprise")
        return UNREADY if looks < 40 else {}

    async def run() -> None:
        telling.watch(find)
        deadline = time.monotonic() + 30
        while len(server.got) < 2:
            assert time.monotonic() < deadline, lines
            await asyncio.sleep(0.01)
        await telling.stop()

    lines: list[str] = []
    with hook_receiver() as server:
        receiver = Receiver(
            "ops", EVENT_TYPES, tmp_path, SecretUrl(server.at("ok")), keys=parse_webhook_keys("ops", SECRET)
        )
        telling = GateHooks([receiver], "production", "gate https://a", JsonLines(lines.append, time.time))
        asyncio.run(run())
    assert ["problem", "problem.solved"] == [one["type"] for one in server.got]
    assert {
        "sale": "night",
        "target": "production",
        "who": "gate https://a",
        "problem": "unready",
        "message": "why",
    } == {key: value for key, value in server.got[0]["data"].items() if key != "since"}
    assert "problems not looked for" in "".join(lines)


def test_one_worker_of_a_server_speaks_for_it(tmp_path: Path) -> None:
    """And the next one, when it has died."""
    with Counters(tmp_path / "counts") as first:
        assert first.is_first
    with Counters(tmp_path / "counts") as again:
        assert again.is_first


def test_receivers_reach_workers_and_no_log(tmp_path: Path) -> None:
    """They are pickled to a worker; what prints them shows neither key nor URL."""
    receiver = Receiver("ops", EVENT_TYPES, tmp_path, SecretUrl("https://a.example/KEPT"), keys=(b"KEPT" * 8,))
    assert receiver == pickle.loads(pickle.dumps(receiver))
    assert "KEPT" not in repr(receiver)
