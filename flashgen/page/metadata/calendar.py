"""Writes a sale as a calendar file (iCalendar, RFC 5545), for people who want to be reminded.

Nothing in it is the time of the build: the same sale gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flashgen.sale.model import Sale

REMINDER = timedelta(minutes=10)
"""How long before the start a calendar reminds."""

LINE_BYTES_MAX = 75
"""Longer lines are folded (RFC 5545, 3.1)."""

CONTENT_TYPE = "text/calendar; charset=utf-8"


def calendar_name(sale: Sale) -> str:
    """The file's path inside the folder of the sale's pages. A browser saves it under the last part."""
    return f"calendar/{sale.id}.ics"


def calendar(sale: Sale, site_url: str = "") -> bytes:
    """The sale as an event, in the sale's language, with a reminder before its start.

    `site_url` is the public address of the folder with all sales; without it the event does not lead to the page.
    """
    return b"".join(line for text in _lines(sale, site_url) for line in _folded(text.encode()))


def _lines(sale: Sale, site_url: str) -> Iterator[str]:
    title = _escaped(sale.title)
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//flashgen//flashgen//EN", "BEGIN:VEVENT")
    yield f"UID:{_uid(sale)}"
    # A calendar replaces an event by one of the same UID that is as new or newer: by a larger SEQUENCE, then by a later
    # DTSTAMP (RFC 5546, 2.1.5). Both follow from the sale's times, so a postponement and an extension are newer.
    yield f"SEQUENCE:{_minutes(sale.starts_at) + _minutes(sale.ends_at)}"
    yield f"DTSTAMP:{_utc(sale.starts_at)}"
    yield f"DTSTART:{_utc(sale.starts_at)}"
    yield f"DTEND:{_utc(sale.ends_at)}"
    yield f"SUMMARY;LANGUAGE={sale.locale}:{title}"
    if site_url:
        yield f"URL:{site_url}/{sale.id}/{sale.language_folder}"
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{title}")
    yield f"TRIGGER:-PT{REMINDER // timedelta(minutes=1)}M"
    yield from ("END:VALARM", "END:VEVENT", "END:VCALENDAR")


def _uid(sale: Sale) -> str:
    """The same in every language and after every postponement; another for another shop's sale of the same name."""
    host = sale.order_origins[0].partition("://")[2].partition(":")[0] if sale.order_origins else "flashgen"
    return f"{sale.id}@{host}"


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _minutes(instant: datetime) -> int:
    return int(instant.timestamp()) // 60


def _escaped(text: str) -> str:
    """As a value of the type TEXT (RFC 5545, 3.3.11)."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: bytes) -> Iterator[bytes]:
    """In pieces that begin with a space and do not cut a character in two."""
    start = 0
    while start < len(line):
        end = start + LINE_BYTES_MAX - bool(start)
        while end < len(line) and line[end] & 0xC0 == 0x80:
            end -= 1
        yield (b" " if start else b"") + line[start:end] + b"\r\n"
        start = end
