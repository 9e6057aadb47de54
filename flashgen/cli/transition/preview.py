"""What is about to happen to a sale, before anybody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flashgen.cli.runtime import now
from flashgen.cli.session import Session
from flashgen.cli.state_text import difference
from flashgen.cli.times import local, local_clock, span
from flashgen.unlock.arm import Moment
from flashgen.unlock.control import Control
from flashgen.unlock.state import EVERY_SKU, SaleState, State

if TYPE_CHECKING:
    from flashgen.sale.model import Header


def announce(
    session: Session, control: Control, header: Header, before: SaleState, wanted: SaleState, moment: Moment | None
) -> None:
    """A line for the change, and one for each thing that an operator may want to check now."""
    change = click.style(difference(before, wanted), bold=True)
    session.note(f"{header.id} in {control.store.url}: {change}")
    _note(session, "object", f"{control.key}; nothing else that is public changes")
    url = session.project.target(session.target_name)[1].url
    if url:
        _note(session, "public", f"{url.rstrip('/')}/{header.id}/")
    if moment:
        _say_when(session, header, before, moment)
    elif wanted.opens_at and wanted.opens_at > now():
        _note(session, "opens", f"{local(wanted.opens_at, header)}, on the server's clock")
    if wanted.state is not State.ENDED and wanted.ends_at <= now():
        _note(session, "ended", f"{local(wanted.ends_at, header)}: for the public it is over all the same")
    if wanted.closed == EVERY_SKU and wanted.state is State.LIVE:
        _note(session, "closed", f"every SKU stays closed: flashgen resume {header.id} opens them")


def say_clock(session: Session, told: str) -> None:
    """How far this machine's clock is from the store's."""
    if told:
        _note(session, "clock", told)


def _say_when(session: Session, header: Header, before: SaleState, moment: Moment) -> None:
    at = moment.of(before)
    _note(session, "at", f"{local(at, header)}, in {span(at - now())}")
    if moment.lead:
        due = max(moment.due(before), now())
        opens = local_clock(at, header)
        _note(session, "lead", f"the pointer leaves at {local_clock(due, header)}, pages open at {opens}")


def _note(session: Session, label: str, text: str) -> None:
    session.note(f"  {label:<8} {text}")
