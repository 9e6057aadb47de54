"""Progress of an upload on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
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
        yield _lines(title)


@contextmanager
def _bars(title: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def report(wave: Wave, done: int, total: int) -> None:
            if wave not in tasks:
                tasks[wave] = bars.add_task(f"{title}: {wave.value}", total=total)
            bars.update(tasks[wave], completed=done)

        yield report


def _lines(title: str) -> Report:
    said_at = time.monotonic()

    def report(wave: Wave, done: int, total: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > LINE_EVERY_SECONDS:
            said_at = time.monotonic()
            click.echo(f"{title}: {wave.value} {done:,} of {total:,}", err=True)

    return report
