"""This machine's clock against the store's, and against the edge's, which pages go by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from flashgen.doctor.context import DoctorContext
from flashgen.errors import FlashgenError
from flashgen.finding import Finding, Level
from flashgen.unlock.clock_offset import GOOD_SECONDS, TOLERABLE_SECONDS, Offset, measure
from flashgen.unlock.pointer import pointer_key
from flashgen.verify.edge_pointer import clock_offset
from flashgen.verify.viewer import Viewer

SAMPLES = 4
"""Bounds the offset to a sixteenth of a second or so, within three seconds."""

HINT = "set it by NTP: `timedatectl set-ntp true`; go-live at T0 goes by this clock"


def check(context: DoctorContext) -> Iterator[Finding]:
    """Each clock that can be read. A folder store has this machine's."""
    found = [*_of_the_store(context), *_of_the_edge(context)]
    if found or context.bucket:
        yield from found or [Finding(Level.WARN, "clock", "neither store nor edge says what time it is", HINT)]
    else:
        yield Finding(Level.PASS, "clock", "store and operator share this machine's clock")


def _of_the_store(context: DoctorContext) -> Iterator[Finding]:
    if context.bucket:
        with suppress(FlashgenError):  # the store's own checks report it
            yield clock_finding("store", measure(context.bucket.date, context.clock, context.sleep, SAMPLES))


def _of_the_edge(context: DoctorContext) -> Iterator[Finding]:
    if context.url and context.headers:
        header = context.headers[0]
        path = f"/{pointer_key(header.id, header.unlock.version)}"
        with suppress(FlashgenError), Viewer(context.url) as viewer:
            viewer.get(path)  # opens the connection, which would count as delay
            sent = context.clock()
            seen = viewer.get(path)
            if offset := clock_offset(seen, sent, context.clock()):
                yield clock_finding("edge", offset)


def clock_finding(whose: str, offset: Offset) -> Finding:
    """Judged by the least possible difference, as `go-live` judges it: what fails here is refused there."""
    apart = offset.certain
    side = "behind" if offset.seconds > 0 else "ahead of"
    if apart <= GOOD_SECONDS:
        return Finding(Level.PASS, "clock", f"within {max(abs(offset.low), abs(offset.high)):.1f} s of the {whose}'s")
    level = Level.WARN if apart <= TOLERABLE_SECONDS else Level.FAIL
    return Finding(level, "clock", f"this machine's is {apart:.1f} s or more {side} the {whose}'s", HINT)
