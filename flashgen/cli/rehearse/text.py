"""A rehearsal on the terminal: a line while it runs, and the verdict."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from flashgen.cli.rehearse.options import RehearsalOptions
from flashgen.cli.rehearse.stage import Live
from flashgen.cli.session import Session
from flashgen.rehearse.judge import Promise, is_passed
from flashgen.rehearse.recording import Recording

LINE_EVERY_SECONDS = 5.0


@contextmanager
def live_rates(session: Session, options: RehearsalOptions) -> Iterator[Live]:
    """Shows progress and rates: a bar on a terminal, else a line now and then; nothing with --quiet and --json."""
    if session.quiet or session.as_json:
        yield lambda at, told, origin: None
    elif sys.stderr.isatty():
        with _bar(options) as live:
            yield live
    else:
        yield _lines(session)


class _Rates:
    """Requests a second of the last seconds, and how many visitors have gone."""

    def __init__(self) -> None:
        self.gone = self.orders = 0
        self._edge: dict[int, int] = {}

    def line(self, at: float, told: dict[str, Any], origin: int) -> str:
        """`T0+3 s: 1,203 requests/s at the edge, 45 to the store, 12 orders`."""
        for second, kind, _, count in told.get("requests", ()):
            if kind != "order":
                self._edge[second] = self._edge.get(second, 0) + count
        self.gone += len(told.get("visits", ()))
        self.orders += sum(bool(one["order_id"]) for one in told.get("visits", ()))
        rate = self._edge.get(int(at // 1) - 2, 0)
        return (
            f"start {at:+.0f} s: {rate:,} requests/s at the edge, {origin:,} to the store so far, {self.orders} orders"
        )


def _lines(session: Session) -> Live:
    rates, printed = _Rates(), [time.monotonic()]

    def live(at: float, told: dict[str, Any], origin: int) -> None:
        line = rates.line(at, told, origin)
        if time.monotonic() - printed[0] >= LINE_EVERY_SECONDS:
            printed[0] = time.monotonic()
            session.note(line)

    return live


@contextmanager
def _bar(options: RehearsalOptions) -> Iterator[Live]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    total = options.arrive_before + options.lasts
    rates = _Rates()
    with Progress(BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("the crowd gathers", total=total)

        def live(at: float, told: dict[str, Any], origin: int) -> None:
            bars.update(task, completed=max(0.0, at + options.arrive_before), description=rates.line(at, told, origin))

        yield live


def lines(recording: Recording, promises: Sequence[Promise]) -> Iterator[str]:
    """The verdict, a line for each promise."""
    words = {True: click.style("PASS", fg="green"), False: click.style("FAIL", fg="red", bold=True), None: " -- "}
    trouble = f", with {', '.join(recording.troubles)}" if recording.troubles else ""
    yield click.style(f"{recording.sale}: {recording.visitors:,} visitors{trouble}", bold=True)
    for one in promises:
        yield f"  {words[one.kept]}  {one.name}: {one.found}"
    passed = is_passed(tuple(promises))
    yield click.style("PASS" if passed else "FAIL", fg="green" if passed else "red", bold=True)
