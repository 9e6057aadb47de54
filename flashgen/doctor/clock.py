"""This machine's clock against those that count: the store's, and the edge's, which pages go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

from flashgen.doctor.subject import Subject
from flashgen.edge.viewer import Viewer
from flashgen.errors import FlashgenError
from flashgen.finding import Finding, Level
from flashgen.unlock.offset import DATE_SECONDS, GOOD_SECONDS, TOLERABLE_SECONDS, Offset, measure
from flashgen.unlock.pointer import pointer_key

LOOKS = 4
"""Bounds the offset to a sixteenth of a second or so, within three seconds."""

HINT = "set it by NTP: `timedatectl set-ntp true`; go-live at T0 goes by this clock"


def check(subject: Subject) -> Iterator[Finding]:
    """Each clock that can be asked. A folder's is this one."""
    found = [*_of_the_store(subject), *_of_the_edge(subject)]
    if found or subject.bucket:
        yield from found or [Finding(Level.WARN, "clock", "neither store nor edge says what time it is", HINT)]
    else:
        yield Finding(Level.PASS, "clock", "store and operator share this machine's clock")


def _of_the_store(subject: Subject) -> Iterator[Finding]:
    if subject.bucket:
        with suppress(FlashgenError):  # the store's own checks say so
            yield verdict("store", measure(subject.bucket.date, subject.clock, subject.sleep, LOOKS))


def _of_the_edge(subject: Subject) -> Iterator[Finding]:
    if subject.url and subject.headers:
        header = subject.headers[0]
        path = f"/{pointer_key(header.id, header.unlock.version)}"
        with suppress(FlashgenError), Viewer(subject.url) as viewer:
            viewer.get(path)  # so that the next finds a connection
            sent = subject.clock()
            fields = viewer.get(path).fields
            if offset := offset_seen(fields, sent, subject.clock()):
                yield verdict("edge", offset)


def verdict(whose: str, offset: Offset) -> Finding:
    """By what is certain, and as `go-live` judges it: what fails here is refused there."""
    apart = offset.certain
    side = "behind" if offset.seconds > 0 else "ahead of"
    if apart <= GOOD_SECONDS:
        return Finding(Level.PASS, "clock", f"within {max(abs(offset.low), abs(offset.high)):.1f} s of the {whose}'s")
    level = Level.WARN if apart <= TOLERABLE_SECONDS else Level.FAIL
    return Finding(level, "clock", f"this machine's is {apart:.1f} s or more {side} the {whose}'s", HINT)


def offset_seen(fields: Mapping[str, str], sent: float, received: float) -> Offset | None:
    """From `x-now` (milliseconds), else from `Date` and `Age`, both cut to the second. None without either."""
    if fields.get("x-now", "").isdigit():
        told = int(fields["x-now"]) / 1000
        return Offset(told - received, told - sent)
    if "date" not in fields:
        return None
    age = fields.get("age", "")
    date = parsedate_to_datetime(fields["date"]).timestamp() + (int(age) if age.isdigit() else 0)
    # A cached reply has two numbers that are cut.
    return Offset(date - received, date + DATE_SECONDS * (2 if age else 1) - sent)
