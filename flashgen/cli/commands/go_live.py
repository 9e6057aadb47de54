"""`flashgen go-live`: the moment of sale."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument, yes_option
from flashgen.cli.session import Session
from flashgen.errors import Refused

if TYPE_CHECKING:
    from flashgen.sale.model import Header
    from flashgen.unlock.arm import Moment
    from flashgen.unlock.transition import Seen


@command("go-live")
@sale_argument
@click.option("--at", metavar="TIME|start", help="Wait, and open at this time; `start` is the sale's own.")
@click.option("--lead", metavar="DURATION", help="Ship the pointer this much earlier; pages open at the time itself.")
@click.option("--early", is_flag=True, help="Open before the sale's start.")
@click.option("--late-ok", is_flag=True, help="Open at once if the time has passed.")
@click.option("--dry-run", is_flag=True, help="Say what would change.")
@yes_option
def go_live(
    session: Session,
    sale: str,
    at: str | None,
    lead: str | None,
    early: bool,
    late_ok: bool,
    dry_run: bool,
    yes: bool,
) -> dict[str, Any]:
    """Open the sale: one write of one small file."""
    from flashgen.cli import operating
    from flashgen.cli.times import duration, moment
    from flashgen.unlock import verbs

    header = operating.open_header(session, sale)
    opens_at = moment(at or ("start" if lead else None), header)
    early_by = duration(lead) if lead else timedelta()
    control = operating.open_control(session, header)
    seen = operating.read_pointer(control)
    now = operating.whole_second(operating.now())
    if opens_at is None:
        verb, when = verbs.go_live(min(now, header.starts_at), operating.new_nonce()), None
    else:
        follows = opens_at == header.starts_at  # then a postponement that is pushed while we wait takes us along
        verb = verbs.go_live(None if follows else opens_at, operating.new_nonce())
        when = _moment(opens_at, early_by, follows=follows)
    if verb.apply(seen.pointer.state) != seen.pointer.state:
        _check_time(header, opens_at or now, now, early=early, late_ok=late_ok, waits=opens_at is not None)
        _check_drift(header, seen)
    result = operating.carry_out(session, control, operating.Order(verb, when, dry_run, yes), seen)
    session.next_step(f"flashgen status {sale}")
    return result


def _moment(opens_at: datetime, early_by: timedelta, *, follows: bool) -> Moment:
    return lambda state: (state.starts_at if follows else opens_at) - early_by


def _check_time(header: Header, opens_at: datetime, now: datetime, *, early: bool, late_ok: bool, waits: bool) -> None:
    if max(opens_at, now) >= header.ends_at:
        raise Refused(
            f"{header.id} ends at {_local(header, header.ends_at)}: there is nothing left to open",
            "move `ends_at` in the YAML and push, then try again",
        )
    if opens_at < header.starts_at and not early:
        span = _span(header.starts_at - opens_at)
        when = f"{span} after that time" if waits else f"in {span}"
        raise Refused(
            f"{header.id} starts at {_local(header, header.starts_at)}, {when}",
            f"wait for it: flashgen go-live {header.id} --at start; or open before it: --early",
        )
    if waits and opens_at < now and not late_ok:
        raise Refused(
            f"that time passed {_span(now - opens_at)} ago", f"open at once: flashgen go-live {header.id} --late-ok"
        )


def _check_drift(header: Header, seen: Seen) -> None:
    if seen.pointer.state.starts_at != header.starts_at:
        raise Refused(
            f"the YAML says that {header.id} starts at {_local(header, header.starts_at)}, what is pushed says "
            f"{_local(header, seen.pointer.state.starts_at)}",
            f"bring one to the other: flashgen push {header.id}, or undo the edit",
        )


def _local(header: Header, instant: datetime) -> str:
    return f"{instant.astimezone(header.zone):%Y-%m-%d %H:%M:%S %Z}"


def _span(length: timedelta) -> str:
    """In the two largest units: `2 d 3 h`, `4 min 10 s`."""
    seconds = max(1, int(length.total_seconds()))
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    return " ".join([f"{count} {name}" for name, count in units if count][:2])
