"""One step of a sale's life: a journal record, then one conditional write of the pointer.

::

    read ─▶ apply the verb ─▶ journal (an attempt) ─▶ PUT If-Match ─▶ won
              ▲                                         │ 412, 409 or no answer: read back
              └── rebase: only `sold` or times moved ◀──┼──▶ ours, or its ancestor: won
                                                        ├──▶ the asked state is there: nothing to do
                                                        └──▶ somebody else decided otherwise: LostRace

The PUT alone elects. An attempt keeps its nonce and its bytes whatever is retried, so that a write whose answer was
lost is recognised when it is read back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from flashgen.errors import Conflict, LostRace, NoAnswer, Refused, StoreError
from flashgen.store.settle import put_settled
from flashgen.unlock import journal
from flashgen.unlock.conflicts import is_contested
from flashgen.unlock.control import Control, StoredPointer
from flashgen.unlock.decider import decider
from flashgen.unlock.pointer import Damaged, OrderUrl, Pointer, render
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.token import claims_of
from flashgen.unlock.verbs import Verb


@dataclass(frozen=True, slots=True)
class Attempt:
    """A revision that is journaled and not yet elected."""

    base: StoredPointer
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a transition ended. `who` and `when` say who made it what it is now: not us, if `changed` is false."""

    before: Pointer
    after: Pointer
    changed: bool
    who: str
    when: datetime | None


def transition(control: Control, verb: Verb, seen: StoredPointer | None = None) -> Outcome:
    """Carry out `verb`, on the pointer as it was `seen` (and shown to somebody), or as it is.

    Raises Refused for an arrow that does not exist, LostRace when another operator decided otherwise meanwhile,
    NoAnswer when the store kept silent and nobody knows.
    """
    return finish(control, verb, prepare(control, verb, seen or control.read()))


def prepare(control: Control, verb: Verb, seen: StoredPointer) -> Attempt:
    """Journal what `verb` makes of `seen`. When that changes nothing, nothing is written and the pointer stays."""
    after = preview(control, verb, seen)
    if after != seen.pointer:
        control.record(verb.name, seen.pointer, after)
    return Attempt(seen, after)


def preview(control: Control, verb: Verb, seen: StoredPointer) -> Pointer:
    """The pointer that `verb` would put, or the one that is `seen` if it changes nothing. Writes nothing.

    Raises Refused as the verb itself would: for an arrow that does not exist, or a token that cannot be signed.
    """
    before, wanted = seen.pointer, verb.apply(seen.pointer.state)
    if _is_there(control, verb, seen):
        return before
    return Pointer(before.revision + 1, control.new_nonce(), wanted, _order_url(control, before, wanted))


def finish(control: Control, verb: Verb, attempt: Attempt) -> Outcome:
    """Have an attempt elected, rebasing it as long as only facts that are not ours have moved."""
    before = attempt.base.pointer
    while attempt.pointer != attempt.base.pointer:
        instead = elect(control, verb, attempt)
        if instead is None:
            return Outcome(attempt.base.pointer, attempt.pointer, True, control.who, control.now())
        attempt = rebase(control, verb, attempt.base, instead)
    record = decider(control.store, control.sale, attempt.pointer.nonce)
    return Outcome(before, attempt.pointer, False, record.who if record else "", record.when if record else None)


def rebase(control: Control, verb: Verb, base: StoredPointer, current: StoredPointer) -> Attempt:
    """The same verb on what stands there now. Raises LostRace if it decides and another decision lies in between."""
    state = current.pointer.state
    if _is_there(control, verb, current):
        return Attempt(current, current.pointer)
    if verb.decides and is_contested(verb, base.pointer.state, state):
        raise _lost(control, current.pointer)
    return prepare(control, verb, current)


