"""What follows from how a sale stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import click
import pytest
from support.operators import ENDS_AT, STARTS_AT
from support.standings import HOUR, REVISION, attempt, header, record, sight, standing, state

from flashgen.cli.status.model import NextStep, SaleStatus, StatusDetails, countdown, elapsed, to_json
from flashgen.cli.status.text import brief, lines, next_text, way_on
from flashgen.release.manifest import PRUNE, Claim
from flashgen.unlock.pending_attempts import Fate
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import State
from flashgen.unlock.visibility import EdgePointer

SECOND = timedelta(seconds=1)


def said(sale: SaleStatus) -> list[str]:
    """What a terminal without colours shows."""
    return [click.unstyle(line) for line in lines(sale, with_history=False)]


@pytest.mark.parametrize(
    ("kind", "now", "expected"),
    [
        (State.SCHEDULED, STARTS_AT - HOUR, NextStep("starts_at", STARTS_AT)),
        (State.SCHEDULED, STARTS_AT + HOUR, NextStep("starts_at", STARTS_AT)),
        (State.LIVE, STARTS_AT - SECOND, NextStep("opens_at", STARTS_AT)),
        (State.LIVE, STARTS_AT, NextStep("ends_at", ENDS_AT)),
        (State.PAUSED, STARTS_AT - SECOND, NextStep("ends_at", ENDS_AT)),
        (State.ENDED, STARTS_AT, None),
        (State.LIVE, ENDS_AT, None),
        (State.SCHEDULED, ENDS_AT, None),
    ],
)
def test_what_comes_next(kind: State, now: datetime, expected: NextStep | None) -> None:
    """A start that nobody has made remains the next step, until there is nothing left to open."""
    assert expected == standing(kind, now).next_step


def test_an_overdue_start_says_so() -> None:
    """In words that nobody can take for a countdown."""
    late = standing(State.SCHEDULED, STARTS_AT + 90 * SECOND)
    assert "was to start 00:01:30 ago, at 2026-11-27T08:00:00Z, and nobody has opened it" == next_text(late)


@pytest.mark.parametrize(("now", "over"), [(ENDS_AT - SECOND, False), (ENDS_AT, True)])
def test_a_live_sale_past_its_end_is_said_to_be(now: datetime, over: bool) -> None:
    """Pages show it as ended by then: since its end, which is not when it was made live."""
    sale = standing(State.LIVE, now)
    past = "; past its end since 2026-11-27T20:00:00Z" if over else ""
    assert f"fair: live since 2026-11-27T08:00:00Z, by ann{past} (revision 5)" == said(sale)[0]
    assert f"live{', past its end' if over else ''}, revision 5" in click.unstyle(brief(sale))
    assert ("live", over) == (to_json(sale)["state"], to_json(sale)["past_end"])
    assert ("flashgen end fair, or move `ends_at` and push" if over else "") == way_on(sale)


def test_there_is_nothing_to_do_about_what_was_ended() -> None:
    """Nor is it past its end."""
    ended = standing(State.ENDED, ENDS_AT + HOUR)
    assert ("", "past" in said(ended)[0]) == (way_on(ended), False)


def test_what_was_rolled_back_does_not_open() -> None:
    """Its pointer still holds when it once did, and so does the JSON."""
    rolled_back = standing(pointer=Pointer(REVISION, "r5", state(State.SCHEDULED, opens_at=STARTS_AT)))
    assert [] == [line for line in said(rolled_back) if line.startswith("  opens")]
    assert "2026-11-27T08:00:00Z" == to_json(rolled_back)["opens_at"]


def test_a_live_sale_opens_when_its_pointer_says() -> None:
    """Pages and gate go by that, wherever the start was moved to since."""
    moved = replace(state(), opens_at=STARTS_AT, starts_at=STARTS_AT + HOUR)
    sale = standing(now=STARTS_AT - HOUR, pointer=Pointer(REVISION, "r5", moved))
    assert NextStep("opens_at", STARTS_AT) == sale.next_step


def test_an_armed_attempt_is_told_without_guessing() -> None:
    """Whoever armed it may have pressed Ctrl-C, and nobody would know."""
    armed = standing(background=StatusDetails((), None, (attempt(Fate.ARMED),)))
    assert (
        "  attempt   ann armed `verb` at 2026-11-27T07:00:00Z for 2026-11-27T08:00:00Z; "
        "whether it still waits cannot be seen"
    ) == said(armed)[-1]


@pytest.mark.parametrize(
    ("shown", "drift"),
    [
        (sight(REVISION), ()),
        (sight(4, age=7), ("the edge shows revision 4 (Age 7 s), the store has 5",)),
        (sight(4, age=None), ("the edge shows revision 4, the store has 5",)),
        (
            sight(5, "x", 0),
            ("the edge shows another revision 5 than the store has (Age 0 s): is it this store's edge?",),
        ),
        (EdgePointer(problem="no connection"), ()),
        (EdgePointer(), ()),
    ],
)
def test_an_edge_that_shows_another_revision_is_drift(shown: EdgePointer, drift: tuple[str, ...]) -> None:
    """One that shows none is not: nobody knows."""
    assert drift == standing(shown=shown).drift


def test_times_that_were_not_pushed_are_drift() -> None:
    """Pages and gate go by the pointer."""
    expected = "starts_at: the YAML says 2026-11-27T09:00:00Z, the pointer 2026-11-27T08:00:00Z; push brings it over"
    assert (expected,) == standing(header=header(starts_at=STARTS_AT + HOUR)).drift


def test_who_decided_is_looked_for_behind_what_the_gate_wrote() -> None:
    """Selling out decides nothing."""
    sold = record(State.LIVE, who="gate", sold=frozenset({"LAMP"}))
    opened, pushed = record(State.LIVE, revision=4), record(State.SCHEDULED, revision=3, who="ops")
    assert "ann" == standing(background=StatusDetails((sold, opened, pushed))).decision.who  # type: ignore[union-attr]
    assert None is standing(background=StatusDetails((sold,))).decision


def test_whatever_is_unfinished_has_a_line() -> None:
    """Who, what and since when; and what could not be read."""
    mine = attempt(Fate.DIED, revision=6)
    push, prune = Claim("bob", STARTS_AT, "digest", ()), Claim("bob", STARTS_AT, PRUNE, ())
    for claim, what in ((push, "push"), (prune, "prune")):
        assert [
            f"  {what:<9} bob began it at 2026-11-27T08:00:00Z and has not finished it",
            "  attempt   ann began `verb` at 2026-11-27T08:00:00Z, and never wrote it: nothing of it is public",
            "  unread    the rest: no",
        ] == said(standing(background=StatusDetails((), claim, (mine,), "the rest: no")))[-3:]


@pytest.mark.parametrize(
    ("span", "down", "up"),
    [
        (timedelta(), "00:00:00", "00:00:00"),
        (timedelta(milliseconds=1), "00:00:00", "00:00:01"),
        (timedelta(hours=3, minutes=4, seconds=5), "03:04:05", "03:04:05"),
        (timedelta(days=2, seconds=-0.5), "1 d 23:59:59", "2 d 00:00:00"),
    ],
)
def test_spans_to_the_second(span: timedelta, down: str, up: str) -> None:
    """What has passed is rounded down, what is left is rounded up: at zero it is there."""
    assert (down, up) == (elapsed(span), countdown(span))


def test_no_more_than_nothing_has_passed_by_a_clock_that_is_behind() -> None:
    """The journal was written by another machine's."""
    assert "00:00:00" == elapsed(timedelta(seconds=-3))


def test_state_and_token_are_told_apart() -> None:
    """What a token is made of is nobody's business."""
    live = standing(pointer=Pointer(5, "r5", replace(state(), token_nonce="mint")))
    assert "mint" not in repr(to_json(live)) + "".join(lines(live, with_history=True))
