"""The demo's steps: commands as typed, what every shopper then sees, and the rush for the last stock."""

from __future__ import annotations

import contextlib
import io
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from flashgen.cli.demo.project import EXAMPLE, SKU, SLOTS, STOCK, STORAGE
from flashgen.cli.failure import INTERRUPTED
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError
from flashgen.rehearse.buyer import Buyer, BuyResult, Purchase
from flashgen.rehearse.crowd.threads import Crowd, rush
from flashgen.rehearse.order_subsystem import StandInOrderSubsystem
from flashgen.rehearse.shopper import Observation

SEEN_WITHIN_SECONDS = 20.0
"""Pages of an open sale poll every 10 s, or 12 s with jitter; the edge keeps an answer for 1 s."""

THINKS_SECONDS = 2.0
FORWARDED_WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class DemoStep:
    """A command, and the test of what every shopper should see then, if there is one; `effect` says it in words."""

    title: str
    line: str
    effect: str = ""
    is_seen: Callable[[Observation], bool] | None = None


PREPARING = (
    DemoStep("check the sale", f"check {EXAMPLE}"),
    DemoStep("render its pages", f"build {EXAMPLE}"),
    DemoStep("put them into a store, here a folder", f"push {EXAMPLE} --yes"),
    DemoStep("push again: there is nothing to do", f"push {EXAMPLE}"),
)

OPENING = (
    DemoStep(
        "wait for the start, then open: one write",
        f"go-live {EXAMPLE} --at start --late-ok --yes",
        "saw the button open and have the order URL",
        lambda seen: seen.state == "open" and bool(seen.order_url),
    ),
    DemoStep("opening twice changes nothing", f"go-live {EXAMPLE}"),
)

CLOSING = (
    DemoStep("the shop takes a breath", f"pause {EXAMPLE} --yes"),
    DemoStep("the sale is over", f"end {EXAMPLE} --yes", "saw the end", lambda seen: seen.state == "ended"),
    DemoStep("who ordered what, and whether the shop has it", f"gate orders list {EXAMPLE} --storage {STORAGE}"),
    DemoStep("who did what, and when", f"status {EXAMPLE}"),
)


@dataclass(frozen=True)
class Stage:
    """Runs steps in the project `folder`, and prints them in `session`."""

    session: Session
    folder: Path

    def run(self, step: DemoStep, crowd: Crowd | None = None) -> dict[str, Any]:
        """Run a step, and wait until every shopper of the crowd sees its effect."""
        self.announce(step.title, step.line)
        result = {"command": f"flashgen {step.line}", "result": self._command(step.line)}
        if crowd is None or step.is_seen is None:
            return result
        delays = self.await_all(crowd, step.effect, step.is_seen, time.time(), "the write")
        return {**result, "seen_after_seconds": delays}

    def announce(self, title: str, line: str) -> None:
        """Print what happens next, and by which command."""
        self.session.say(f"\n{click.style(title, bold=True)}\n{click.style(f'$ flashgen {line}', fg='cyan')}")

    def await_all(
        self, crowd: Crowd, effect: str, is_seen: Callable[[Observation], bool], since: float, event: str
    ) -> list[float]:
        """Wait until every shopper sees an effect. Returns how many seconds after `since`, the time of `event`."""
        delays = [max(0.0, at - since) for at in crowd.wait_until(is_seen, SEEN_WITHIN_SECONDS)]
        count = len(crowd.shoppers)
        if len(delays) < count:
            raise FlashgenError(f"only {len(delays)} of {count} shoppers {effect} within {SEEN_WITHIN_SECONDS:.0f} s")
        self.session.say(f"all {count} shoppers {effect}, {delays[0]:.1f} to {delays[-1]:.1f} s after {event}")
        return [round(delay, 2) for delay in delays]

    def _command(self, line: str) -> Any:
        """Run a command in this process, as typed. With `--json` its result is returned instead of printed."""
        from flashgen.cli.main import main

        arguments = [*line.split(), "--project", str(self.folder)]
        if not self.session.as_json:
            exit_code, result = main([*arguments, "--no-next"]), None
        else:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exit_code = main([*arguments, "--json", "--quiet"])
            result = json.loads(printed.getvalue())["result"]
        if exit_code == INTERRUPTED:
            raise KeyboardInterrupt
        if exit_code:
            raise FlashgenError(f"`flashgen {line}` exited with {exit_code}", "look closer: flashgen demo --keep DIR")
        return result


def buy_out(stage: Stage, crowd: Crowd, shop: StandInOrderSubsystem) -> dict[str, Any]:
    """All shoppers try to buy one of SKU at the same time.

    Raises FlashgenError unless exactly STOCK of them get an order, and the shop gets these orders.
    """
    say, count = stage.session.say, len(crowd.shoppers)
    say(f"\n{click.style(f'all {count} press the button of {SKU} at once', bold=True)}")
    say(f"there are {STOCK} of it, and {SLOTS} places at a time")
    draws = (random.Random(seed).random for seed in range(count))  # noqa: S311
    buyers = [
        Buyer(one.observations[-1].order_url, SKU, draw, THINKS_SECONDS, one.query)
        for one, draw in zip(crowd.shoppers, draws, strict=True)
    ]
    outcomes = rush(buyers, SEEN_WITHIN_SECONDS)
    _check(outcomes)
    repeats = sum(one.tries - 1 for one in outcomes)
    say(f"{STOCK} got an order each; {count - STOCK} were told that it is sold out")
    say(f"on the way they were told {repeats} times that all places are taken, and tried again")
    ids = {one.order_id for one in outcomes if one.result is BuyResult.ORDERED}
    _await_orders(shop, ids)
    requests = sum(map(len, shop.received.values()))
    say(f"the order subsystem got {len(shop.received)} orders, each under a key of its own, in {requests} requests")
    last_at = max(times[0] for times in shop.received.values())
    effect = "saw it sold out, by the gate's own write"
    delays = stage.await_all(crowd, effect, lambda seen: SKU in seen.gone, last_at, "the last order")
    return {
        "sku": SKU,
        "stock": STOCK,
        "slots": SLOTS,
        "outcomes": dict(Counter(str(one.result) for one in outcomes)),
        "tries": sum(one.tries for one in outcomes),
        "orders": sorted(ids),
        "forwarded": {key: len(times) for key, times in shop.received.items()},
        "seen_after_seconds": delays,
    }


def _check(outcomes: Sequence[Purchase]) -> None:
    results = Counter(one.result for one in outcomes)
    ids = {one.order_id for one in outcomes if one.result is BuyResult.ORDERED}
    if (results[BuyResult.ORDERED], len(ids), results[BuyResult.SOLD_OUT]) != (STOCK, STOCK, len(outcomes) - STOCK):
        found = ", ".join(f"{count} × {one}" for one, count in results.items())
        raise FlashgenError(f"{STOCK} of {len(outcomes)} shoppers should have an order, found {found}")


def _await_orders(shop: StandInOrderSubsystem, ids: set[str]) -> None:
    deadline = time.monotonic() + FORWARDED_WITHIN_SECONDS
    while not ids <= shop.received.keys() and time.monotonic() < deadline:
        time.sleep(0.05)
    if ids != shop.received.keys():
        raise FlashgenError(f"the order subsystem should have {len(ids)} orders, and has {len(shop.received)}")
