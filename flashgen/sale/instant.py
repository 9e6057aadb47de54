"""Reads times as people write them in a sale: instants and durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from flashgen.document.wording import InvalidValue, quoted, suggestion
from flashgen.sale.text import given

YEARS = range(2000, 2200)
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ] *([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) *([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_DURATION = re.compile(r"(?:([0-9]{1,5})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s)?")
_NO_PLACE = frozenset({"localtime", "posixrules", "Factory"})
"""Names that stand in zone folders and mean whatever this machine is set to, or nothing."""
_EXAMPLE = 'write it as "2026-11-27T09:00:00+01:00"'


def zone_name(value: object) -> str:
    """A time zone of the IANA database."""
    name = given(value)
    if name not in _NO_PLACE and (name in _zones_of_tzdata() or name in _zones()):
        return name
    raise InvalidValue(f"must be a zone of the IANA database, found {quoted(name)}", _zone_hint(name))


def instant(value: object, zone: str | None) -> datetime:
    """An instant in UTC. A time without an offset is local time in `zone`, and must exist there exactly once."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    text = given(value)
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise InvalidValue(f"must be a date and a time, found {quoted(text)}", _EXAMPLE)
    day, clock, offset = match.groups()
    try:
        stamp = datetime.fromisoformat(f"{day}T{clock}{offset.upper() if offset else ''}")
    except ValueError:
        raise InvalidValue(f"is not on the calendar or the clock: {quoted(text)}", _EXAMPLE) from None
    if stamp.year not in YEARS:
        raise InvalidValue(f"must be in a year from {YEARS.start} to {YEARS.stop - 1}, found {stamp.year}", _EXAMPLE)
    if offset:
        return stamp.astimezone(UTC)
    if zone is None:
        hint = f'add an offset, such as "{stamp.isoformat()}+01:00", or set `timezone`'
        raise InvalidValue(f"must say its offset from UTC, found {quoted(text)}", hint)
    return _local(stamp, ZoneInfo(zone))


def seconds(value: object, least: int, most: int) -> int:
    """A duration such as `90s`, `3m` or `1h30m`, in seconds."""
    text = f"{value}s" if isinstance(value, int) else given(value)
    match = _DURATION.fullmatch(text)
    if not match or not text:
        raise InvalidValue(f"must be a duration, found {quoted(text)}", 'write it as "90s", "3m" or "1h30m"')
    hours, minutes, rest = (int(group or 0) for group in match.groups())
    total = hours * 3600 + minutes * 60 + rest
    if not least <= total <= most:
        raise InvalidValue(f"must be between {in_words(least)} and {in_words(most)}, found {quoted(text)}")
    return total


def in_words(count: int) -> str:
    """Seconds as a sale spells a duration: `90s`, `3m`, `1h30m`."""
    minutes, rest = divmod(count, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{amount}{unit}" for amount, unit in parts if amount) or "0s"


def _local(stamp: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time. The two folds of PEP 495 differ where local time is skipped or repeated."""
    first, second = stamp.replace(tzinfo=zone), stamp.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset() or timedelta(), second.utcoffset() or timedelta()
    if before == after:
        return first.astimezone(UTC)
    clock = f"{stamp:%Y-%m-%d %H:%M}"
    if after > before:
        change = _change(stamp - after, stamp - before, zone)
        spelling = "%H:%M" if after - before < timedelta(days=1) else "%Y-%m-%d %H:%M"
        jump = f"clocks go from {change + before:{spelling}} to {change + after:{spelling}}"
        hint = f'write a time before or after it, such as "{change + after:%Y-%m-%d %H:%M}"'
        raise InvalidValue(f"does not exist in {zone.key}: at {clock} {jump}", hint)
    spellings = f'"{first.isoformat()}" or "{second.isoformat()}"'
    raise InvalidValue(f"happens twice in {zone.key}: {clock}, as clocks go back", f"say which: write {spellings}")


def _change(earliest: datetime, latest: datetime, zone: ZoneInfo) -> datetime:
    """The instant (naive UTC) in (earliest, latest] at which the zone's offset has become that of `latest`."""
    final = latest.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    while latest - earliest > timedelta(seconds=1):
        middle = earliest + (latest - earliest) // 2
        if middle.replace(tzinfo=UTC).astimezone(zone).utcoffset() == final:
            latest = middle
        else:
            earliest = middle
    return latest.replace(microsecond=0)


def _zone_hint(name: str) -> str:
    zones = {known.lower(): known for known in _zones()}
    hint = suggestion(name.replace(" ", "_"), zones)
    if not hint.startswith("did"):
        by_city = [known for known in zones.values() if known.rpartition("/")[2].lower() == name.lower()]
        return f"did you mean `{min(by_city)}`?" if by_city else "write it as Europe/Berlin, or UTC"
    return f"did you mean `{zones[hint.split('`')[1]]}`?"


@lru_cache
def _zones() -> frozenset[str]:
    """All zones that Python knows, of tzdata and of the system. Slow: Python opens the system's files one by one."""
    return frozenset(available_timezones())


@lru_cache
def _zones_of_tzdata() -> frozenset[str]:
    """Nearly all zones, read from one file."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
