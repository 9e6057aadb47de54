"""What the verbs of sale time have in common: the preview, the question, the wait, the write, the report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flashgen.cli.hooks import telling
from flashgen.cli.progress import SlowNotice
from flashgen.cli.runtime import check_conditions, now, read_pointer
from flashgen.cli.session import Session
from flashgen.cli.times import moment, span
from flashgen.cli.transition.options import VerbRequest
from flashgen.cli.transition.outcome import report_outcome, to_json
from flashgen.cli.transition.preview import show_preview
from flashgen.cli.transition.wait import RotatedWhileWaiting, note_if_interrupted, wait_and_write
from flashgen.errors import Refused
from flashgen.unlock.arm import Moment
from flashgen.unlock.pointer_file import PointerFile, StoredPointer
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Outcome, preview, transition

if TYPE_CHECKING:
    from flashgen.cli.transition.options import TransitionOptions
    from flashgen.cli.transition.public_check import PublicCheck
    from flashgen.sale.model import Header


def moment_of(asked: TransitionOptions, header: Header) -> Moment | None:
    """When `--at` says, or None without it. Raises a usage error."""
    at = moment(asked.at, header, now())
    return scheduled(at, header) if at else None


def scheduled(at: datetime, header: Header, lead: timedelta = timedelta()) -> Moment:
    """A moment at `at`. If that is the sale's start or end, it is the pointer's, so that a postponement moves it."""
    if at == header.starts_at:
        return Moment(lambda state: state.starts_at, lead)
    if at == header.ends_at:
        return Moment(lambda state: state.ends_at, lead)
    return Moment(lambda _: at, lead)


def restart_after_rotation(
    session: Session, asked: TransitionOptions, begin: Callable[[TransitionOptions], dict[str, Any]]
) -> dict[str, Any]:
    """What `begin` returns. It reads the YAML, and is called again when the version that it waits for is rotated."""
    while True:
        try:
            return begin(asked)
        except RotatedWhileWaiting as rotated:
            session.warn(f"{rotated.message}: reading the YAML again")
            asked = replace(asked, yes=True)  # it was asked before the wait


def fetch_pointer(session: Session, file: PointerFile) -> StoredPointer:
    """The pointer, as `read_pointer` reads it. Says so when the store takes long to answer."""
    with SlowNotice(session, file.store.url).for_an_answer():
        return read_pointer(file)


def carry_out(
    session: Session, writer: PointerWriter, request: VerbRequest, seen: StoredPointer | None = None
) -> dict[str, Any]:
    """Preview, ask, wait, write, report. The verb acts on the pointer as it was `seen` and shown.

    Returns the result for `--json`. Raises RotatedWhileWaiting if there is nothing left to wait for: see
    `restart_after_rotation`.
    """
    asked = request.asked
    with _public_check(session, writer, asked) as check:
        seen = seen or fetch_pointer(session, writer.file)
        wanted = preview(writer, request.verb, seen)
        if wanted != seen.pointer.state:
            request = _in_time(session, request, seen.pointer.state)
            show_preview(session, writer.file, request, seen.pointer.state, wanted)
            if asked.dry_run:
                session.note("dry run: nothing was changed")
                after = replace(seen.pointer, state=wanted)
                return to_json(writer.file.sale, Outcome(seen.pointer, after, changed=False, who="", when=None))
            with SlowNotice(session, writer.file.store.url).for_an_answer():
                check_conditions(session, [writer.file.sale])
            session.confirm("go on?", asked.yes)
            request = _in_time(session, request, seen.pointer.state)  # T0 may have passed while they thought
        return _report(session, writer, request, _act(session, writer, request, seen), check)


def _public_check(
    session: Session, writer: PointerWriter, asked: TransitionOptions
) -> AbstractContextManager[PublicCheck | None]:
    """Loaded only with `--verify`: what it imports takes time."""
    if not asked.verify:
        return nullcontext()
    from flashgen.cli.transition.public_check import open_public_check

    return open_public_check(session, writer)


def _in_time(session: Session, request: VerbRequest, state: SaleState) -> VerbRequest:
    """The request; without its moment if that has passed and --late-ok is given. Raises Refused without."""
    passed = request.moment and request.moment.missed_by(state, now())
    if not passed:
        return request
    if not request.asked.late_ok:
        raise Refused(f"that time passed {span(passed)} ago", "do it at once: the same command with --late-ok")
    session.note(f"that time passed {span(passed)} ago: at once, as --late-ok says")
    return replace(request, moment=None)


def _act(session: Session, writer: PointerWriter, request: VerbRequest, seen: StoredPointer) -> Outcome:
    if request.moment:
        return wait_and_write(session, writer, request, request.moment, seen)
    with note_if_interrupted(session, writer.file.sale), SlowNotice(session, writer.file.store.url).for_an_answer():
        return transition(writer, request.verb, seen)


def _report(
    session: Session, writer: PointerWriter, request: VerbRequest, outcome: Outcome, check: PublicCheck | None
) -> dict[str, Any]:
    with telling(session, writer.file.sale) as tell:
        tell(request.verb.name, outcome)
        report_outcome(session, request.header, outcome, request.moment, request.undo)
        result = to_json(writer.file.sale, outcome)
        if check is None:
            return result
        from flashgen.cli.transition.public_check import verify_visible

        return verify_visible(session, check, outcome, result, tell if request.asked.rollback_on_failure else None)
