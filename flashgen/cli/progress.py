"""What stderr shows while something takes long: how far an upload, a check, or a build's pictures and cards are.

It also names a store that does not answer.

A terminal gets a bar, or one line that is overwritten; elsewhere there is a new line every few seconds. All show rate
and time left.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Timer
from typing import TYPE_CHECKING

import click

from flashgen.cli.session import Session
from flashgen.cli.times import clock_text

if TYPE_CHECKING:
    from flashgen.release.plan import Wave
    from flashgen.release.push import Report

LINE_EVERY_SECONDS = 5.0
TERMINAL_SECONDS = 0.1

PATIENCE_SECONDS = 3.0
"""Every working store answers sooner; `store/` limits the longest wait for one that does not."""


@contextmanager
def upload_progress(session: Session, title: str) -> Iterator[Report]:
    """Shows the waves of a push; yields the function to report to. Shows nothing with `--quiet` and `--json`."""
    if session.quiet or session.as_json:
        yield lambda wave, done, total: None
    elif sys.stderr.isatty():
        with _bars(title) as report:
            yield report
    else:
        yield wave_lines(title)


def pace(done: int, total: int, seconds: float) -> str:
    """Rate, and the time left at that rate: `40/s, 1:05 left`. Empty while that cannot be known."""
    if not 0 < done < total or seconds <= 0:
        return ""
    rate = done / seconds
    left = clock_text(round((total - done) / rate))
    return f"{rate:,.0f}/s, {left} left" if rate >= 10 else f"{rate:.1f}/s, {left} left"


def wave_lines(title: str, clock: Callable[[], float] = time.monotonic) -> Report:
    """Prints a line every LINE_EVERY_SECONDS. `clock` counts seconds."""
    printed_at, began = clock(), dict[str, float]()

    def report(wave: Wave, done: int, total: int) -> None:
        nonlocal printed_at
        now = clock()
        began.setdefault(wave.value, now)
        if now - printed_at >= LINE_EVERY_SECONDS:
            printed_at = now
            click.echo(_line(f"{title}: {wave.value}", done, total, now - began[wave.value]), err=True)

    return report


@contextmanager
def count_progress(
    session: Session, title: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int], None]]:
    """Shows how many of many steps are done; yields the function to report both numbers to.

    On a terminal the line is gone afterwards. Shows nothing with `--quiet` and `--json`. `clock` counts seconds.
    """
    if session.quiet or session.as_json:
        yield lambda done, total: None
        return
    is_terminal = sys.stderr.isatty()
    interval_seconds = TERMINAL_SECONDS if is_terminal else LINE_EVERY_SECONDS
    printed_at = -math.inf if is_terminal else clock()
    began: tuple[float, int] | None = None

    def report(done: int, total: int) -> None:
        nonlocal printed_at, began
        now = clock()
        began = began or (now, done)
        if now - printed_at >= interval_seconds:
            printed_at = now
            # How long the first ones took is not known: the pace is that of what was done since.
            line = _line(title, done, total, now - began[0], began[1])
            click.echo(f"\r{line}\033[K" if is_terminal else line, nl=not is_terminal, err=True)

    try:
        yield report
    finally:
        if is_terminal and printed_at > -math.inf:
            click.echo("\r\033[K", nl=False, err=True)


@contextmanager
def parts_progress(
    session: Session, sale: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[str, int, int], None]]:
    """The same for a build, which makes one kind of thing after another: `night: cards 250/2,000`."""
    with ExitStack() as stack:
        reports: dict[str, Callable[[int, int], None]] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in reports:
                reports[what] = stack.enter_context(count_progress(session, f"{sale}: {what}", clock))
            reports[what](done, total)

        yield report


class SlowNotice:
    """Names a store that is slow to answer (`still waiting for s3://flash`): once, and not with `--quiet`.

    Threads may share one. `patience_seconds` is how long an answer may take without a notice.
    """

    def __init__(self, session: Session, store: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._session, self._store, self._patience_seconds = session, store, patience_seconds
        self._not_printed = Lock()

    @contextmanager
    def for_an_answer(self) -> Iterator[None]:
        """Around a request: prints the notice while the request still waits."""
        timer = Timer(self._patience_seconds, self._print)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _print(self) -> None:
        if self._not_printed.acquire(blocking=False):
            self._session.note(f"still waiting for {self._store}")


def _line(title: str, done: int, total: int, seconds: float, before: int = 0) -> str:
    speed = pace(done - before, total - before, seconds)
    return f"{title} {done:,}/{total:,}{f' ({speed})' if speed else ''}"


@contextmanager
def _bars(title: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    tasks: dict[Wave, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def report(wave: Wave, done: int, total: int) -> None:
            if wave not in tasks:
                tasks[wave] = bars.add_task(f"{title}: {wave.value}", total=total, pace="")
            seconds = bars.tasks[tasks[wave]].elapsed or 0.0
            bars.update(tasks[wave], completed=done, pace=pace(done, total, seconds))

        yield report
