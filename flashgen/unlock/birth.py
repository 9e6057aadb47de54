"""How a pointer comes into a store, and how it hands over to its successor. Both belong to push, in its waves."""

from __future__ import annotations

from dataclasses import replace

from flashgen.errors import Conflict, LostRace, Refused
from flashgen.store.settle import put_settled
from flashgen.unlock.pointer import Forward, Pointer, parse, pointer_name, render, version_of
from flashgen.unlock.state import State
from flashgen.unlock.transition import Control, transition
from flashgen.unlock.verbs import close


def publish_first(control: Control, first: Pointer, predecessor: str | None = None) -> bool:
    """Put the first pointer where there is none; False when one is there already.

    It gets a fresh nonce: the built one is the same for everybody, and two pushes at once have to be told apart. A
    `predecessor` is the key of the pointer it replaces after `rotate`: it must still be scheduled (else Refused), and
    all but its times is taken over, the epoch too, so that no token of before becomes good again.
    """
    base = _predecessor(control, predecessor) if predecessor else None
    if control.store.get(control.key) is not None:
        return False
    first = replace(first, nonce=control.new_nonce())
    if base:
        state = replace(base.state, starts_at=first.state.starts_at, ends_at=first.state.ends_at)
        first = replace(first, revision=base.revision + 1, state=state)
    control.record("rotate" if base else "push", base, first)
    try:
        put_settled(control.store, control.key, render(first), control.headers, if_match=None, sleep=control.sleep)
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


def _predecessor(control: Control, key: str) -> Pointer | None:
    stored = control.store.get(key)
    if stored is None:
        return None
    old = parse(stored.body, key)
    if isinstance(old, Forward):
        return None
    if old.state.state is not State.SCHEDULED:
        raise Refused(
            f"{key} is {old.state.state.value}: a version is rotated only while the sale is scheduled",
            f"put `version: {version_of(key)}` back into the YAML, then push",
        )
    return old
