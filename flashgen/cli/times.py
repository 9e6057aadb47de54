"""Times and durations as operators type and read them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import click

from flashgen.document.wording import InvalidValue
from flashgen.sale.instant import instant, seconds
from flashgen.sale.model import Header

LEAD_SECONDS_MAX = 600
"""A longer lead reveals the order URL early for no gain: edges follow within seconds."""
AGE_SECONDS_MAX = 10 * 366 * 86_400


_CLOCK = re.compile(r"(?:(today|tomorrow) +)?([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)")


def moment(text: str | None, header: Header, now: datetime) -> datetime | None:
    """`start`, `end`, `19:30`, `tomorrow 9:00`, or a time as in a sale's YAML. None for None. Raises a usage error.

    It is read in the sale's zone; `now` (aware) says what day is today there.
    """
    if text is None:
        return None
    if text in ("start", "end"):
        return header.starts_at if text == "start" else header.ends_at
    try:
        return instant(_with_day(text, now.astimezone(header.zone).date()), header.timezone)
    except InvalidValue as invalid:
        example = f"{header.starts_at.astimezone(header.zone):%Y-%m-%d %H:%M}"
        raise click.UsageError(
            f'--at {invalid.message}; write "{example}" or 19:30 (in the sale\'s zone), '
            '"tomorrow 9:00", `start` or `end`'
        ) from invalid


def _with_day(text: str, today: date) -> str:
    """A time of day with its date; any other text as it is."""
    match = _CLOCK.fullmatch(text.strip().lower())
    if not match:
        return text
    day, clock = match.groups()
    return f"{today + timedelta(days=day == 'tomorrow')} {clock.zfill(5) if clock.count(':') == 1 else clock.zfill(8)}"


def duration(text: str) -> timedelta:
    """`10s`, up to ten minutes. Raises a usage error."""
    try:
        return timedelta(seconds=seconds(text, 0, LEAD_SECONDS_MAX))
    except InvalidValue as invalid:
        raise click.UsageError(f"--lead {invalid.message}; write it as 10s or 1m30s") from invalid


def age(text: str) -> timedelta:
    """`7d`, `36h`, `1d12h`: a span of days, up to ten years. Raises a usage error."""
    days, rest = re.fullmatch(r"(?:([0-9]{1,4})d)?(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        return timedelta(days=int(days or 0), seconds=seconds(rest, 0, AGE_SECONDS_MAX) if rest or not days else 0)
    except InvalidValue as invalid:
        raise click.UsageError(f"--older-than must be a span such as 7d, 36h or 1d12h, found `{text}`") from invalid


def span(length: timedelta) -> str:
    """A duration in its two largest units: `2 d 3 h`, `4 min 10 s`; at least 1 s."""
    total = max(1, int(length.total_seconds()))
    units = (("d", total // 86400), ("h", total // 3600 % 24), ("min", total // 60 % 60), ("s", total % 60))
    return " ".join([f"{count} {name}" for name, count in units if count][:2])


def clock_text(seconds: int) -> str:
    """Seconds as on a clock: `0:09`, `14:03`, `2:00:00`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def local(instant: datetime, header: Header) -> str:
    """In the sale's zone, with its name: `2026-11-27 09:00:00 CET`."""
    return f"{instant.astimezone(header.zone):%Y-%m-%d %H:%M:%S %Z}"


def local_clock(instant: datetime, header: Header) -> str:
    """The same without the day: `09:00:00 CET`."""
    return f"{instant.astimezone(header.zone):%H:%M:%S %Z}"


def local_soon(instant: datetime, header: Header, now: datetime) -> str:
    """`local_clock` for a time today, else `local`."""
    is_today = instant.astimezone(header.zone).date() == now.astimezone(header.zone).date()
    return local_clock(instant, header) if is_today else local(instant, header)
