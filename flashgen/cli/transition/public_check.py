"""`--verify`: reads the pointer as the public gets it, until it is the one that was written; else the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flashgen import timestamps
from flashgen.cli.hooks import Tell
from flashgen.cli.runtime import new_nonce, now, whole_second
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError, LostRace, NotSeen, Refused
from flashgen.hint import Hint, command_line
from flashgen.release.invalidation import paths_of
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.transition import Outcome, is_descendant_of, transition
from flashgen.unlock.verbs import rollback
from flashgen.unlock.visibility import EdgePointer, Visibility, await_visible
from flashgen.verify.edge_pointer import TIMEOUT_SECONDS, read_edge_pointer
from flashgen.verify.viewer import Viewer

REPORT_EVERY = timedelta(seconds=5)
"""How often the operator is told what the edge shows instead."""

_NOT_SURE = "not rolled back, since it is not certain that the edge is wrong: the write stands"


@dataclass(frozen=True)
class PublicCheck:
    """Reads one pointer through its public URL. `reached_before` says that it was there before the write."""

    session: Session
    writer: PointerWriter
    viewer: Viewer
    reached_before: bool = False

    def await_visible(self, ours: Pointer) -> Visibility:
        """Poll until `ours` is visible, or one that was built on it."""
        writer = self.writer
        target = self.session.project.target(self.session.target_name)[1]

        def invalidate() -> None:
            if cdn := self.session.cdn:
                cdn.invalidate(paths_of((writer.file.key,)), ours.nonce)

        return await_visible(
            lambda: read_edge_pointer(self.viewer, writer.file.key),
            lambda pointer: is_descendant_of(writer.file, pointer, ours),
            invalidate if target.distribution else None,
            now=writer.actor.now,
            sleep=writer.actor.sleep,
            on_poll=_now_and_then(self.session.note),
        )


@contextmanager
def open_public_check(session: Session, writer: PointerWriter) -> Iterator[PublicCheck]:
    """A check that has read the pointer once. Raises Refused, before anything is written, without a `url:`."""
    name, target = session.project.target(session.target_name)
    if not target.url:
        raise Refused(
            f"target `{name}` has no `url:`, so --verify does not know where the public sees it",
            "add `url: https://…` to the target in flashgen.yaml, or leave --verify out",
        )
    with Viewer(target.url, TIMEOUT_SECONDS) as viewer:
        seen = read_edge_pointer(viewer, writer.file.key)
        if seen.pointer is None:
            session.warn(f"--verify looks through the edge, and now {seen_instead(seen)}")
        yield PublicCheck(session, writer, viewer, reached_before=seen.pointer is not None)


def verify_visible(
    session: Session, check: PublicCheck, outcome: Outcome, result: dict[str, Any], roll_back: Tell | None = None
) -> dict[str, Any]:
    """`result` with `visible_at`, once `outcome` is visible to the public. Raises NotSeen when it is not.

    The write stays then. With `roll_back` it is taken back, if the edge itself was fresh and wrong, and it was ours;
    hooks are told of that by `roll_back`.
    """
    visibility = _await_visible(session, check, outcome)
    if visibility.is_visible and visibility.last.at:
        session.say(f"visible at {check.viewer.base_url}{_delay(visibility, outcome)}")
        return {**result, "visible_at": timestamps.to_text(visibility.last.at)}
    hint = advice(visibility, check.writer.file.sale)
    if roll_back:
        wrong = visibility.is_fresh_and_wrong(outcome.after.revision, reached_before=check.reached_before)
        text, result["rolled_back"] = _taken_back(check.writer, outcome, roll_back) if wrong else (_NOT_SURE, False)
    else:
        text = "the write stands"
    session.result = result
    raise NotSeen(f"{_written(outcome)}, but {seen_instead(visibility.last)}; {text}", hint)


def _await_visible(session: Session, check: PublicCheck, outcome: Outcome) -> Visibility:
    done = "written; " if outcome.changed else ""
    session.note(f"{done}looking for revision {outcome.after.revision} at {check.viewer.base_url}")
    try:
        return check.await_visible(outcome.after)
    except KeyboardInterrupt:
        session.note("the write stands; whether the public sees it was not waited for")
        raise


def _taken_back(writer: PointerWriter, outcome: Outcome, tell: Tell) -> tuple[str, bool]:
    """What was done about it, in words, and whether it was taken back. Another operator's later decision stays."""
    if not outcome.changed:
        return "not rolled back, since it was not written by this command", False
    verb = rollback(outcome.before.state, whole_second(now()), new_nonce())
    try:
        seen = writer.file.read_again()
        if seen.pointer.state.operators_part != outcome.after.state.operators_part:
            raise LostRace(f"somebody has made it {seen.pointer.state.state} since")
        back = transition(writer, verb, seen)
    except FlashgenError as error:
        return f"not rolled back: {error}", False
    tell(verb.name, back)
    return f"rolled back: it is {back.after.state.state} again (revision {back.after.revision})", True


def _written(outcome: Outcome) -> str:
    since = f"written at {timestamps.to_text(outcome.when)}" if outcome.when else "written"
    return f"{since}, revision {outcome.after.revision}"


def _delay(visibility: Visibility, outcome: Outcome) -> str:
    """Only for a write of this command: the journal has no more than the second of any other."""
    if not (outcome.changed and outcome.when and visibility.last.at):
        return ""
    return f" {max(0.0, (visibility.last.at - outcome.when).total_seconds()):.1f} s after the write"


def seen_instead(seen: EdgePointer) -> str:
    """What the public sees instead: `the edge still shows revision 4 (Age 7 s, Hit from cloudfront)`."""
    if not seen.status:
        return f"the edge was not reached at {seen.url}: {seen.problem}"
    details = (f"Age {seen.age_seconds:,} s" if seen.age_seconds is not None else "", seen.x_cache)
    about = f" ({', '.join(filter(None, details))})" if any(details) else ""
    return f"the edge {seen.problem or f'still shows revision {seen.revision}'}{about}"


def advice(visibility: Visibility, sale: str) -> str:
    """What to do about it."""
    invalidation = ""
    if visibility.trouble:
        invalidation = f"; the invalidation failed too: {visibility.trouble}"
    elif visibility.invalidated:
        invalidation = "; an invalidation did not help"
    if not visibility.last.status:
        return Hint(
            "look from another network before anything else: what was written stands (",
            command_line(f"verify {sale}"),
            ")",
        )
    if visibility.last.pointer and not visibility.last.is_fresh:
        return f"the edge keeps `*/unlock.*.js` for too long: let it obey s-maxage{invalidation}"
    return Hint(
        "see whether `url:` and the edge's origin lead to this store: ",
        command_line(f"verify {sale}"),
        f"{invalidation}",
    )


def _now_and_then(note: Callable[[str], None]) -> Callable[[EdgePointer, timedelta], None]:
    due = REPORT_EVERY

    def report(seen: EdgePointer, passed: timedelta) -> None:
        nonlocal due
        if passed >= due:
            due += REPORT_EVERY
            note(f"still looking after {passed.total_seconds():.0f} s: {seen_instead(seen)}")

    return report
