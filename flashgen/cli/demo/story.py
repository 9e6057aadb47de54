"""What the demo does, step by step: commands as typed, and what every shopper then sees of them."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from flashgen.cli.demo.project import EXAMPLE, STORAGE
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError
from flashgen.rehearse.crowd import Crowd
from flashgen.rehearse.shopper import Observation

SEEN_WITHIN_SECONDS = 20.0
"""Once a sale is open pages poll every 10 s, with jitter 12; the edge keeps an answer for 1 s."""


@dataclass(frozen=True)
class DemoStep:
    """A command, and what every shopper should then see (if anything)."""

    title: str
    line: str
    told: str = ""
    seen: Callable[[Observation], bool] | None = None


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
        lambda sight: sight.state == "open" and bool(sight.order_url),
    ),
    DemoStep("opening twice changes nothing", f"go-live {EXAMPLE}"),
)

CLOSING = (
    DemoStep("the shop takes a breath", f"pause {EXAMPLE} --yes"),
    DemoStep("the sale is over", f"end {EXAMPLE} --yes", "saw the end", lambda sight: sight.state == "ended"),
    DemoStep("who ordered what, and whether the shop has it", f"gate orders list {EXAMPLE} --storage {STORAGE}"),
    DemoStep("who did what, and when", f"status {EXAMPLE}"),
)


@dataclass(frozen=True)
class Stage:
    """The project in `folder`, and who is told of it."""

    session: Session
    folder: Path

    def run(self, step: DemoStep, crowd: Crowd | None = None) -> dict[str, Any]:
        """Run a step, and wait until the crowd has seen what came of it."""
        self.announce(step.title, step.line)
        answer = {"command": f"flashgen {step.line}", "result": self._command(step.line)}
        if crowd is None or step.seen is None:
            return answer
        return {**answer, "seen_after_seconds": self.await_all(crowd, step.told, step.seen, time.time(), "the write")}

    def announce(self, title: str, line: str) -> None:
        """What happens next, and by which command."""
        self.session.say(f"\n{click.style(title, bold=True)}\n{click.style(f'$ flashgen {line}', fg='cyan')}")

    def await_all(
        self, crowd: Crowd, told: str, seen: Callable[[Observation], bool], since: float, event: str
    ) -> list[float]:
        """Wait until every shopper has `seen`: how long after `since`, when `event` was, each of them did."""
        delays = [max(0.0, at - since) for at in crowd.wait_until(seen, SEEN_WITHIN_SECONDS)]
        count = len(crowd.shoppers)
        if len(delays) < count:
            raise FlashgenError(f"only {len(delays)} of {count} shoppers {told} within {SEEN_WITHIN_SECONDS:.0f} s")
        self.session.say(f"all {count} shoppers {told}, {delays[0]:.1f} to {delays[-1]:.1f} s after {event}")
        return [round(delay, 2) for delay in delays]

    def _command(self, line: str) -> Any:
        """Run a command in this process, as typed. With `--json` its document is kept instead of printed."""
        from flashgen.cli.main import main

        arguments = [*line.split(), "--project", str(self.folder)]
        if not self.session.as_json:
            exit_code, result = main([*arguments, "--no-next"]), None
        else:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exit_code = main([*arguments, "--json", "--quiet"])
            result = json.loads(printed.getvalue())["result"]
        if exit_code == 130:
            raise KeyboardInterrupt
        if exit_code:
            raise FlashgenError(f"`flashgen {line}` exited with {exit_code}", "look closer: flashgen demo --keep DIR")
        return result
