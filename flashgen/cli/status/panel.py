"""One sale on the board."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from flashgen.cli.state_text import COLOURS
from flashgen.cli.status.model import SaleStatus, countdown, elapsed
from flashgen.cli.status.sale_watch import WatchSnapshot
from flashgen.cli.status.text import (
    NOT_PUSHED,
    NOT_PUSHED_COLOUR,
    OVER,
    OVER_COLOUR,
    STEPS,
    edge_text,
    required_action,
    state_details,
    unfinished,
)
from flashgen.cli.times import local_soon, span
from flashgen.unlock.pointer import Pointer

WARNING, ALARM = "yellow", "bold red"


def panel(snapshot: WatchSnapshot, journal_lines: int) -> Panel:
    """Everything that is known of a sale, with `journal_lines` of its journal."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=8)
    grid.add_column(ratio=1, overflow="fold")
    for label, value in _rows(snapshot):
        grid.add_row(Text(label, style="dim"), value)
    body: list[RenderableType] = [grid]
    status = snapshot.status
    if status and status.details.history and journal_lines:
        body += ["", _journal(status, journal_lines)]
    title = Text(f" {snapshot.sale} ", style="bold")
    return Panel(Group(*body), title=title, title_align="left", border_style=colour(snapshot), padding=(0, 1))


def colour(snapshot: WatchSnapshot) -> str:
    """The state's colour; red while the store does not answer."""
    status = snapshot.status
    if snapshot.trouble:
        return "red"
    if status is None:
        return "dim"
    return COLOURS[status.pointer.state.state] if status.pointer else NOT_PUSHED_COLOUR


def next_step_line(status: SaleStatus, *, with_time: bool = True) -> Text:
    """The next step and the time until then; empty if there is none."""
    step = status.next_step
    if step is None:
        return Text()
    left = step.at - status.now
    at = (f"  at {_when(status, step.at)}", "dim") if with_time else ("", "")
    if left < timedelta():
        return one_line((f"start overdue {elapsed(-left)}", ALARM), at)
    return one_line((f"{STEPS[step.what]} in ", ""), (countdown(left), "bold"), at)


def ago(seconds: float) -> str:
    """An age: `9 s ago`."""
    return f"{span(timedelta(seconds=seconds))} ago"


def one_line(*parts: tuple[str, str]) -> Text:
    """Texts with their styles in one line, whose end is cut if it does not fit."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _rows(snapshot: WatchSnapshot) -> Iterator[tuple[str, RenderableType]]:
    status = snapshot.status
    if snapshot.trouble:
        last = f"last answer {ago(snapshot.silent_seconds)}; below is how it was then ({snapshot.trouble})"
        yield "store", Text(last if status else snapshot.trouble, style=ALARM)
    if snapshot.mistake:
        yield "yaml", Text(f"{snapshot.mistake}; below is by the one before", style=WARNING)
    if status is None:
        if not snapshot.trouble:
            yield "", Text("looking …", style="dim")
    elif status.pointer is None:
        yield "state", Text(NOT_PUSHED, style=f"bold {NOT_PUSHED_COLOUR}")
        yield "next", Text(required_action(status), style="dim")
    else:
        yield from _pushed_rows(snapshot, status, status.pointer)


def _pushed_rows(snapshot: WatchSnapshot, status: SaleStatus, pointer: Pointer) -> Iterator[tuple[str, RenderableType]]:
    state, over = pointer.state.state, f"  {OVER}" if status.is_overdue else ""
    word = (f" {state.upper()} ", f"bold reverse {COLOURS[state]}")
    yield "state", one_line(word, (over, f"bold {OVER_COLOUR}"), (f"  revision {pointer.revision}", "bold"))
    if decision := status.decision:
        ago = elapsed(status.now - decision.when)
        yield "since", one_line((f"{_when(status, decision.when)}, {ago} ago", ""), (f"  by {decision.who}", "dim"))
    if status.next_step:
        yield "next", next_step_line(status)
    if status.is_overdue:
        ends_at = pointer.state.ends_at
        yield "over", one_line((f"since {_when(status, ends_at)}, {elapsed(status.now - ends_at)} ago", ALARM))
        yield "next", Text(required_action(status))
    yield "edge", _edge(snapshot, status)
    for label, text in state_details(pointer.state):
        if label != "opens":
            yield label, one_line((text, WARNING))
    for text in status.moved_times:
        yield "drift", Text(text, style=WARNING)
    for label, text in unfinished(status, lambda instant: _when(status, instant)):
        yield label, Text(text, style=WARNING)


def _edge(snapshot: WatchSnapshot, status: SaleStatus) -> Text:
    text = edge_text(status.edge, with_url=False)
    if status.edge.problem:
        last = snapshot.edge_silent_seconds and f"; the last was {ago(snapshot.edge_silent_seconds)}"
        return Text(f"{text}{last or ''}", style=WARNING)
    if not status.is_behind:
        return one_line((text or "looking …", "" if text else "dim"))
    if snapshot.is_settling:
        return one_line((f"{text}; it follows within seconds", WARNING))
    has = status.pointer.revision if status.pointer else None
    other = f"another revision {has}" if has == status.edge.revision else f"revision {has}"
    return Text(f"{text}; drift: the store has {other}", style=ALARM)


def _journal(status: SaleStatus, lines: int) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(style="dim", no_wrap=True, min_width=8)
    for _ in range(3):
        grid.add_column(style="dim", no_wrap=True)
    grid.add_column(style="dim", no_wrap=True, overflow="ellipsis", ratio=1)
    for record in status.details.history[:lines]:
        state = Text(f"→ {record.state.state}", style=f"not dim {COLOURS[record.state.state]}")
        # Text objects, because brackets in a plain string would be markup.
        revision, when = Text(str(record.revision)), Text(_when(status, record.when))
        grid.add_row(revision, when, Text(record.verb), state, Text(record.who))
    return grid


def _when(status: SaleStatus, instant: datetime) -> str:
    """In the sale's zone, with the day unless it is today."""
    return local_soon(instant, status.header, status.now)
