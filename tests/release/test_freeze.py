"""When nothing is pushed or pruned, and when that begins and ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.operators import ENDS_AT, SALE, STARTS_AT

from flashgen.errors import Refused
from flashgen.release.freeze import FreezeWindow, freeze_window_of
from flashgen.release.manifest import Manifest, PublishedPointer
from flashgen.store import Headers

HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)
LATER = STARTS_AT + timedelta(days=3)


def _freeze(*starts: datetime) -> FreezeWindow:
    return FreezeWindow(SALE, starts, HOUR, 2 * HOUR)


@pytest.mark.parametrize(
    ("at", "is_frozen"),
    [
        (STARTS_AT - HOUR - MOMENT, False),
        (STARTS_AT - HOUR, True),
        (STARTS_AT, True),
        (STARTS_AT + 2 * HOUR - MOMENT, True),
        (STARTS_AT + 2 * HOUR, False),
        (LATER, True),
    ],
)
def test_it_lasts_from_before_each_start_until_after_it(at: datetime, is_frozen: bool) -> None:
    """To the moment; what says when it ends, agrees."""
    freeze = _freeze(STARTS_AT, LATER)
    assert is_frozen is (freeze.opens_at(at) is not None)
    if not is_frozen:
        freeze.check(at)
        return
    with pytest.raises(Refused, match="nothing is pushed or pruned") as refused:
        freeze.check(at)
    assert "--force" in refused.value.hint


@pytest.mark.parametrize(
    ("at", "closes_at", "opens_at"),
    [
        (STARTS_AT - 2 * HOUR, STARTS_AT - HOUR, None),
        (STARTS_AT, LATER - HOUR, STARTS_AT + 2 * HOUR),
        (STARTS_AT + 2 * HOUR, LATER - HOUR, None),
        (LATER, None, LATER + 2 * HOUR),
        (LATER + 2 * HOUR, None, None),
    ],
)
def test_the_next_begins_and_the_present_one_ends(
    at: datetime, closes_at: datetime | None, opens_at: datetime | None
) -> None:
    """Whichever start that is of."""
    freeze = _freeze(STARTS_AT, LATER)
    assert (closes_at, opens_at) == (freeze.closes_at(at), freeze.opens_at(at))


def test_of_two_that_touch_the_last_counts() -> None:
    """There is no moment between them to push in."""
    freeze = _freeze(STARTS_AT, STARTS_AT + 3 * HOUR, STARTS_AT + 4 * HOUR)
    assert STARTS_AT + 6 * HOUR == freeze.opens_at(STARTS_AT)


def test_it_is_around_the_start_that_was_pushed_and_the_one_to_be() -> None:
    """Shoppers know the one, and will know the other."""
    pointer = PublishedPointer("k", STARTS_AT, ENDS_AT, Headers("", ""))
    assert FreezeWindow(SALE, (STARTS_AT, LATER), HOUR, HOUR) == freeze_window_of(
        Manifest(SALE, pointer=pointer), LATER, HOUR, HOUR
    )
    assert FreezeWindow(SALE, (LATER,), HOUR, HOUR) == freeze_window_of(Manifest(SALE), LATER, HOUR, HOUR)
