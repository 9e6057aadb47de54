"""Warns of dates that are valid and yet rarely meant: last year's sale, a year mistyped, an end at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from flashgen.errors import Problem
from flashgen.sale.load import Loaded
from flashgen.sale.model import Sale

FAR_AHEAD = timedelta(days=366)
"""A start later than this is more often a mistyped year than a plan."""

LONG, SHORT = timedelta(days=14), timedelta(minutes=1)
"""A flash sale lasts hours, sometimes days; outside of these a date or a unit is probably wrong."""


def date_warnings(loaded: Loaded, now: datetime) -> Iterator[Problem]:
    """Problems with the lines of `starts_at` and `ends_at`, by the clock `now` (aware)."""
    sale = loaded.sale
    if sale.ends_at <= now:
        message = f"the sale ended on {_day(sale, sale.ends_at)}, {_ago(now - sale.ends_at)}"
        yield loaded.problem(("sale", "ends_at"), message, "for a new sale move `starts_at` and `ends_at`")
    if sale.starts_at - now > FAR_AHEAD:
        message = f"the sale starts on {_day(sale, sale.starts_at)}, in {(sale.starts_at - now).days:,} days"
        yield loaded.problem(("sale", "starts_at"), message, "is the year right?")
    length = sale.ends_at - sale.starts_at
    if length > LONG:
        message = f"the sale lasts {length.days:,} days, until {_day(sale, sale.ends_at)}"
        yield loaded.problem(("sale", "ends_at"), message, "is the date right? a flash sale lasts hours or days")
    if length < SHORT:
        message = f"the sale lasts {length.total_seconds():.0f} s"
        yield loaded.problem(("sale", "ends_at"), message, "is the time right?")


def _day(sale: Sale, instant: datetime) -> str:
    return f"{instant.astimezone(sale.zone):%Y-%m-%d %H:%M}"


def _ago(length: timedelta) -> str:
    return f"{length.days:,} days ago" if length.days > 1 else "yesterday" if length.days else "today"
