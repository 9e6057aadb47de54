"""`flashgen rollback`: back to what an earlier revision said."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.cli.transition.options import TransitionOptions, transition_options
from flashgen.errors import Refused

if TYPE_CHECKING:
    from flashgen.unlock.journal import Record
    from flashgen.unlock.pointer import Pointer

_SHOWN = 12
"""Revisions that a hint lists, the newest: the gate may have written thousands."""


@command("rollback")
@sale_argument
@transition_options
@click.option("--to", "revision", type=click.IntRange(0), metavar="REV", help="[default: before the last decision]")
def rollback(session: Session, sale: str, asked: TransitionOptions, revision: int | None) -> dict[str, Any]:
    """Go back to an earlier revision's state."""
    from flashgen.cli import runtime
    from flashgen.cli.progress import SlowNotice
    from flashgen.cli.transition.flow import carry_out, fetch_pointer, moment_of, restart_after_rotation
    from flashgen.cli.transition.options import VerbRequest
    from flashgen.unlock import journal, verbs

    if revision is None and not (sys.stdin.isatty() or asked.dry_run):
        raise click.UsageError("without a terminal rollback needs --to REV; `flashgen status` lists revisions")

    def begin(asked: TransitionOptions) -> dict[str, Any]:
        header = runtime.open_header(session, sale)
        writer = runtime.pointer_writer(session, header)
        seen = fetch_pointer(session, writer.file)
        with SlowNotice(session, writer.file.store.url).for_an_answer():
            history = journal.history(writer.file.store, writer.file.sale, seen.pointer.nonce)
            target = _find(history, seen.pointer, revision)
        verb = verbs.rollback(target.state, runtime.whole_second(runtime.now()), runtime.new_nonce())
        session.note(f"revision {target.revision}: `{target.verb}` by {target.who}")
        return carry_out(session, writer, VerbRequest(header, verb, asked, moment_of(asked, header)), seen)

    return restart_after_rotation(session, asked, begin)


def _find(history: Iterator[Record], pointer: Pointer, revision: int | None) -> Record:
    """The record to go back to: the one asked for, or the newest with another decision of the operator than now.

    No record behind it is read: each is a request.
    """
    known: list[str] = []
    for record in history:
        is_other = (record.state.state, record.state.closed) != (pointer.state.state, pointer.state.closed)
        if record.revision == revision or (revision is None and is_other):
            return record
        known.append(str(record.revision))
    if revision is None:
        raise Refused("there is no earlier decision to go back to", _on_record(known))
    raise Refused(f"there is no revision {revision} on record", _on_record(known))


def _on_record(known: list[str]) -> str:
    shown = ", ".join((*known[:_SHOWN], "…") if len(known) > _SHOWN else known)
    return f"revisions on record: {shown or 'none'}"
