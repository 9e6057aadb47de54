"""One step of a sale's life: a journal record, then one conditional write of the pointer.

::

    read ─▶ apply the verb ─▶ journal (an attempt) ─▶ PUT If-Match ─▶ won
              ▲                                         │ 412, 409 or no answer: read back
              └── rebase: only `sold` or times moved ◀──┼──▶ ours, or its ancestor: won
                                                        ├──▶ the asked state is there: nothing to do
                                                        └──▶ somebody else decided otherwise: LostRace

The PUT alone decides who wins. An attempt keeps its nonce and its bytes whatever is retried, so that a write whose
answer was lost is recognised when it is read back.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from flashgen.errors import Conflict, LostRace, NoAnswer, Refused, StoreError
from flashgen.hint import Hint, command_line
from flashgen.typed_json import UnreadableObject
from flashgen.unlock import journal
from flashgen.unlock.conflicts import is_contested
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_file import PointerFile, StoredPointer
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import SaleState
from flashgen.unlock.verbs import Verb


@dataclass(frozen=True, slots=True)
class Attempt:
    """A revision that is in the journal and not yet in the pointer; with `pointer` that of `base`, nothing is to do."""

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


def transition(writer: PointerWriter, verb: Verb, seen: StoredPointer | None = None) -> Outcome:
    """Carry out `verb`, on the pointer as it was `seen` (and shown to an operator), or as it is.

    Raises Refused for an arrow that does not exist, LostRace when another operator has decided otherwise since,
    NoAnswer when the store did not answer and nobody knows.
    """
    return finish(writer, verb, prepare(writer, verb, seen or writer.file.read()))


def preview(writer: PointerWriter, verb: Verb, seen: StoredPointer) -> SaleState:
    """The state that `verb` would lead to; that of `seen` if it changes nothing. Nothing is written or signed.

    Raises Refused as the verb itself would: for an arrow that does not exist, or where no token could be signed.
    """
    wanted = verb.apply(seen.pointer.state)
    if wanted != seen.pointer.state:
        writer.orders.check(writer.file.sale, seen.pointer, wanted)
    return wanted


def prepare(writer: PointerWriter, verb: Verb, seen: StoredPointer) -> Attempt:
    """Journal what `verb` makes of `seen`. When that changes nothing, nothing is written and the pointer stays.

    Raises Refused as `preview` does.
    """
    before, wanted = seen.pointer, verb.apply(seen.pointer.state)
    if _changes_nothing(writer, verb, seen, wanted):
        return Attempt(seen, before)
    after = Pointer(before.revision + 1, writer.actor.new_nonce(), wanted, writer.order_url(before, wanted))
    writer.record(verb.name, before, after)
    return Attempt(seen, after)


def finish(writer: PointerWriter, verb: Verb, attempt: Attempt) -> Outcome:
    """Write an attempt; rebase it as long as others have changed only their own facts."""
    before, file = attempt.base.pointer, writer.file
    while attempt.pointer != attempt.base.pointer:
        instead = try_write(writer, verb, attempt)
        if instead is None:
            return Outcome(attempt.base.pointer, attempt.pointer, True, writer.actor.who, writer.actor.now())
        attempt = rebase(writer, verb, attempt.base, instead)
    record = journal.last_decision(file.store, file.sale, attempt.pointer.nonce)
    return Outcome(before, attempt.pointer, False, record.who if record else "", record.when if record else None)


def rebase(writer: PointerWriter, verb: Verb, base: StoredPointer, current: StoredPointer) -> Attempt:
    """The same verb on the pointer that is there now.

    Raises LostRace if the verb decides and another decision lies in between, else Refused as `prepare` does.
    """
    is_open = verb.decides and not _is_done(writer, verb, current)
    if is_open and is_contested(verb, base.pointer.state, current.pointer.state):
        raise _lost(writer.file, current.pointer)
    return prepare(writer, verb, current)


def _is_done(writer: PointerWriter, verb: Verb, current: StoredPointer) -> bool:
    try:
        return _changes_nothing(writer, verb, current, verb.apply(current.pointer.state))
    except Refused:
        return False


def _changes_nothing(writer: PointerWriter, verb: Verb, seen: StoredPointer, wanted: SaleState) -> bool:
    if wanted != seen.pointer.state:
        return False
    if not verb.refreshes:
        return True
    return (seen.headers, seen.pointer.order) == (writer.headers, writer.order_url(seen.pointer, wanted))


def _lost(file: PointerFile, pointer: Pointer) -> LostRace:
    """Names the winner, if the journal tells whose decision it was."""
    record = journal.last_decision(file.store, file.sale, pointer.nonce)
    winner, state = record.who if record else "somebody else", pointer.state.state
    since = f"since revision {record.revision} by `{record.verb}`" if record else f"at revision {pointer.revision}"
    return LostRace(
        f"{winner} was first: {file.sale} is {state.value} {since}; nothing of yours was changed",
        command_line(f"status {file.sale}"),
        winner,
    )


def try_write(writer: PointerWriter, verb: Verb, attempt: Attempt) -> StoredPointer | None:
    """Write the pointer if it is still the one the attempt is based on.

    Returns None when ours was written, also if others have built on it since; else the pointer that is there instead.
    Raises NoAnswer when nobody knows, and any other StoreError when the store has refused.
    """
    sale = writer.file.sale
    try:
        with suppress(Conflict):
            writer.put(attempt.pointer, if_match=attempt.base.etag)
            return None
        return _there_instead(writer.file, attempt)
    except NoAnswer as silence:
        raise NoAnswer(
            f"{silence}: nobody knows yet whether {sale} is {attempt.pointer.state.state.value}",
            Hint(command_line(f"status {sale}"), "; running the same command again is safe"),
        ) from silence
    except StoreError as refusal:
        if not verb.decides:
            raise
        # What that means for the sale, an operator asks first at T0.
        state = attempt.base.pointer.state.state.value
        message = f"{refusal.message}; nothing public was changed: {sale} is {state} as before"
        raise type(refusal)(message, refusal.hint) from refusal


def _there_instead(file: PointerFile, attempt: Attempt) -> StoredPointer | None:
    """The pointer that is there, unless it is ours or built on ours. Raises NoAnswer when it cannot be read."""
    try:
        current = file.read_again()
        return None if is_descendant_of(file, current.pointer, attempt.pointer) else current
    except (StoreError, UnreadableObject) as unseen:
        raise NoAnswer(unseen.message, unseen.hint) from unseen


def is_descendant_of(file: PointerFile, current: Pointer, ours: Pointer) -> bool:
    """Whether `current` is `ours` or was built on it, by the journal."""
    if current.nonce == ours.nonce:
        return True
    if current.revision <= ours.revision:
        return False
    records = journal.history(file.store, file.sale, current.nonce)
    return any(record.nonce == ours.nonce for record in takewhile(lambda one: one.revision >= ours.revision, records))
