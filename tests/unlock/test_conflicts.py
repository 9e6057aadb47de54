"""Decisions of two operators, about one thing or about two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.operators import ENDS_AT, STARTS_AT, go_live

from flashgen.unlock import verbs
from flashgen.unlock.conflicts import is_contested
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.verbs import Verb

A, B = frozenset({"A"}), frozenset({"B"})
SCHEDULED = SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT)
LIVE = SaleState(State.LIVE, STARTS_AT, ENDS_AT, STARTS_AT, 1, "t")
PAUSED = replace(LIVE, state=State.PAUSED)

CASES: dict[str, tuple[Verb, SaleState, SaleState, bool]] = {
    "the gate sells out": (go_live(), SCHEDULED, replace(SCHEDULED, sold=A), False),
    "a SKU is closed": (go_live(), SCHEDULED, replace(SCHEDULED, closed=A), False),
    "every SKU is closed": (go_live(), SCHEDULED, replace(SCHEDULED, closed=EVERY_SKU), False),
    "it is opened and rolled back": (go_live(), SCHEDULED, replace(LIVE, state=State.SCHEDULED), True),
    "it is ended": (go_live(), SCHEDULED, replace(SCHEDULED, state=State.ENDED), True),
    "another SKU is closed": (verbs.close(A), LIVE, replace(LIVE, closed=B), False),
    "a SKU is closed before the whole range": (verbs.close(EVERY_SKU), LIVE, replace(LIVE, closed=A), False),
    "a SKU is open again before the whole range": (verbs.close(EVERY_SKU), replace(LIVE, closed=A), LIVE, True),
    "a SKU is closed, and a push has moved the start": (
        go_live(),
        SCHEDULED,
        replace(SCHEDULED, closed=A, starts_at=STARTS_AT + timedelta(hours=1)),
        False,
    ),
    "one of its SKUs is closed already": (verbs.close(A | B), LIVE, replace(LIVE, closed=A), False),
    "the range is closed before a SKU comes back": (
        verbs.reopen(A, A | B),
        replace(LIVE, closed=A),
        replace(LIVE, closed=EVERY_SKU),
        True,
    ),
    "it is opened before its end": (verbs.end(), SCHEDULED, LIVE, False),
    "it is paused before its end": (verbs.end(), LIVE, PAUSED, False),
    "it is ended before its pause": (verbs.pause(), LIVE, replace(LIVE, state=State.ENDED), True),
    "a SKU that the rollback would open is closed": (
        verbs.rollback(LIVE, STARTS_AT, "u"),
        PAUSED,
        replace(PAUSED, closed=A),
        True,
    ),
    "it is rolled back before a rollback": (
        verbs.rollback(LIVE, STARTS_AT, "u"),
        PAUSED,
        replace(PAUSED, state=State.SCHEDULED),
        True,
    ),
    "a SKU is closed, and a push has moved the end before the opening": (
        go_live(),
        SCHEDULED,
        replace(SCHEDULED, closed=A, starts_at=STARTS_AT - timedelta(hours=2), ends_at=STARTS_AT - timedelta(hours=1)),
        False,
    ),
    "a SKU is closed before a resume": (verbs.resume(), PAUSED, replace(PAUSED, closed=A), False),
    "it is ended before a SKU comes back": (
        verbs.reopen(A, A),
        replace(LIVE, closed=A),
        replace(LIVE, state=State.ENDED, closed=A),
        True,
    ),
}
"""A verb, the state it was begun on, what others have made of that, and whether it stands against the verb."""


@pytest.mark.parametrize("name", CASES)
def test_a_verb_that_waits_loses_only_to_decisions_about_the_same(name: str) -> None:
    """An afternoon may pass until it is due."""
    verb, base, current, contested = CASES[name]
    assert contested == is_contested(replace(verb, waits=True), base, current)


@pytest.mark.parametrize("name", CASES)
def test_a_verb_at_once_loses_to_any_decision(name: str) -> None:
    """It is about what the operator was shown; the gate decides nothing."""
    verb, base, current, _ = CASES[name]
    assert (name != "the gate sells out") == is_contested(verb, base, current)
