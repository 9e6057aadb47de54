"""Progress of an upload on stderr: a bar on a terminal, a line now and then elsewhere; both with rate and time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.release.plan import Wave
    from flashgen.release.publish import Report

LINE_EVERY_SECONDS = 5.0


@contextmanager
def progress(session: Session, title: str) -> Iterator[Report]:
    """What a push tells its progress to."""
    if session.quiet or session.as_json:
        yield lambda wave, done, total: None
    elif sys.stderr.isatty():
        with _bars(title) as report:
            yield report
    else:
        yield lines(title)


def pace(done: int, total: int, seconds: float) -> str:
    """How fast it goes and how long it will take if that lasts: `40/s, 1:05 left`; empty while nobody can know."""
    if not 0 < done < total or seconds <= 0:
        return ""
    rate = done / seconds
    minutes, left = divmod(round((total - done) / rate), 60)
    return f"{rate:,.0f}/s, {minutes}:{left:02} left" if rate >= 10 else f"{rate:.1f}/s, {minutes}:{left:02} left"


def lines(title: str, clock: Callable[[], float] = time.monotonic) -> Report:
    """A line every LINE_EVERY_SECONDS, on stderr. `clock` counts seconds."""
    said_at, began = clock(), dict[str, float]()

    def report(wave: Wave, done: int, total: int) -> None:
        nonlocal said_at
        now = clock()
        began.setdefault(wave.value, now)
        if now - said_at >= LINE_EVERY_SECONDS:
            said_at = now
            speed = pace(done, total, now - began[wave.value])
            click.echo(f"{title}: {wave.value} {done:,} of {total:,}{f' ({speed})' if speed else ''}", err=True)

    return report


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
