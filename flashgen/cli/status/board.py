"""A board of sales that lives in the terminal, as wide and as high as that is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flashgen.cli.status.model import SaleStatus
from flashgen.cli.status.panel import one_line, panel
from flashgen.cli.status.sale_watch import LOOK_EVERY_SECONDS, SaleWatch, WatchSnapshot
from flashgen.cli.status.table import table

DRAWN_EVERY_SECONDS = 0.25

MOST_JOURNAL_LINES = 8
"""Of each sale."""

_HEAD_AND_FOOT_LINES = 2


def show_board(watches: Sequence[SaleWatch], target: str) -> None:
    """Draw until interrupted; what was seen last stays on the terminal."""
    console = Console(highlight=False)
    try:
        # On the alternate screen: drawn in place, a board that is resized leaves pieces of itself behind.
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(board([watch.glimpse() for watch in watches], target, console), refresh=True)
                time.sleep(DRAWN_EVERY_SECONDS)
    finally:
        console.print(board([watch.glimpse() for watch in watches], target, console))


def board(glimpses: Sequence[WatchSnapshot], target: str, console: Console) -> RenderableType:
    """A panel a sale with as much of the journal as fits on the console; if none does, a table."""
    head, foot = _head(glimpses, target), _foot()
    spare = console.height - _HEAD_AND_FOOT_LINES - _lines(glimpses, console)
    if spare < 0:
        return Group(head, table(glimpses, console.width, console.height - _HEAD_AND_FOOT_LINES), foot)
    lines = min(MOST_JOURNAL_LINES, max(0, spare // len(glimpses) - 1))  # one is left empty above them
    return Group(head, *(panel(glimpse, lines) for glimpse in glimpses), foot)


def _lines(glimpses: Sequence[WatchSnapshot], console: Console) -> int:
    """What their panels take at least; as soon as it is too much, so much as to say that."""
    lines = 0
    for glimpse in glimpses:
        lines += len(console.render_lines(panel(glimpse, 0)))
        if lines > console.height:
            break
    return lines


def _head(glimpses: Sequence[WatchSnapshot], target: str) -> RenderableType:
    standings = [glimpse.standing for glimpse in glimpses if glimpse.standing]
    store = standings[0].store if standings else ""
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(one_line((f" {target}", "bold"), (f"  {store}", "dim")), Text(_clock(standings), style="bold"))
    return line


def _clock(standings: Sequence[SaleStatus]) -> str:
    """That of the edge; in the sales' zone, if they have one in common."""
    if not standings:
        return ""
    zones = {standing.header.timezone: standing.header.zone for standing in standings}
    zone = zones.popitem()[1] if len(zones) == 1 else UTC
    return f"{standings[0].now.astimezone(zone):%H:%M:%S %Z} "


def _foot() -> RenderableType:
    return one_line((f" every {LOOK_EVERY_SECONDS:g} s; Ctrl-C ends it", "dim"))