def _lost(control: Control, pointer: Pointer) -> LostRace:
    """By name, if the journal tells whose decision it was."""
    record = decider(control.store, control.sale, pointer.nonce)
    winner, state = record.who if record else "somebody else", pointer.state.state
    since = f"since revision {record.revision} by `{record.verb}`" if record else f"at revision {pointer.revision}"
    return LostRace(
        f"{winner} was first: {control.sale} is {state.value} {since}; nothing of yours was changed",
        f"flashgen status {control.sale}",
        winner,
    )


def elect(control: Control, verb: Verb, attempt: Attempt) -> StoredPointer | None:
    """Write the pointer if it is still the one the attempt is based on.

    None when ours is elected, also if others have built on it since; else what stands there instead. Raises NoAnswer
    when nobody knows, and any other StoreError when the store has refused.
    """
    try:
        if _is_written(control, attempt):
            return None
        return _there_instead(control, attempt)
    except NoAnswer as silence:
        raise NoAnswer(
            f"{silence}: nobody knows yet whether {control.sale} is {attempt.pointer.state.state.value}",
            f"flashgen status {control.sale}; running the same command again is safe",
        ) from silence
    except StoreError as refusal:
        if not verb.decides:
            raise
        raise _refused(control, attempt, refusal) from refusal


def _refused(control: Control, attempt: Attempt, refusal: StoreError) -> StoreError:
    """What the store said, and what that means: an operator asks that first, at T0."""
    state = attempt.base.pointer.state.state.value
    told = f"{refusal.message}; nothing public was changed: {control.sale} is {state} as before"
    return type(refusal)(told, refusal.hint)


def _is_written(control: Control, attempt: Attempt) -> bool:
    body, base = render(attempt.pointer), attempt.base
    try:
        put_settled(control.store, control.key, body, control.headers, if_match=base.etag, sleep=control.sleep)
    except Conflict:
        return False
    return True


def _there_instead(control: Control, attempt: Attempt) -> StoredPointer | None:
    """What stands there, if it is not ours nor built on ours. Raises NoAnswer, whatever keeps that from being seen."""
    try:
        current = control.read_again()
        return None if is_descendant_of(control, current.pointer, attempt.pointer) else current
    except (StoreError, Damaged) as unseen:
        raise NoAnswer(unseen.message, unseen.hint) from unseen


def _order_url(control: Control, before: Pointer, wanted: SaleState) -> OrderUrl | None:
    if wanted.state is not State.LIVE:
        return None
    if before.order and claims_of(control.sale, before.state) == claims_of(control.sale, wanted):
        # Pages refuse servers that are not baked into them: older pages know the old ones, newer pages the new.
        return OrderUrl(before.order.path, tuple(dict.fromkeys((*before.order.origins, *control.origins))))
    if control.sign is None:
        raise Refused(
            "the order token has to be signed anew, and this command has no secret",
            "configure `secret` in flashgen.yaml, or pause the sale first",
        )
    try:
        return OrderUrl(control.sign(wanted), control.origins)
    except Refused as refused:
        if before.order is None:
            raise
        raise Refused(f"a live sale's new times need a new order token: {refused.message}", refused.hint) from refused


def _is_there(control: Control, verb: Verb, seen: StoredPointer) -> bool:
    try:
        same_facts = verb.apply(seen.pointer.state) == seen.pointer.state
    except Refused:
        return False
    return same_facts and (not verb.refreshes or _is_fresh(control, seen))


def _is_fresh(control: Control, seen: StoredPointer) -> bool:
    order = _order_url(control, seen.pointer, seen.pointer.state)
    return (seen.headers, seen.pointer.order) == (control.headers, order)


def is_descendant_of(control: Control, current: Pointer, ours: Pointer) -> bool:
    """Whether `current` is `ours`, or was built on it, as the journal tells."""
    if current.nonce == ours.nonce:
        return True
    if current.revision <= ours.revision:
        return False
    chain = journal.history(control.store, control.sale, current.nonce)
    return any(record.nonce == ours.nonce for record in takewhile(lambda one: one.revision >= ours.revision, chain))
