"""Times and durations as operators type them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from flashgen.document.wording import InvalidValue
from flashgen.sale.instant import instant, seconds
from flashgen.sale.model import Header

LEAD_SECONDS_MAX = 600
"""A pointer shipped earlier than this gives the order URL away for no gain: an edge follows within seconds."""
AGE_SECONDS_MAX = 10 * 366 * 86_400


def moment(text: str | None, header: Header) -> datetime | None:
    """`start`, `end`, or a time as in a sale's YAML, read in the sale's zone. None for None. Raises a usage error."""
    if text is None:
        return None
    if text in ("start", "end"):
        return header.starts_at if text == "start" else header.ends_at
    try:
        return instant(text, header.timezone)
    except InvalidValue as unfit:
        example = f"{header.starts_at.astimezone(header.zone):%Y-%m-%d %H:%M}"
        raise click.UsageError(
            f'--at {unfit.message}; write "{example}" (in the sale\'s zone), `start` or `end`'
        ) from unfit


def duration(text: str) -> timedelta:
    """`10s`, up to ten minutes. Raises a usage error."""
    try:
        return timedelta(seconds=seconds(text, 0, LEAD_SECONDS_MAX))
    except InvalidValue as unfit:
        raise click.UsageError(f"--lead {unfit.message}; write it as 10s or 1m30s") from unfit


def age(text: str) -> timedelta:
    """`7d`, `36h`, `1d12h`: a span of days, up to ten years. Raises a usage error."""
    days, rest = re.fullmatch(r"(?:([0-9]{1,4})d)?(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        return timedelta(days=int(days or 0), seconds=seconds(rest, 0, AGE_SECONDS_MAX) if rest or not days else 0)
    except InvalidValue as unfit:
        raise click.UsageError(f"--older-than must be a span such as 7d, 36h or 1d12h, found `{text}`") from unfit


def span(length: timedelta) -> str:
    """In the two largest units: `2 d 3 h`, `4 min 10 s`; 1 s at least."""
    total = max(1, int(length.total_seconds()))
    units = (("d", total // 86400), ("h", total // 3600 % 24), ("min", total // 60 % 60), ("s", total % 60))
    return " ".join([f"{count} {name}" for name, count in units if count][:2])


def local(instant: datetime, header: Header) -> str:
    """In the sale's zone, with its name: `2026-11-27 09:00:00 CET`."""
    return f"{instant.astimezone(header.zone):%Y-%m-%d %H:%M:%S %Z}"


def local_clock(instant: datetime, header: Header) -> str:
    """The same without the day: `09:00:00 CET`."""
    return f"{instant.astimezone(header.zone):%H:%M:%S %Z}"


def local_soon(instant: datetime, header: Header, now: datetime) -> str:
    """The one or the other: with the day unless it is today's."""
    is_today = instant.astimezone(header.zone).date() == now.astimezone(header.zone).date()
    return local_clock(instant, header) if is_today else local(instant, header)
