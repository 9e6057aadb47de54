"""Whether two operators decided about the same thing.

Who acts at once acts on what they were shown: any decision in between wins. Who has armed a verb for later has said
what is to be at that moment, and an afternoon may pass until then: closing a SKU must not leave a sale shut at T0.
"""

from __future__ import annotations

from dataclasses import replace

from flashgen.errors import Refused
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.verbs import Verb

Fact = tuple[str, str]
"""`("state", "")`, `("epoch", "")`, `("sku", "SHIRT-1")`, or `("sku", "*")`."""


def is_contested(verb: Verb, base: SaleState, current: SaleState) -> bool:
    """Whether what was decided between `base` and `current` stands against `verb`, which was begun on `base`.

    Any decision does when `verb` acts at once. When it waits, only one that touches a fact that `verb` touches too, or
    that made it impossible; and none stands against an end, which is right after whatever comes before it.
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
    """If not even on what it was begun on, at the times of today, it was a push that made it impossible."""
    try:
        verb.apply(state)
    except Refused:
        return False
    return True


def _touched(before: SaleState, after: SaleState, skus: frozenset[str]) -> frozenset[Fact]:
    """The operators' facts that differ, of these SKUs. One of a range that is closed as a whole is closed."""
    facts = {("sku", sku) for sku in skus if _is_closed(before, sku) != _is_closed(after, sku)}
    facts |= {("state", "")} if before.state is not after.state else set()
    facts |= {("epoch", "")} if before.epoch != after.epoch else set()
    return frozenset(facts)


def _is_closed(state: SaleState, sku: str) -> bool:
    return state.closed == EVERY_SKU or sku in state.closed
