"""The calendar file of a sale, opened by a library for calendars."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from icalendar import Calendar
from support.projects import write_sale

from flashgen.page.build import build_sale
from flashgen.page.metadata.calendar import LINE_BYTES_MAX

START, END = datetime.fromisoformat("2026-11-27T09:00:00+01:00"), datetime.fromisoformat("2026-11-27T21:00:00+01:00")
LONG = "Nacht; die lange, „längste“ \\ " + "ü" * 150


def calendar(root: Path, language: str = "", site_url: str = "", **fields: str) -> bytes:
    """The file that a build of such a sale makes."""
    times = {"starts_at": f'"{START.isoformat()}"', "ends_at": f'"{END.isoformat()}"'}
    path = write_sale(root, **{**times, **fields})
    build_sale(path, root, root / "build", 1, site_url=site_url)
    return (root / "build/night" / language / "calendar/night.ics").read_bytes()


def event(body: bytes) -> Any:
    """The one event of a calendar. Its values have a type for each name, which the library declares as a union."""
    (found,) = Calendar.from_ical(body).walk("VEVENT")
    return found


def test_a_calendar_opens_it(tmp_path: Path) -> None:
    """Title, times as instants, and a reminder ten minutes before."""
    found = event(calendar(tmp_path, title="Night"))
    (alarm,) = found.walk("VALARM")
    assert ("Night", START, END) == (str(found["SUMMARY"]), found.start, found.end)
    assert timedelta(minutes=-10) == alarm["TRIGGER"].dt


def test_long_titles_and_signs_come_back(tmp_path: Path) -> None:
    """Separators are escaped; lines are folded between characters, each within the limit."""
    body = calendar(tmp_path, title=f"'{LONG}'")
    assert LONG == event(body)["SUMMARY"]
    assert all(len(line) <= LINE_BYTES_MAX for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert all(line.decode() is not None for line in body.split(b"\r\n"))


def test_a_postponement_is_a_newer_version_of_the_same_event(tmp_path: Path) -> None:
    """One UID, a larger SEQUENCE and a later DTSTAMP; the same sale gives the same bytes."""
    first = calendar(tmp_path)
    assert first == calendar(tmp_path)
    postponed = calendar(tmp_path, starts_at='"2026-11-27T10:30:00+01:00"')
    before, after = event(first), event(postponed)
    assert before["UID"] == after["UID"]
    assert before["SEQUENCE"] < after["SEQUENCE"]
    assert before["DTSTAMP"].dt < after["DTSTAMP"].dt
    assert START + timedelta(hours=1, minutes=30) == after.start


def test_each_language_has_its_own(tmp_path: Path) -> None:
    """The same event, named in the language of its page."""
    title = "{de: Nacht, en: Night}"
    german = event(calendar(tmp_path, "de", title=title, locales="[de, en]"))
    english = event((tmp_path / "build/night/en/calendar/night.ics").read_bytes())
    assert ("Nacht", "Night") == (german["SUMMARY"], english["SUMMARY"])
    assert german["UID"] == english["UID"]


def test_it_leads_to_the_page_in_its_language(tmp_path: Path) -> None:
    """Where the public address is known; a calendar cannot follow a relative one."""
    fields = {"title": "{de: Nacht, en: Night}", "locales": "[de, en]"}
    german = event(calendar(tmp_path, "de", "https://sale.example.com/x", **fields))
    english = event((tmp_path / "build/night/en/calendar/night.ics").read_bytes())
    expected = ["https://sale.example.com/x/night/de/", "https://sale.example.com/x/night/en/"]
    assert expected == [german["URL"], english["URL"]]
    assert "URL" not in event(calendar(tmp_path, "de", **fields))


def test_pages_lead_to_it(tmp_path: Path) -> None:
    """From the sale and from each product, by a relative link."""
    calendar(tmp_path)
    folder = tmp_path / "build/night"
    pages = [path for path in folder.glob("*/index.html") if path.parent.name not in ("ended", "waiting")]
    assert 'href="calendar/night.ics"' in (folder / "index.html").read_text()
    assert pages
    assert all('href="../calendar/night.ics"' in path.read_text() for path in pages)
