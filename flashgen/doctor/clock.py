"""This machine's clock against those that count: the store's, and the edge's, which pages go by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime

from flashgen.doctor.context import DoctorContext
from flashgen.edge.viewer import PublicResponse, Viewer
from flashgen.errors import FlashgenError
from flashgen.finding import Finding, Level
from flashgen.unlock.offset import DATE_SECONDS, GOOD_SECONDS, TOLERABLE_SECONDS, Offset, measure
from flashgen.unlock.pointer import pointer_key

X_NOW_DIGITS_MAX = 15
"""Milliseconds until long after the last sale; a longer text is none of ours."""

LOOKS = 4
"""Bounds the offset to a sixteenth of a second or so, within three seconds."""

HINT = "set it by NTP: `timedatectl set-ntp true`; go-live at T0 goes by this clock"


def check(subject: DoctorContext) -> Iterator[Finding]:
    """Each clock that can be asked. A folder's is this one."""
    found = [*_of_the_store(subject), *_of_the_edge(subject)]
    if found or subject.bucket:
        yield from found or [Finding(Level.WARN, "clock", "neither store nor edge says what time it is", HINT)]
    else:
        yield Finding(Level.PASS, "clock", "store and operator share this machine's clock")


def _of_the_store(subject: DoctorContext) -> Iterator[Finding]:
    if subject.bucket:
        with suppress(FlashgenError):  # the store's own checks say so
            yield verdict("store", measure(subject.bucket.date, subject.clock, subject.sleep, LOOKS))


def _of_the_edge(subject: DoctorContext) -> Iterator[Finding]:
    if subject.url and subject.headers:
        header = subject.headers[0]
        path = f"/{pointer_key(header.id, header.unlock.version)}"
        with suppress(FlashgenError), Viewer(subject.url) as viewer:
            viewer.get(path)  # so that the next finds a connection
            sent = subject.clock()
            seen = viewer.get(path)
            if offset := offset_seen(seen, sent, subject.clock()):
                yield verdict("edge", offset)


def verdict(whose: str, offset: Offset) -> Finding:
    """By what is certain, and as `go-live` judges it: what fails here is refused there."""
    apart = offset.certain
    side = "behind" if offset.seconds > 0 else "ahead of"
    if apart <= GOOD_SECONDS:
        return Finding(Level.PASS, "clock", f"within {max(abs(offset.low), abs(offset.high)):.1f} s of the {whose}'s")
    level = Level.WARN if apart <= TOLERABLE_SECONDS else Level.FAIL
    return Finding(level, "clock", f"this machine's is {apart:.1f} s or more {side} the {whose}'s", HINT)


def offset_seen(seen: PublicResponse, sent: float, received: float) -> Offset | None:
    """From `x-now` (milliseconds), else from `Date` and `Age`, both cut to the second. None without either."""
    told = seen.fields.get("x-now", "")
    if told.isascii() and told.isdigit() and len(told) <= X_NOW_DIGITS_MAX:
        return Offset(int(told) / 1000 - received, int(told) / 1000 - sent)
    date = _date(seen.fields.get("date", ""))
    if date is None:
        return None
    age = seen.age_seconds
    # A cached reply has two numbers that are cut.
    low, cut = date + (age or 0), DATE_SECONDS * (1 if age is None else 2)
    return Offset(low - received, low + cut - sent)


def _date(text: str) -> float | None:
    """None for what is no date, or none that a clock could show."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
