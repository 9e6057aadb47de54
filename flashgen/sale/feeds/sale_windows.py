"""Compares the time in which a feed says that its sale prices count with the time of the sale.

https://support.google.com/merchants/answer/6324460 describes `sale_price_effective_date`: two times in ISO 8601 with a
slash between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flashgen.document.wording import counted, quoted
from flashgen.errors import Problem
from flashgen.sale.feeds.columns import Columns
from flashgen.sale.feeds.table import Table

ROLE = "sale_window"
"""The role of its column."""


@dataclass(frozen=True, slots=True)
class Period:
    """The time of a sale: aware, and its zone is the one in which people read it."""

    starts_at: datetime
    ends_at: datetime


def outside_window(
    table: Table, columns: Columns, cells: Mapping[str, Sequence[str]], rows: Sequence[int], period: Period | None
) -> tuple[Problem, ...]:
    """A warning if sale prices, which become prices, do not count during the whole sale, or if that is not readable.

    A sale price without a window counts always. Without a `period` there is nothing to compare with.
    """
    if period is None or not {ROLE, "sale_price"} <= cells.keys():
        return ()
    windows, prices = cells[ROLE], cells["sale_price"]
    outside = [row for row in rows if prices[row] and windows[row] and not _holds(windows[row], period)]
    if not outside:
        return ()
    first, column = outside[0], columns.by_role[ROLE][0]
    window = _window(windows[first], period)
    found = f"{_shown(window, period)}" if window else f"at a time that cannot be read, {quoted(windows[first])}"
    own = _shown((period.starts_at, period.ends_at), period)
    message = f"the sale price counts {found}, and the sale is {own}: it is used all the same"
    if others := len(outside) - 1:
        message += f", as are those of {counted(others, 'more row')}: {table.row_numbers(outside[1:])}"
    hint = "move the sale or correct the dates; `columns: {price: price}` beside `from:` takes the price without a sale"
    return (table.problem(first, column, message, hint),)


def _holds(window: str, period: Period) -> bool:
    found = _window(window, period)
    return found is not None and found[0] <= period.starts_at and period.ends_at <= found[1]


def _window(text: str, period: Period) -> tuple[datetime, datetime] | None:
    """Start and end, in the zone of the sale if they name none; None if they cannot be read."""
    start, slash, end = text.strip().partition("/")
    try:
        return (_instant(start, period), _instant(end, period)) if slash else None
    except ValueError:
        return None


def _instant(text: str, period: Period) -> datetime:
    read = datetime.fromisoformat(text.strip())
    return read if read.tzinfo else read.replace(tzinfo=period.starts_at.tzinfo)


def _shown(window: tuple[datetime, datetime], period: Period) -> str:
    start, end = (each.astimezone(period.starts_at.tzinfo) for each in window)
    return f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
