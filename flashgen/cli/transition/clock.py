"""Whether this machine's clock, by which T0 comes, is the store's."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from flashgen.cli.session import Session
from flashgen.errors import Refused, StoreError
from flashgen.store.server_date import Dated
from flashgen.unlock.offset import GOOD_SECONDS, LOOKS, TOLERABLE_SECONDS, Offset, measure

if TYPE_CHECKING:
    from flashgen.store import Store

SPARE = timedelta(seconds=5)
"""What is left for the question and the preparations, or for one look that is not answered."""

_HINT = "set it by NTP: `timedatectl set-ntp true`"


def compare_clocks(session: Session, store: Store, left: timedelta, clock_ok: bool) -> str:
    """How far this clock is from the store's, in words; empty for a store on this machine.

    As precise as the time `left` until T0 allows. Raises Refused when the clock is plainly wrong, unless `clock_ok`: T0
    is still where this machine's clock says.
    """
    looks = min(LOOKS, (left - SPARE) // timedelta(seconds=1))
    if not isinstance(store, Dated):
        return ""
    if looks < 1:
        return "not compared with the store's: there is no time left for it"
    until = time.time() + (left - SPARE).total_seconds()
    try:
        offset = measure(store.date, time.time, time.sleep, looks, until)
    except StoreError as error:
        return f"could not be compared with the store's: {error.message}"
    _judge(session, offset, clock_ok)
    return offset_text(offset)


def offset_text(offset: Offset) -> str:
    """`0.12 s behind the store's (± 0.02 s)`, or `as the store's (± 0.02 s)`."""
    error = max(offset.error, 0.01)
    if abs(offset.seconds) <= error:
        return f"as the store's (± {error:.2f} s)"
    side = "behind" if offset.seconds > 0 else "ahead of"
    return f"{abs(offset.seconds):,.2f} s {side} the store's (± {error:.2f} s)"


def _judge(session: Session, offset: Offset, clock_ok: bool) -> None:
    if offset.certain > TOLERABLE_SECONDS and not clock_ok:
        raise Refused(
            f"this machine's clock is {offset_text(offset)}: it would happen at the wrong time",
            f"{_HINT}; or, if it is the store that is wrong, add --clock-ok",
        )
    if offset.certain > GOOD_SECONDS:
        session.warn(f"this machine's clock is {offset_text(offset)}; T0 comes by this one", _HINT)
