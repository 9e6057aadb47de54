"""Whether two operators decided about the same thing.

A verb that acts at once acts on what its operator saw: any decision in between wins. A verb that was armed for later
says what is to be at that moment, and an afternoon may pass until then: closing a SKU must not leave a sale shut at T0.
"""

from __future__ import annotations

from dataclasses import replace

from flashgen.errors import Refused
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.verbs import Verb

Fact = tuple[str, str]
"""`("state", "")`, `("epoch", "")`, `("sku", "SHIRT-1")`, or `("sku", "*")`."""


def is_contested(verb: Verb, base: SaleState, current: SaleState) -> bool:
    """Whether a decision between `base` and `current` rules out `verb`, which was begun on `base`.

    If `verb` acts at once, any decision does. If it waits, only one that touches a fact that `verb` touches too, or
    that made it impossible. Nothing rules out an end, which is right after whatever comes before it.
    """
    if base.operators_part == current.operators_part:
        return False
    if not verb.waits:
        return True
    try:
        wanted = verb.apply(current)
    except Refused:
        return _is_possible(verb, replace(base, starts_at=current.starts_at, ends_at=current.ends_at))
    skus = base.closed | current.closed | wanted.closed
    return wanted.state is not State.ENDED and not _touched(current, wanted, skus).isdisjoint(
        _touched(base, current, skus)
    )


def _is_possible(verb: Verb, state: SaleState) -> bool:
    """If the verb fails even on its original base with today's times, a push ruled it out, and no operator."""
    try:
        verb.apply(state)
    except Refused:
        return False
    return True


def _touched(before: SaleState, after: SaleState, skus: frozenset[str]) -> frozenset[Fact]:
    """The operators' facts that differ, of these SKUs. A SKU is closed, too, if the whole range is."""
    touched = {("sku", sku) for sku in skus if _is_closed(before, sku) != _is_closed(after, sku)}
    touched |= {("state", "")} if before.state is not after.state else set()
    touched |= {("epoch", "")} if before.epoch != after.epoch else set()
    return frozenset(touched)


def _is_closed(state: SaleState, sku: str) -> bool:
    return state.closed == EVERY_SKU or sku in state.closed
