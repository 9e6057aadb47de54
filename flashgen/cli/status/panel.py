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
    notable,
    shown_text,
    unfinished,
    way_on,
)
from flashgen.cli.times import local, local_clock, span
from flashgen.unlock.journal import Record

WARNING, ALARM = "yellow", "bold red"


def panel(glimpse: WatchSnapshot, journal_lines: int) -> Panel:
    """Everything that is known of a sale, and so many lines of its journal."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=8)
    grid.add_column(ratio=1, overflow="fold")
    for label, value in _rows(glimpse):
        grid.add_row(Text(label, style="dim"), value)
    body: list[RenderableType] = [grid]
    standing = glimpse.standing
    if standing and standing.background.history and journal_lines:
        body += ["", _journal(standing, journal_lines)]
    title = Text(f" {glimpse.sale} ", style="bold")
    return Panel(Group(*body), title=title, title_align="left", border_style=colour(glimpse), padding=(0, 1))


def colour(glimpse: WatchSnapshot) -> str:
    """That of the state; a sale whose store is silent has that of an alarm."""
    standing = glimpse.standing
    if glimpse.trouble:
        return "red"
    if standing is None:
        return "dim"
    return COLOURS[standing.pointer.state.state] if standing.pointer else NOT_PUSHED_COLOUR


def following(standing: SaleStatus, *, with_time: bool = True) -> Text:
    """The next step and how long it is until then; empty where none follows."""
    step = standing.next_step
    if step is None:
        return Text()
    left = step.at - standing.now
    at = (f"  at {_when(standing, step.at)}", "dim") if with_time else ("", "")
    if left < timedelta():
        return one_line((f"start overdue {elapsed(-left)}", ALARM), at)
    return one_line((f"{STEPS[step.what]} in ", ""), (countdown(left), "bold"), at)


def ago(seconds: float) -> str:
    """How old something is: `9 s ago`."""
    return f"{span(timedelta(seconds=seconds))} ago"


def one_line(*parts: tuple[str, str]) -> Text:
    """Texts and styles in a line, whose end is cut off where it does not fit."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _rows(glimpse: WatchSnapshot) -> Iterator[tuple[str, RenderableType]]:
    standing = glimpse.standing
    if glimpse.trouble:
        yield "store", Text(_silence(glimpse), style=ALARM)
    if glimpse.mistake:
        yield "yaml", Text(f"{glimpse.mistake}; below is by the one before", style=WARNING)
    if standing is None:
        if not glimpse.trouble:
            yield "", Text("looking …", style="dim")
    elif standing.pointer is None:
        yield "state", Text(NOT_PUSHED, style=f"bold {NOT_PUSHED_COLOUR}")
        yield "next", Text(way_on(standing), style="dim")
    else:
        yield from _pushed_rows(glimpse, standing)


def _pushed_rows(glimpse: WatchSnapshot, standing: SaleStatus) -> Iterator[tuple[str, RenderableType]]:
    yield "state", _state(standing)
    if decision := standing.decision:
        ago = elapsed(standing.now - decision.when)
        yield "since", one_line((f"{_when(standing, decision.when)}, {ago} ago", ""), (f"  by {decision.who}", "dim"))
    if standing.next_step:
        yield "next", following(standing)
    if standing.is_overdue and standing.pointer:
        ends_at = standing.pointer.state.ends_at
        yield "over", one_line((f"since {_when(standing, ends_at)}, {elapsed(standing.now - ends_at)} ago", ALARM))
        yield "next", Text(way_on(standing))
    yield "edge", _edge(glimpse, standing)
    for label, text in _skus(standing):
        yield label, one_line((text, WARNING))
    for label, text in _unsettled(standing):
        yield label, Text(text, style=WARNING)


def _skus(standing: SaleStatus) -> Iterator[tuple[str, str]]:
    if standing.pointer:
        yield from (one for one in notable(standing.pointer.state) if one[0] != "opens")


def _unsettled(standing: SaleStatus) -> Iterator[tuple[str, str]]:
    yield from (("drift", text) for text in standing.moved_times)
    yield from unfinished(standing, lambda instant: _when(standing, instant))


def _state(standing: SaleStatus) -> Text:
    if standing.pointer is None:
        return Text()
    state = standing.pointer.state.state
    over = f"  {OVER}" if standing.is_overdue else ""
    return one_line(
        (f" {state.upper()} ", f"bold reverse {COLOURS[state]}"),
        (over, f"bold {OVER_COLOUR}"),
        (f"  revision {standing.pointer.revision}", "bold"),
    )


def _edge(glimpse: WatchSnapshot, standing: SaleStatus) -> Text:
    text = shown_text(standing.shown, with_url=False)
    if standing.shown.problem:
        last = glimpse.edge_silent_seconds and f"; the last was {ago(glimpse.edge_silent_seconds)}"
        return Text(f"{text}{last or ''}", style=WARNING)
    if not standing.is_behind:
        return one_line((text or "looking …", "" if text else "dim"))
    if glimpse.is_settling:
        return one_line((f"{text}; it follows within seconds", WARNING))
    return Text(f"{text}; drift: the store has {_other_revision(standing)}", style=ALARM)


def _other_revision(standing: SaleStatus) -> str:
    has = standing.pointer.revision if standing.pointer else None
    return f"another revision {has}" if has == standing.shown.revision else f"revision {has}"


def _silence(glimpse: WatchSnapshot) -> str:
    if glimpse.standing is None:
        return glimpse.trouble
    return f"last answer {ago(glimpse.silent_seconds)}; below is how it was then ({glimpse.trouble})"


def _journal(standing: SaleStatus, lines: int) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(style="dim", no_wrap=True, min_width=8)
    for _ in range(3):
        grid.add_column(style="dim", no_wrap=True)
    grid.add_column(style="dim", no_wrap=True, overflow="ellipsis", ratio=1)
    for record in standing.background.history[:lines]:
        grid.add_row(*_journal_cells(standing, record))
    return grid


def _journal_cells(standing: SaleStatus, record: Record) -> tuple[Text, ...]:
    """Each a Text: in a plain string brackets would be markup."""
    state = Text(f"→ {record.state.state}", style=f"not dim {COLOURS[record.state.state]}")
    when = Text(_when(standing, record.when))
    return Text(str(record.revision)), when, Text(record.verb), state, Text(record.who)


def _when(standing: SaleStatus, instant: datetime) -> str:
    """In the sale's zone, with the day where that is not today."""
    zone = standing.header.zone
    is_today = instant.astimezone(zone).date() == standing.now.astimezone(zone).date()
    return local_clock(instant, standing.header) if is_today else local(instant, standing.header)
