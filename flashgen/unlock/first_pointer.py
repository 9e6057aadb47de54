"""How a pointer comes into a store, and how it hands over to its successor. Both belong to push, in its waves.

When a pointer was lost, the journal says what the sale was::

    push ◀── go-live ◀── sold-out ◀── pause       a record that another one builds on was written as the pointer
                                 ◀── end          of the newest, one was or none: their processes may have died

The journal does not say which of the newest it was, so the new pointer is built on the most cautious of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from flashgen.errors import Conflict, LostRace, Refused
from flashgen.hint import Hint, command_line
from flashgen.store import Store
from flashgen.unlock import journal
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer import Forward, Pointer, parse, pointer_name, version_of
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import close

_MOST_CAUTIOUS_FIRST = (State.ENDED, State.PAUSED, State.LIVE, State.SCHEDULED)


def publish_first(writer: PointerWriter, first: Pointer, predecessor: str | None = None) -> bool:
    """Put the first pointer where there is none; False when one is there already.

    It gets a fresh nonce: the built one is always the same, and two pushes at once must differ.

    A `predecessor` is the key of the pointer it replaces after `rotate`. It must still be scheduled (else Refused). All
    but its times is kept, the epoch too, so that no old token becomes valid again. If a pointer was lost, its last
    state in the journal is kept in the same way: open tabs ignore revisions below the one they have seen.
    """
    base = _predecessor(writer, predecessor) if predecessor else None
    if writer.file.store.get(writer.file.key) is not None:
        return False
    base = base or _lost(writer, predecessor)
    pointer = replace(_continued(base, first) if base else first, nonce=writer.actor.new_nonce())
    writer.record("rotate" if base and predecessor else "push", base, pointer)
    try:
        writer.put(pointer, if_match=None)
    except Conflict:
        return False
    return True


def leave_forward(writer: PointerWriter, predecessor: str, version: str) -> None:
    """Turn a rotated pointer into a forward to `version`; nothing to do if it is one already.

    SKUs that an operator with the old YAML has closed there since are closed here too. Raises LostRace when more than
    that was changed.
    """
    stored = writer.file.store.get(predecessor)
    if stored is None or isinstance(old := parse(stored.body, predecessor), Forward):
        return
    forward = Forward(old.revision + 1, writer.actor.new_nonce(), pointer_name(version))
    try:
        if old.state.state is not State.SCHEDULED:
            raise Conflict(f"{predecessor} is {old.state.state.value}")
        if old.state.closed:
            transition(writer, close(old.state.closed))
        writer.put(forward, if_match=stored.etag, key=predecessor)
    except Conflict as conflict:
        raise LostRace(
            f"{predecessor} changed while it was rotated ({conflict}); pages now follow {writer.file.key}",
            Hint(command_line(f"push {writer.file.sale}"), " again says how to go on"),
        ) from conflict


def _continued(base: Pointer, first: Pointer) -> Pointer:
    """The revision after `base`, with the times of `first`. What was live is paused: a person is to open it again."""
    state = State.PAUSED if base.state.state is State.LIVE else base.state.state
    times = first.state
    kept = replace(base.state, state=state, starts_at=times.starts_at, ends_at=times.ends_at)
    return Pointer(base.revision + 1, base.nonce, kept)


def _lost(writer: PointerWriter, predecessor: str | None) -> Pointer | None:
    """What the journal knows last. With a `predecessor`, that one is gone too; rotation has its rule all the same."""
    found = last_known(writer.file.store, writer.file.sale, writer.actor.now())
    if found and predecessor:
        sale = writer.file.sale
        hint = Hint(
            "put the `version` that was pushed last back into the YAML, then ", command_line(f"push --refresh {sale}")
        )
        _check_rotated(found, f"{sale}, whose pointer is gone,", hint)
    return found


def _predecessor(writer: PointerWriter, key: str) -> Pointer | None:
    stored = writer.file.store.get(key)
    if stored is None:
        return None
    old = parse(stored.body, key)
    if isinstance(old, Forward):
        return None
    _check_rotated(old, key, f"put `version: {version_of(key)}` back into the YAML, then push")
    return old


def _check_rotated(old: Pointer, name: str, hint: str) -> None:
    state = old.state.state
    if state is not State.SCHEDULED:
        raise Refused(f"{name} is {state.value}: a version is rotated only while the sale is scheduled", hint)


def last_known(store: Store, sale: str, now: datetime) -> Pointer | None:
    """The newest pointer in the journal, without its order URL; None if the first one was never changed.

    Revision 0 holds what the YAML says and nothing else: a push makes it again. An attempt that waits for a moment
    after `now` was not written. Costs one listing, and a GET for each record.
    """
    records = journal.read_all(store, sale)
    written = {record.parent for record in records}
    due = [record for record in records if record.when <= now or record.nonce in written]
    newest = max((record.revision for record in due), default=0)
    if newest == 0:
        return None
    candidates = [record for record in due if record.revision == newest]
    head = min(candidates, key=lambda one: (_MOST_CAUTIOUS_FIRST.index(one.state.state), one.nonce))
    epoch = max(record.state.epoch for record in due)
    return Pointer(newest, head.nonce, replace(_nothing_reopened(head.state, candidates), epoch=epoch))


def _nothing_reopened(state: SaleState, candidates: Iterable[Record]) -> SaleState:
    """What any of them has closed or sold stays so: to sell a unit twice is worse than to reopen it by hand."""
    states = [record.state for record in candidates]
    closed = frozenset[str]().union(*(one.closed for one in states))
    sold = frozenset[str]().union(*(one.sold for one in states))
    return replace(state, closed=EVERY_SKU if closed >= EVERY_SKU else closed, sold=sold)
