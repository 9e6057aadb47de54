"""`flashgen go-live`: the moment of sale."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.cli.transition.options import TransitionOptions, transition_options
from flashgen.errors import Refused
from flashgen.hint import Hint, command_line

if TYPE_CHECKING:
    from flashgen.sale.model import Header
    from flashgen.unlock.pointer_file import StoredPointer


@command("go-live")
@sale_argument
@transition_options
@click.option(
    "--lead", metavar="DURATION", help="Ship the pointer this much earlier (10s, 1m30s); pages open at the time itself."
)
@click.option("--early", is_flag=True, help="Open before the sale's start.")
@click.option("--rollback-on-failure", is_flag=True, help="Verify, and go back if the edge is fresh and wrong.")
def go_live(
    session: Session, sale: str, asked: TransitionOptions, lead: str | None, early: bool, rollback_on_failure: bool
) -> dict[str, Any]:
    """Open the sale: one write of one small file."""
    from flashgen.cli.transition.flow import restart_after_rotation

    asked = replace(asked, verify=asked.verify or rollback_on_failure, rollback_on_failure=rollback_on_failure)
    result = restart_after_rotation(session, asked, lambda asked: _go_live(session, sale, asked, lead, early=early))
    session.next_step(command_line(f"status {sale}"))
    return result


def _go_live(session: Session, sale: str, asked: TransitionOptions, lead: str | None, *, early: bool) -> dict[str, Any]:
    from flashgen.cli import runtime
    from flashgen.cli.times import duration, moment
    from flashgen.cli.transition.flow import carry_out, fetch_pointer, scheduled
    from flashgen.cli.transition.options import VerbRequest
    from flashgen.unlock import verbs
    from flashgen.unlock.state import State

    header = runtime.open_header(session, sale)
    opens_at = moment(asked.at or ("start" if lead else None), header, runtime.now())
    when = scheduled(opens_at, header, duration(lead) if lead else timedelta()) if opens_at else None
    writer = runtime.pointer_writer(session, header)
    seen = fetch_pointer(session, writer.file)
    now = runtime.whole_second(runtime.now())
    if seen.pointer.state.state is State.SCHEDULED:
        _check_time(header, opens_at or now, now, early=early, waits=opens_at is not None)
        _check_drift(header, seen)
        _look_for_gates_here(session, header)
    follows = opens_at == header.starts_at  # then a postponement that is pushed while we wait takes us along
    at = None if follows else opens_at or min(now, header.starts_at)
    verb = verbs.go_live(at, runtime.new_nonce(), early=early)
    return carry_out(session, writer, VerbRequest(header, verb, asked, when), seen)


def _look_for_gates_here(session: Session, header: Header) -> None:
    """A word on those that are not there. Where none is to be on this machine, it costs no time and loads nothing."""
    from flashgen.addresses import is_loopback

    if any(map(is_loopback, header.order_origins)):
        from flashgen.cli.gate.local import silent_gates

        for line in silent_gates(header):
            session.warn(line)


def _check_time(header: Header, opens_at: datetime, now: datetime, *, early: bool, waits: bool) -> None:
    from flashgen.cli.times import local, span

    if max(opens_at, now) >= header.ends_at:
        end = local(header.ends_at, header)
        how = f"ended at {end}" if now >= header.ends_at else f"would open at its end, {end}, or later"
        raise Refused(
            f"{header.id} {how}: there is nothing left to open", "move `ends_at` in the YAML and push, then try again"
        )
    if opens_at < header.starts_at and not early:
        left = span(header.starts_at - opens_at)
        when = f"{left} after that time" if waits else f"in {left}"
        raise Refused(
            f"{header.id} starts at {local(header.starts_at, header)}, {when}",
            Hint("wait for it: ", command_line(f"go-live {header.id} --at start"), "; or open before it: --early"),
        )


def _check_drift(header: Header, seen: StoredPointer) -> None:
    from flashgen.cli.times import local

    if seen.pointer.state.starts_at != header.starts_at:
        raise Refused(
            f"the YAML says that {header.id} starts at {local(header.starts_at, header)}, what is pushed says "
            f"{local(seen.pointer.state.starts_at, header)}",
            Hint("bring one to the other: ", command_line(f"push {header.id}"), ", or undo the edit"),
        )
