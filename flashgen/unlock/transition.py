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

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from flashgen.errors import Conflict, LostRace, NoAnswer, Refused, StoreError
from flashgen.store import Headers, Store
from flashgen.store.settle import put_settled
from flashgen.unlock import journal
from flashgen.unlock.crossing import is_contested
from flashgen.unlock.pointer import Forward, OrderUrl, Pointer, parse, render
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.token import claims_of
from flashgen.unlock.verbs import Verb


class NotPushed(Refused):
    """A sale has no pointer: as far as can be told from here, it was never pushed to this store."""


class PointerLost(Refused):
    """A sale has no pointer any more: somebody deleted it."""

    def __init__(self, sale: str, key: str, store_url: str) -> None:
        super().__init__(
            f"{key} is gone from {store_url}: somebody deleted it",
            f"flashgen push --refresh {sale} puts it again as the journal has it; what was live is paused then, and "
            f"flashgen resume {sale} opens it",
        )


@dataclass(frozen=True, slots=True)
class Control:
    """A hand on one sale's pointer, and everything it needs from the world outside.

    `sign` makes the order path of a live state; without it a token can only be copied. `origins` are the order servers.
    `now` returns an aware datetime, `new_nonce` a fresh random name, `sleep` waits for some seconds.
    """

    store: Store
    sale: str
    key: str
    headers: Headers
    who: str
    now: Callable[[], datetime]
    new_nonce: Callable[[], str]
    sleep: Callable[[float], None]
    origins: tuple[str, ...] = ()
    sign: Callable[[SaleState], str] | None = None

    def record(self, verb: str, base: Pointer | None, after: Pointer) -> None:
        """Journal that `after` is about to be put in place of `base`."""
        record = journal.Record(
            nonce=after.nonce,
            parent=base.nonce if base else None,
            revision=after.revision,
            verb=verb,
            who=self.who,
            when=self.now(),
            before=base.state.state if base else None,
            state=after.state,
        )
        journal.write(self.store, self.sale, record)

    def read(self) -> Seen:
        """The pointer as it is. Raises NotPushed when there is none, Refused when it was rotated away or damaged."""
        stored = self.store.get(self.key)
        if stored is None:
            raise NotPushed(
                f"{self.sale} has no pointer in {self.store.url}: it was never pushed there",
                f"flashgen push {self.sale}",
            )
        pointer = parse(stored.body, self.key)
        if isinstance(pointer, Forward):
            raise Refused(
                f"{self.key} was rotated to {pointer.target}; this sale's YAML still names the old version",
                "get the YAML with the new `unlock.version` (git pull), then try again",
            )
        return Seen(pointer, stored.headers, stored.etag)

    def read_again(self) -> Seen:
        """The pointer, which was there before. Raises PointerLost when there is none now, else as `read`."""
        try:
            return self.read()
        except NotPushed as missing:
            raise PointerLost(self.sale, self.key, self.store.url) from missing


@dataclass(frozen=True, slots=True)
class Seen:
    """A pointer as it was read, and the etag to match when writing over it."""

    pointer: Pointer
    headers: Headers
    etag: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A revision that is journaled and not yet elected."""

    base: Seen
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a transition ended. `who` and `when` say who made it what it is now: not us, if `changed` is false."""

    before: Pointer
    after: Pointer
    changed: bool
    who: str
    when: datetime | None


def transition(control: Control, verb: Verb, seen: Seen | None = None) -> Outcome:
    """Carry out `verb`, on the pointer as it was `seen` (and shown to somebody), or as it is.

    Raises Refused for an arrow that does not exist, LostRace when another operator decided otherwise meanwhile,
    NoAnswer when the store kept silent and nobody knows.
    """
    return finish(control, verb, prepare(control, verb, seen or control.read()))


def prepare(control: Control, verb: Verb, seen: Seen) -> Attempt:
    """Journal what `verb` makes of `seen`. When that changes nothing, nothing is written and the pointer stays."""
    after = outlook(control, verb, seen)
    if after != seen.pointer:
        control.record(verb.name, seen.pointer, after)
    return Attempt(seen, after)


def outlook(control: Control, verb: Verb, seen: Seen) -> Pointer:
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
        instead = elect(control, attempt)
        if instead is None:
            return Outcome(attempt.base.pointer, attempt.pointer, True, control.who, control.now())
        attempt = rebase(control, verb, attempt.base, instead)
    record = journal.decision(journal.history(control.store, control.sale, attempt.pointer.nonce))
    return Outcome(before, attempt.pointer, False, record.who if record else "", record.when if record else None)


def rebase(control: Control, verb: Verb, base: Seen, current: Seen) -> Attempt:
    """The same verb on what stands there now. Raises LostRace if it decides and another decision lies in between."""
    state = current.pointer.state
    if _is_there(control, verb, current):
        return Attempt(current, current.pointer)
    if verb.decides and is_contested(verb, base.pointer.state, state):
        record = journal.decision(journal.history(control.store, control.sale, current.pointer.nonce))
        winner = record.who if record else "somebody else"
        done = f" by `{record.verb}`" if record else ""
        raise LostRace(
            f"{winner} was first: {control.sale} is {state.state.value} since revision "
            f"{record.revision if record else current.pointer.revision}{done}; nothing of yours was changed",
            f"flashgen status {control.sale}",
            winner,
        )
    return prepare(control, verb, current)


def elect(control: Control, attempt: Attempt) -> Seen | None:
    """Write the pointer if it is still the one the attempt is based on.

    None when ours is elected, also if others have built on it since; else what stands there instead.
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


def _is_written(control: Control, attempt: Attempt) -> bool:
    body, base = render(attempt.pointer), attempt.base
    try:
        put_settled(control.store, control.key, body, control.headers, if_match=base.etag, sleep=control.sleep)
    except Conflict:
        return False
    return True


def _there_instead(control: Control, attempt: Attempt) -> Seen | None:
    """What stands there, if it is not ours nor built on ours. Raises NoAnswer, whatever keeps that from being seen."""
    try:
        current = control.read_again()
        return None if descends(control, current.pointer, attempt.pointer) else current
    except StoreError as unseen:
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
    return OrderUrl(control.sign(wanted), control.origins)


def _is_there(control: Control, verb: Verb, seen: Seen) -> bool:
    try:
        same_facts = verb.apply(seen.pointer.state) == seen.pointer.state
    except Refused:
        return False
    return same_facts and (not verb.refreshes or _is_fresh(control, seen))


def _is_fresh(control: Control, seen: Seen) -> bool:
    order = _order_url(control, seen.pointer, seen.pointer.state)
    return (seen.headers, seen.pointer.order) == (control.headers, order)


def descends(control: Control, current: Pointer, ours: Pointer) -> bool:
    """Whether `current` is `ours`, or was built on it, as the journal tells."""
    if current.nonce == ours.nonce:
        return True
    if current.revision <= ours.revision:
        return False
    chain = journal.history(control.store, control.sale, current.nonce)
    return any(record.nonce == ours.nonce for record in takewhile(lambda one: one.revision >= ours.revision, chain))
