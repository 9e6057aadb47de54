"""`status --watch`: a board on a terminal, elsewhere a line for each change."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from flashgen import timestamps
from flashgen.cli.runtime import interrupted_by_sigterm, now, pointer_file
from flashgen.cli.session import Session
from flashgen.cli.status.sale_watch import SaleWatch, WatchSnapshot
from flashgen.cli.status.text import brief
from flashgen.sale.model import Header
from flashgen.verify.edge_pointer import EdgePointerReader

PRINT_EVERY_SECONDS = 0.1


def watch_sales(session: Session, headers: Sequence[Header]) -> None:
    """Display the status of sales until Ctrl-C or SIGTERM; both are a normal end."""
    session.is_watching = True
    name, target = session.project.target(session.target_name)
    with suppress(KeyboardInterrupt), interrupted_by_sigterm(), EdgePointerReader(target.url) as edge_reader:
        watches = [
            SaleWatch(pointer_file(session.store, header), header, session.project.sale_path(header.id), edge_reader)
            for header in headers
        ]
        with _running(watches):
            if is_terminal():
                from flashgen.cli.status.board import show_board

                show_board(watches, name)
            else:
                print_changes(session, watches)


def is_terminal() -> bool:
    """Whether stdout can display a board."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def print_changes(session: Session, watches: Sequence[SaleWatch]) -> None:
    """A line for each sale at first, then whenever it has changed."""
    printed: dict[int, str] = {}
    while True:
        for number, watch in enumerate(watches):
            text = change_text(watch.snapshot())
            if text and printed.get(number) != text:
                printed[number] = text
                session.say(f"{timestamps.to_text(now())} {text}")
        time.sleep(PRINT_EVERY_SECONDS)


def change_text(snapshot: WatchSnapshot) -> str:
    """The line for one snapshot, without ages and countdowns. Empty while nothing is known."""
    parts = [brief(snapshot.status)] if snapshot.status else []
    if snapshot.trouble:
        parts.append(f"the store cannot be asked: {snapshot.trouble}")
    if snapshot.mistake:
        parts.append(f"the YAML cannot be followed: {snapshot.mistake}")
    return f"{click.style(snapshot.sale, bold=True)}: {'; '.join(parts)}" if parts else ""


@contextmanager
def _running(watches: Sequence[SaleWatch]) -> Iterator[None]:
    for watch in watches:
        watch.start()
    try:
        yield
    finally:
        for watch in watches:
            watch.stop()
