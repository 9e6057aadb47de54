"""Whether two operators decided about the same thing.

Who acts at once acts on what they were shown: any decision in between wins. Who has armed a verb for later has said
what is to be at that moment, and an afternoon may pass until then: closing a SKU must not leave a sale shut at T0.
"""

from __future__ import annotations

from flashgen.errors import Refused
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.verbs import Verb

Fact = tuple[str, str]
"""`("state", "")`, `("epoch", "")`, or `("sku", "SHIRT-1")`."""


def is_contested(verb: Verb, base: SaleState, current: SaleState) -> bool:
    """Whether what was decided between `base` and `current` stands against `verb`, which was begun on `base`.

    Any decision does when `verb` acts at once. When it waits, only one that touches a fact that `verb` touches too, or
    that made it impossible; and none stands against an end, which is right after whatever comes before it.
    """
    theirs = _touched(base, current)
    if not (theirs and verb.waits):
        return bool(theirs)
    try:
        wanted = verb.apply(current)
    except Refused:
        return True
    ours = _touched(base, verb.apply(base)) | _touched(current, wanted)
    return wanted.state is not State.ENDED and not ours.isdisjoint(theirs)


def _touched(before: SaleState, after: SaleState) -> frozenset[Fact]:
    """The operators' facts that differ."""
    facts = {("sku", sku) for sku in before.closed ^ after.closed}
    facts |= {("state", "")} if before.state is not after.state else set()
    facts |= {("epoch", "")} if before.epoch != after.epoch else set()
    return frozenset(facts)
