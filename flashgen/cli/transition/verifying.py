"""`--verify` after a transition: what the public sees, and, if that is asked for, the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flashgen import timestamps
from flashgen.cli.runtime import new_nonce, now, whole_second
from flashgen.cli.session import Session
from flashgen.cli.transition.public_check import PublicCheck, advice, seen_instead
from flashgen.errors import FlashgenError, LostRace, NotSeen
from flashgen.unlock.control import Control
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import rollback

if TYPE_CHECKING:
    from flashgen.unlock.visibility import Visibility


def verify_shown(
    session: Session, witness: PublicCheck, outcome: Outcome, result: dict[str, Any], *, roll_back: bool
) -> dict[str, Any]:
    """`result` with `visible_at`, once the public sees `outcome`. Raises NotSeen when it does not.

    The write stands then. With `roll_back` it is taken back, if the edge itself was fresh and wrong, and it was ours.
    """
    verdict = _watched(session, witness, outcome)
    if verdict.is_visible and verdict.sight.at:
        session.say(f"visible at {witness.viewer.base_url}{_delay(verdict, outcome)}")
        return {**result, "visible_at": timestamps.to_text(verdict.sight.at)}
    hint = advice(verdict, witness.control.sale)
    if roll_back:
        wrong = verdict.is_fresh_and_wrong(outcome.after.revision, reached_before=witness.reached_before)
        text, result["rolled_back"] = _taken_back(witness.control, outcome) if wrong else (_NOT_SURE, False)
    else:
        text = "the write stands"
    session.result = result
    raise NotSeen(f"{_written(outcome)}, but {seen_instead(verdict.sight)}; {text}", hint)


_NOT_SURE = "not rolled back, since it is not certain that the edge is wrong: the write stands"


def _watched(session: Session, witness: PublicCheck, outcome: Outcome) -> Visibility:
    done = "written; " if outcome.changed else ""
    session.note(f"{done}looking for revision {outcome.after.revision} at {witness.viewer.base_url}")
    try:
        return witness.watch(outcome.after)
    except KeyboardInterrupt:
        session.note("the write stands; whether the public sees it was not waited for")
        raise


def _taken_back(control: Control, outcome: Outcome) -> tuple[str, bool]:
    """What was done about it, in words. What another operator has decided since is theirs."""
    if not outcome.changed:
        return "not rolled back, since it was not written by this command", False
    verb = rollback(outcome.before.state, whole_second(now()), new_nonce())
    try:
        seen = control.read_again()
        if seen.pointer.state.operators_part != outcome.after.state.operators_part:
            raise LostRace(f"somebody has made it {seen.pointer.state.state} since")
        back = transition(control, verb, seen)
    except FlashgenError as error:
        return f"not rolled back: {error}", False
    return f"rolled back: it is {back.after.state.state} again (revision {back.after.revision})", True


def _written(outcome: Outcome) -> str:
    since = f"written at {timestamps.to_text(outcome.when)}" if outcome.when else "written"
    return f"{since}, revision {outcome.after.revision}"


def _delay(verdict: Visibility, outcome: Outcome) -> str:
    """Only of what was written now: of anything else the journal knows no more than the second."""
    if not (outcome.changed and outcome.when and verdict.sight.at):
        return ""
    return f" {max(0.0, (verdict.sight.at - outcome.when).total_seconds()):.1f} s after the write"
