"""`flashgen rollback`: back to what an earlier revision said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.cli.transition_options import Asked, transition_options
from flashgen.errors import Refused

if TYPE_CHECKING:
    from flashgen.unlock.journal import Record
    from flashgen.unlock.pointer import Pointer


@command("rollback")
@sale_argument
@transition_options
@click.option("--to", "revision", type=click.IntRange(0), metavar="REV", help="[default: before the last decision]")
def rollback(session: Session, sale: str, asked: Asked, revision: int | None) -> dict[str, Any]:
    """Go back to an earlier revision's state."""
    from flashgen.cli import operating
    from flashgen.cli.transitioning import Order, carry_out, moment_of
    from flashgen.unlock import journal, verbs

    if revision is None and not (sys.stdin.isatty() or asked.dry_run):
        raise click.UsageError("without a terminal rollback needs --to REV; `flashgen status` lists revisions")
    header = operating.open_header(session, sale)
    control = operating.open_control(session, header)
    seen = operating.read_pointer(control)
    history = list(journal.history(control.store, control.sale, seen.pointer.nonce))
    target = _find(history, seen.pointer, revision)
    verb = verbs.rollback(target.state, operating.whole_second(operating.now()), operating.new_nonce())
    session.note(f"revision {target.revision}: `{target.verb}` by {target.who}")
    return carry_out(session, control, Order(header, verb, asked, moment_of(asked, header)), seen)


def _find(history: list[Record], pointer: Pointer, revision: int | None) -> Record:
    """The record to go back to: the one asked for, or the newest with another decision of the operator than now."""
    for record in history:
        is_other = (record.state.state, record.state.closed) != (pointer.state.state, pointer.state.closed)
        if record.revision == revision or (revision is None and is_other):
            return record
    known = ", ".join(str(record.revision) for record in history) or "none"
    if revision is None:
        raise Refused("there is no earlier decision to go back to", f"revisions on record: {known}")
    raise Refused(f"there is no revision {revision} on record", f"revisions on record: {known}")
