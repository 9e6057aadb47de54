"""The verdict on recordings: each promise can be broken, and only the broken one is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flashgen.rehearse.crowd.scenario import VisitorRole, VisitRecord
from flashgen.rehearse.judge import is_passed, judge
from flashgen.rehearse.recording import ExpectedLoad, OrderTaken, Recording

BOUGHT = VisitRecord(VisitorRole.BUYER, -5, "ordered", -4.9, 0.02, "LAMP", "a" * 24, 2.0, 1, 0, 9, "open", ("LAMP",))
TOO_LATE = VisitRecord(VisitorRole.BUYER, -5, "sold out", -4.9, 0.4, "LAMP", "", None, 2, 0, 9, "open", ("LAMP",))
WATCHED = VisitRecord(VisitorRole.WATCHER, 2, "watched", 2.1, 2.2, polls=3, state="open", gone=("LAMP",))
LEFT = VisitRecord(VisitorRole.IMPATIENT, -5, "left", -4.9, polls=2, state="scheduled")
RECORDING = Recording(
    *("night", 4, -10.0, 20.0, 1.0, 11, 10.0, (), (BOUGHT, TOO_LATE, WATCHED, LEFT)),
    requests=((-5, "pointer", "Hit", 100), (1, "order", "200", 3)),
    origin=((-5, 20),),
    stock={"LAMP": 1, "MUG": None},
    orders=(OrderTaken("a" * 24, "LAMP", 2.0, True),),
    received={"a" * 24: 1},
    expected=ExpectedLoad(100, 20, 2.3),
)


def with_visit(visit: VisitRecord) -> Recording:
    """The recording with another first visitor."""
    return replace(RECORDING, visits=(visit, *RECORDING.visits[1:]))


def broken(recording: Recording) -> list[str]:
    """Names of the promises that were."""
    return [one.name for one in judge(recording) if one.kept is False]


def test_a_good_night_passes() -> None:
    """Every promise is kept, and says what was measured."""
    assert [] == broken(RECORDING)
    assert is_passed(judge(RECORDING))
    assert all(one.found for one in judge(RECORDING))


SECOND_ORDER = OrderTaken("b" * 24, "LAMP", 3.0, True)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: with_visit(replace(BOUGHT, opened=-0.5)), "nobody before the start"),
        (lambda: with_visit(replace(BOUGHT, forms_before=1)), "nobody before the start"),
        (lambda: replace(RECORDING, orders=(replace(RECORDING.orders[0], at=-1.0),)), "nobody before the start"),
        (lambda: with_visit(replace(BOUGHT, opened=21.0)), "time to unlock"),
        (lambda: with_visit(replace(BOUGHT, role=VisitorRole.BUYER, opened=None)), "time to unlock"),
        (lambda: replace(RECORDING, origin=((0, 500),), expected=ExpectedLoad(100, 500, 2.3)), "origin load"),
        (
            lambda: replace(RECORDING, orders=(*RECORDING.orders, SECOND_ORDER), received={"a" * 24: 1, "b" * 24: 1}),
            "no oversell",
        ),
        (lambda: replace(RECORDING, received={}), "each order once"),
        (lambda: replace(RECORDING, received={"a" * 24: 1, "c" * 24: 1}), "each order once"),
        (lambda: with_visit(replace(BOUGHT, order_id="d" * 24)), "each order once"),
        (lambda: with_visit(replace(TOO_LATE, result="unavailable")), "the right page"),
        (lambda: with_visit(replace(WATCHED, result="no page", opened=None, loaded=None)), "the right page"),
        (lambda: with_visit(replace(WATCHED, gone=("MUG",))), "the right page"),
        (lambda: with_visit(replace(WATCHED, state="paused")), "the right page"),
        (lambda: replace(RECORDING, visitors=5), "the right page"),
        (lambda: replace(RECORDING, expected=ExpectedLoad(120, 20, 2.3)), "forecast"),
    ],
)
def test_each_promise_can_be_broken(make: Callable[[], Recording], name: str) -> None:
    """And then it alone is named."""
    assert [name] == broken(make())


def test_an_order_that_was_rejected_is_no_oversell() -> None:
    """Its unit was sold again."""
    orders = (replace(SECOND_ORDER, is_kept=False), *RECORDING.orders)
    assert [] == broken(replace(RECORDING, orders=orders, received={"a" * 24: 1, "b" * 24: 3}))


def test_what_is_sent_again_under_its_key_is_one_order() -> None:
    """As after the order subsystem was down."""
    assert [] == broken(replace(RECORDING, received={"a" * 24: 7}))


def test_the_forecast_is_not_judged_with_trouble() -> None:
    """It reckons without it."""
    recording = replace(RECORDING, troubles=("slow-origin",), expected=ExpectedLoad(1, 1, 1))
    assert [] == broken(recording)
    assert None is judge(recording)[-1].kept
