"""How a pointer comes into a store, and how it hands over to its successor. Both belong to push, in its waves."""

from __future__ import annotations

from dataclasses import replace

from flashgen.errors import Conflict, LostRace, Refused
from flashgen.store.settle import put_settled
from flashgen.unlock.control import Control
from flashgen.unlock.pointer import Forward, Pointer, parse, pointer_name, render, version_of
from flashgen.unlock.recovery import last_known
from flashgen.unlock.state import State
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import close


def publish_first(control: Control, first: Pointer, predecessor: str | None = None) -> bool:
    """Put the first pointer where there is none; False when one is there already.

    It gets a fresh nonce: the built one is the same for everybody, and two pushes at once have to be told apart.

    A `predecessor` is the key of the pointer it replaces after `rotate`: it must still be scheduled (else Refused), and
    all but its times is taken over, the epoch too, so that no token of before becomes good again. So is what the
    journal knows last of a pointer that was lost: open tabs pass over revisions below the one they have seen.
    """
    base = _predecessor(control, predecessor) if predecessor else None
    if control.store.get(control.key) is not None:
        return False
    base = base or _lost(control, predecessor)
    pointer = replace(_continued(base, first) if base else first, nonce=control.new_nonce())
    control.record("rotate" if base and predecessor else "push", base, pointer)
    try:
        put_settled(control.store, control.key, render(pointer), control.headers, if_match=None, sleep=control.sleep)
    except Conflict:
        return False
    return True


def leave_forward(control: Control, predecessor: str, version: str) -> None:
    """Turn a rotated pointer into a forward to `version`; nothing to do if it is one already.

    SKUs that an operator with the old YAML has closed there meanwhile are closed here too. Raises LostRace when more
    than that was done to it.
    """
    stored = control.store.get(predecessor)
    if stored is None or isinstance(old := parse(stored.body, predecessor), Forward):
        return
    forward = Forward(old.revision + 1, control.new_nonce(), pointer_name(version))
    try:
        if old.state.state is not State.SCHEDULED:
            raise Conflict(f"{predecessor} is {old.state.state.value}")
        if old.state.closed:
            transition(control, close(old.state.closed))
        put_settled(
            control.store, predecessor, render(forward), control.headers, if_match=stored.etag, sleep=control.sleep
        )
    except Conflict as conflict:
        raise LostRace(
            f"{predecessor} changed while it was rotated ({conflict}); pages now follow {control.key}",
            f"flashgen push {control.sale} again says how to go on",
        ) from conflict


def _continued(base: Pointer, first: Pointer) -> Pointer:
    """The revision after `base`, with the times of `first`. What was live is paused: a person is to open it again."""
    state = State.PAUSED if base.state.state is State.LIVE else base.state.state
    times = first.state
    facts = replace(base.state, state=state, starts_at=times.starts_at, ends_at=times.ends_at)
    return Pointer(base.revision + 1, base.nonce, facts)


def _lost(control: Control, predecessor: str | None) -> Pointer | None:
    """What the journal knows last. With a `predecessor`, that one is gone too; rotation has its rule all the same."""
    found = last_known(control.store, control.sale, control.now())
    if found and predecessor:
        again = (
            f"put the `version` that was pushed last back into the YAML, then flashgen push --refresh {control.sale}"
        )
        _check_rotated(found, f"{control.sale}, whose pointer is gone,", again)
    return found


def _predecessor(control: Control, key: str) -> Pointer | None:
    stored = control.store.get(key)
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
