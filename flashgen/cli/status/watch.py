"""`status --watch`: a board on a terminal, a line a change elsewhere."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from flashgen import timestamps
from flashgen.cli.runtime import now
from flashgen.cli.session import Session
from flashgen.cli.status.read import controls
from flashgen.cli.status.sale_watch import SaleWatch, WatchSnapshot
from flashgen.cli.status.text import brief
from flashgen.sale.model import Header
from flashgen.verify.edge_pointer import EdgePointerReader

LINE_LOOK_SECONDS = 0.1


def watch_sales(session: Session, headers: Sequence[Header]) -> None:
    """Show how sales stand until Ctrl-C, or SIGTERM, which both end it well."""
    session.is_watching = True
    name, target = session.project.target(session.target_name)
    with _interruptible(), EdgePointerReader(target.url) as onlooker:
        watches = [
            SaleWatch(control, header, session.project.sale_path(header.id), onlooker)
            for control, header in zip(controls(session, headers), headers, strict=True)
        ]
        with _running(watches):
            if is_terminal():
                from flashgen.cli.status.board import show_board

                show_board(watches, name)
            else:
                print_changes(session, watches)


def is_terminal() -> bool:
    """Whether a board can be drawn where results go."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def print_changes(session: Session, watches: Sequence[SaleWatch]) -> None:
    """A line for each sale at first, then whenever something about it is different."""
    said: dict[int, str] = {}
    while True:
        for number, watch in enumerate(watches):
            text = change_text(watch.glimpse())
            if text and said.get(number) != text:
                said[number] = text
                session.say(f"{timestamps.to_text(now())} {text}")
        time.sleep(LINE_LOOK_SECONDS)


def change_text(glimpse: WatchSnapshot) -> str:
    """What is worth a new line when it changes: no ages, no countdown. Empty while nothing is known."""
    parts = [brief(glimpse.standing)] if glimpse.standing else []
    if glimpse.trouble:
        parts.append(f"the store cannot be asked: {glimpse.trouble}")
    if glimpse.mistake:
        parts.append(f"the YAML cannot be followed: {glimpse.mistake}")
    return f"{click.style(glimpse.sale, bold=True)}: {'; '.join(parts)}" if parts else ""


@contextmanager
def _running(watches: Sequence[SaleWatch]) -> Iterator[None]:
    for watch in watches:
        watch.start()
    try:
        yield
    finally:
        for watch in watches:
            watch.stop()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Whoever kills it politely wants the terminal back as it was."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
