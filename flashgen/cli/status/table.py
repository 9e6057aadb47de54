"""Many sales on the board: a line each, or two where a line would leave their names no room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from flashgen.cli.status.model import SaleStatus
from flashgen.cli.status.panel import ago, colour, following, one_line
from flashgen.cli.status.sale_watch import WatchSnapshot
from flashgen.cli.status.text import NOT_PUSHED, OVER, OVER_COLOUR
from flashgen.unlock.pointer import Pointer

NAME_COLUMNS = 16
"""What a sale's name gets at least."""

WHO_COLUMNS = 10
"""With less room than this, who decided is left out."""

_HEADINGS = ("state", "rev", "next", "edge")
_GAP = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """`is_behind` and `is_unseen` are said of the edge."""

    sale: Text
    state: Text
    revision: Text = field(default_factory=Text)
    following: Text = field(default_factory=Text)
    edge: Text = field(default_factory=Text)
    who: Text = field(default_factory=Text)
    is_behind: bool = False
    is_unseen: bool = False

    @property
    def cells(self) -> tuple[Text, ...]:
        """Under the headings."""
        return self.state, self.revision, self.following, self.edge


def table(glimpses: Sequence[WatchSnapshot], width: int, height: int) -> RenderableType:
    """As many as fit into so many columns and lines; the others are counted."""
    rows = [_row(glimpse) for glimpse in glimpses]
    spare = width - NAME_COLUMNS - _GAP - _taken(rows)
    lines = height - 1  # one to count those that do not fit
    most = max(1, lines - 1 if spare >= 0 else lines // 2)
    shown, more = rows[:most], len(rows) - most
    drawn = _in_columns(shown, with_who=spare >= WHO_COLUMNS + _GAP) if spare >= 0 else _in_two_lines(shown)
    return Group(drawn, one_line((f" and {more} more: name those to watch", "yellow"))) if more > 0 else drawn


def _taken(rows: Sequence[_Row]) -> int:
    """By everything but the names of sales and people."""
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
    """What is wrong comes before what follows: the end of a line that does not fit is cut off."""
    lines = []
    for row in rows:
        edge = Text("edge ").append_text(row.edge)
        parts = (row.state, edge if row.is_behind else Text(), row.following, edge if row.is_unseen else Text())
        below = Text(", ").join(part for part in parts if part)
        lines += [Text(" ").append_text(row.sale), Text("  ").append_text(below)]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines)


def _row(glimpse: WatchSnapshot) -> _Row:
    sale, standing = Text(glimpse.sale, style="bold"), glimpse.standing
    if standing is None:
        return _Row(sale, Text("no answer" if glimpse.trouble else "looking …", style=colour(glimpse)))
    if standing.pointer is None:
        return _Row(sale, Text(NOT_PUSHED, style=colour(glimpse)))
    return _Row(
        sale,
        _state(glimpse, standing, standing.pointer),
        Text(str(standing.pointer.revision)),
        following(standing, with_time=False),
        _edge(glimpse, standing),
        Text(standing.decision.who if standing.decision else ""),
        is_behind=standing.is_behind,
        is_unseen=bool(standing.shown.problem),
    )


def _state(glimpse: WatchSnapshot, standing: SaleStatus, pointer: Pointer) -> Text:
    text = Text(pointer.state.state.value, style=f"bold {colour(glimpse)}")
    if glimpse.trouble:
        text.append(f", {ago(glimpse.silent_seconds)}", style="red")
    elif standing.is_overdue:
        text.append(f", {OVER}", style=OVER_COLOUR)
    return text.append(", YAML broken", style="yellow") if glimpse.mistake else text


def _edge(glimpse: WatchSnapshot, standing: SaleStatus) -> Text:
    if standing.shown.problem:
        return Text("unseen", style="yellow")
    if standing.is_behind:
        return Text(f"drift: {standing.shown.revision}", style="yellow" if glimpse.is_settling else "bold red")
    return Text("" if standing.shown.revision is None else str(standing.shown.revision))
