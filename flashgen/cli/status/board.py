"""The board of `status --watch`, as wide and as high as the terminal: a panel for each sale, or a table of many."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flashgen.cli.status.model import SaleStatus
from flashgen.cli.status.panel import ago, colour, next_step_line, one_line, panel
from flashgen.cli.status.sale_watch import POLL_EVERY_SECONDS, SaleWatch, WatchSnapshot
from flashgen.cli.status.text import NOT_PUSHED, OVER, OVER_COLOUR
from flashgen.unlock.pointer import Pointer

DRAWN_EVERY_SECONDS = 0.25

MOST_JOURNAL_LINES = 8
"""For each sale."""

NAME_COLUMNS = 16
"""A sale's name gets at least so many."""

WHO_COLUMNS = 10
"""With less room than this, the operator is left out."""

_HEAD_AND_FOOT_LINES = 2
_HEADINGS = ("state", "rev", "next", "edge")


def show_board(watches: Sequence[SaleWatch], target: str) -> None:
    """Draw until interrupted. The last board stays on the terminal."""
    console = Console(highlight=False)
    try:
        # On the alternate screen, because a board drawn in place leaves pieces behind when the terminal is resized.
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(board([watch.snapshot() for watch in watches], target, console), refresh=True)
                time.sleep(DRAWN_EVERY_SECONDS)
    finally:
        console.print(board([watch.snapshot() for watch in watches], target, console))


def board(snapshots: Sequence[WatchSnapshot], target: str, console: Console) -> RenderableType:
    """A panel for each sale, with as much of its journal as fits; a table if the panels do not fit."""
    head, foot = _head(snapshots, target), one_line((f" every {POLL_EVERY_SECONDS:g} s; Ctrl-C ends it", "dim"))
    spare = console.height - _HEAD_AND_FOOT_LINES - _lines(snapshots, console)
    if spare < 0:
        return Group(head, _table(snapshots, console.width, console.height - _HEAD_AND_FOOT_LINES), foot)
    lines = min(MOST_JOURNAL_LINES, max(0, spare // len(snapshots) - 1))  # one is left empty above them
    return Group(head, *(panel(snapshot, lines) for snapshot in snapshots), foot)


def _lines(snapshots: Sequence[WatchSnapshot], console: Console) -> int:
    """Lines that the panels need without a journal. Counting stops when there are too many for the console."""
    lines = 0
    for snapshot in snapshots:
        lines += len(console.render_lines(panel(snapshot, 0)))
        if lines > console.height:
            break
    return lines


def _head(snapshots: Sequence[WatchSnapshot], target: str) -> RenderableType:
    statuses = [snapshot.status for snapshot in snapshots if snapshot.status]
    store = statuses[0].store if statuses else ""
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(one_line((f" {target}", "bold"), (f"  {store}", "dim")), Text(_clock(statuses), style="bold"))
    return line


def _clock(statuses: Sequence[SaleStatus]) -> str:
    """The edge's clock; in the sales' zone, if they all have the same."""
    if not statuses:
        return ""
    zones = {status.header.timezone: status.header.zone for status in statuses}
    zone = zones.popitem()[1] if len(zones) == 1 else UTC
    return f"{statuses[0].now.astimezone(zone):%H:%M:%S %Z} "


_GAP = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """`is_behind` and `is_unseen` are about the edge."""

    sale: Text
    state: Text
    revision: Text = field(default_factory=Text)
    next_step: Text = field(default_factory=Text)
    edge: Text = field(default_factory=Text)
    who: Text = field(default_factory=Text)
    is_behind: bool = False
    is_unseen: bool = False

    @property
    def cells(self) -> tuple[Text, ...]:
        """In the order of the headings."""
        return self.state, self.revision, self.next_step, self.edge


def _table(snapshots: Sequence[WatchSnapshot], width: int, height: int) -> RenderableType:
    """As many sales as fit into `width` columns and `height` lines; the others are counted."""
    rows = [_row(snapshot) for snapshot in snapshots]
    spare = width - NAME_COLUMNS - _GAP - _taken(rows)
    lines = height - 1  # one to count those that do not fit
    most = max(1, lines - 1 if spare >= 0 else lines // 2)
    fitting, more = rows[:most], len(rows) - most
    drawn = _in_columns(fitting, with_who=spare >= WHO_COLUMNS + _GAP) if spare >= 0 else _in_two_lines(fitting)
    return Group(drawn, one_line((f" and {more} more: name those to watch", "yellow"))) if more > 0 else drawn


def _taken(rows: Sequence[_Row]) -> int:
    """Columns that everything but the names of sales and people takes."""
    columns = zip(_HEADINGS, zip(*(row.cells for row in rows), strict=True), strict=True)
    return sum(_GAP + max(len(heading), *(cell.cell_len for cell in cells)) for heading, cells in columns)


def _in_columns(rows: Sequence[_Row], *, with_who: bool) -> RenderableType:
    grid = Table(box=None, padding=(0, 1), expand=True, header_style="dim")
    grid.add_column("sale", ratio=3, no_wrap=True, overflow="ellipsis")
    for heading in _HEADINGS:
        grid.add_column(heading, no_wrap=True)
    if with_who:
        grid.add_column("by", ratio=2, no_wrap=True, overflow="ellipsis", style="dim")
    for row in rows:
        grid.add_row(row.sale, *row.cells, *([row.who] if with_who else []))
    return grid


def _in_two_lines(rows: Sequence[_Row]) -> RenderableType:
    """Problems come before the next step, because the end of a line that does not fit is cut."""
    lines = []
    for row in rows:
        edge = Text("edge ").append_text(row.edge)
        parts = (row.state, edge if row.is_behind else Text(), row.next_step, edge if row.is_unseen else Text())
        below = Text(", ").join(part for part in parts if part)
        lines += [Text(" ").append_text(row.sale), Text("  ").append_text(below)]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines)


def _row(snapshot: WatchSnapshot) -> _Row:
    sale, status = Text(snapshot.sale, style="bold"), snapshot.status
    if status is None:
        return _Row(sale, Text("no answer" if snapshot.trouble else "looking …", style=colour(snapshot)))
    if status.pointer is None:
        return _Row(sale, Text(NOT_PUSHED, style=colour(snapshot)))
    return _Row(
        sale,
        _state(snapshot, status, status.pointer),
        Text(str(status.pointer.revision)),
        next_step_line(status, with_time=False),
        _edge(snapshot, status),
        Text(status.decision.who if status.decision else ""),
        is_behind=status.is_behind,
        is_unseen=bool(status.edge.problem),
    )


def _state(snapshot: WatchSnapshot, status: SaleStatus, pointer: Pointer) -> Text:
    text = Text(pointer.state.state.value, style=f"bold {colour(snapshot)}")
    if snapshot.trouble:
        text.append(f", {ago(snapshot.silent_seconds)}", style="red")
    elif status.is_overdue:
        text.append(f", {OVER}", style=OVER_COLOUR)
    return text.append(", YAML broken", style="yellow") if snapshot.mistake else text


def _edge(snapshot: WatchSnapshot, status: SaleStatus) -> Text:
    if status.edge.problem:
        return Text("unseen", style="yellow")
    if status.is_behind:
        return Text(f"drift: {status.edge.revision}", style="yellow" if snapshot.is_settling else "bold red")
    return Text("" if status.edge.revision is None else str(status.edge.revision))
