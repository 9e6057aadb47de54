"""What an operator is shown before the question: what will change, when, and whether this machine's clock is right."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from flashgen.cli.runtime import now
from flashgen.cli.session import Session
from flashgen.cli.state_text import difference
from flashgen.cli.times import local, local_clock, span
from flashgen.errors import Refused, StoreError
from flashgen.hint import Hint, command_line
from flashgen.store import Store
from flashgen.store.protocol import Dated
from flashgen.unlock.arm import Moment
from flashgen.unlock.clock_offset import GOOD_SECONDS, SAMPLES, TOLERABLE_SECONDS, Offset, measure
from flashgen.unlock.pointer_file import PointerFile
from flashgen.unlock.state import EVERY_SKU, SaleState, State

if TYPE_CHECKING:
    from flashgen.cli.transition.options import VerbRequest
    from flashgen.sale.model import Header

SPARE = timedelta(seconds=5)
"""Left of the time until T0 for the question and the preparations, or for one sample that is not answered."""

POLLED_A_SECOND = 1000
"""Of one cache by the crowd at T0: so often that it always holds a copy, which is the worst case."""

_HINT = "set it by NTP: `timedatectl set-ntp true`"


def show_preview(
    session: Session, file: PointerFile, request: VerbRequest, before: SaleState, wanted: SaleState
) -> None:
    """A line for the change, and one for each thing that an operator may want to check now.

    Raises Refused when a verb is to wait and this machine's clock is plainly wrong.
    """
    header, moment = request.header, request.moment
    change = click.style(difference(before, wanted), bold=True)
    session.note(f"{header.id} in {file.store.url}: {change}")
    _note(session, "object", f"{file.key}; nothing else that is public changes")
    target = session.project.target(session.target_name)[1]
    if target.url:
        _note(session, "public", f"{target.url.rstrip('/')}/{header.id}/")
    if moment:
        _note_moment(session, header, before, moment)
        if target.distribution and wanted.state is State.LIVE and before.state is not State.LIVE and not moment.lead:
            _note(session, "pages", _opening_text(header.unlock.edge_ttl_seconds))
    elif wanted.opens_at and wanted.opens_at > now():
        _note(session, "opens", f"{local(wanted.opens_at, header)}, on the server's clock")
    if wanted.state is not State.ENDED and wanted.ends_at <= now():
        _note(session, "ended", f"{local(wanted.ends_at, header)}: for the public it is over all the same")
    if wanted.closed == EVERY_SKU and wanted.state is State.LIVE:
        _note(session, "closed", Hint("every SKU stays closed: ", command_line(f"resume {header.id}"), " opens them"))
    if moment and (clock := compare_clocks(session, file.store, moment.due(before) - now(), request.asked.clock_ok)):
        _note(session, "clock", clock)


def compare_clocks(session: Session, store: Store, left: timedelta, clock_ok: bool) -> str:
    """How far this clock is from the store's, in words; empty for a store on this machine.

    As precise as the time `left` until T0 allows. Raises Refused when the clock is plainly wrong, unless `clock_ok`: T0
    still comes by this machine's clock.
    """
    samples = min(SAMPLES, (left - SPARE) // timedelta(seconds=1))
    if not isinstance(store, Dated):
        return ""
    if samples < 1:
        return "not compared with the store's: there is no time left for it"
    until = time.time() + (left - SPARE).total_seconds()
    try:
        offset = measure(store.date, time.time, time.sleep, samples, until)
    except StoreError as error:
        return f"could not be compared with the store's: {error.message}"
    _check(session, offset, clock_ok)
    return offset_text(offset)


def offset_text(offset: Offset) -> str:
    """`0.12 s behind the store's (± 0.02 s)`, or `as the store's (± 0.02 s)`."""
    error = max(offset.error, 0.01)
    if abs(offset.seconds) <= error:
        return f"as the store's (± {error:.2f} s)"
    side = "behind" if offset.seconds > 0 else "ahead of"
    return f"{abs(offset.seconds):,.2f} s {side} the store's (± {error:.2f} s)"


def _check(session: Session, offset: Offset, clock_ok: bool) -> None:
    if offset.certain > TOLERABLE_SECONDS and not clock_ok:
        raise Refused(
            f"this machine's clock is {offset_text(offset)}: it would happen at the wrong time",
            f"{_HINT}; or, if it is the store that is wrong, add --clock-ok",
        )
    if offset.certain > GOOD_SECONDS:
        session.warn(f"this machine's clock is {offset_text(offset)}; T0 comes by this one", _HINT)


def _note_moment(session: Session, header: Header, before: SaleState, moment: Moment) -> None:
    at = moment.of(before)
    _note(session, "at", f"{local(at, header)}, in {span(at - now())}")
    if moment.lead:
        due = max(moment.due(before), now())
        opens = local_clock(at, header)
        _note(session, "lead", f"the pointer leaves at {local_clock(due, header)}, pages open at {opens}")


def _opening_text(edge_ttl_seconds: int) -> str:
    """When pages open without a lead: CloudFront keeps the pointer in an edge and in the regional cache behind it."""
    from flashgen.forecast.time_to_unlock import time_to_unlock

    seen = time_to_unlock(((edge_ttl_seconds, POLLED_A_SECOND), (edge_ttl_seconds, POLLED_A_SECOND)))
    return (
        f"open {seen.p50_seconds:.1f} s later in the median, {seen.last_seconds:.1f} s at the latest, as CloudFront "
        f"keeps the pointer in two tiers; with `--lead 10s` at the time itself"
    )


def _note(session: Session, label: str, text: str) -> None:
    session.note(Hint(f"  {label:<8} ", text))
