"""A SaleStatus: what follows from it, its text and its JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import click
import pytest
from support.operators import ENDS_AT, STARTS_AT
from support.statuses import HOUR, REVISION, attempt, edge_shows, header, record, state, status

from flashgen.cli.status.model import NextStep, SaleStatus, StatusDetails, countdown, elapsed, to_json
from flashgen.cli.status.text import brief, lines, next_text, required_action
from flashgen.release.manifest import PRUNE, Claim
from flashgen.unlock.pending_attempts import AttemptStatus
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import State
from flashgen.unlock.visibility import EdgePointer

SECOND = timedelta(seconds=1)


def text_lines(sale: SaleStatus) -> list[str]:
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
    """A start that has passed remains the next step, until there is nothing left to open."""
    assert expected == status(kind, now).next_step


def test_an_overdue_start_says_so() -> None:
    """In words that do not read like a countdown."""
    late = status(State.SCHEDULED, STARTS_AT + 90 * SECOND)
    assert "was to start 00:01:30 ago, at 2026-11-27T08:00:00Z, and nobody has opened it" == next_text(late)


@pytest.mark.parametrize(("now", "over"), [(ENDS_AT - SECOND, False), (ENDS_AT, True)])
def test_a_live_sale_past_its_end_says_so(now: datetime, over: bool) -> None:
    """Pages show it as ended by then: since its end, which is not when it was made live."""
    sale = status(State.LIVE, now)
    past = "; past its end since 2026-11-27T20:00:00Z" if over else ""
    assert f"fair: live since 2026-11-27T08:00:00Z, by ann{past} (revision 5)" == text_lines(sale)[0]
    assert f"live{', past its end' if over else ''}, revision 5" in click.unstyle(brief(sale))
    assert ("live", over) == (to_json(sale)["state"], to_json(sale)["past_end"])
    assert ("flashgen end fair, or move `ends_at` and push" if over else "") == required_action(sale)


def test_there_is_nothing_to_do_about_what_was_ended() -> None:
    """Nor is it past its end."""
    ended = status(State.ENDED, ENDS_AT + HOUR)
    assert ("", "past" in text_lines(ended)[0]) == (required_action(ended), False)


def test_what_was_rolled_back_does_not_open() -> None:
    """Its pointer still holds when it once did, and so does the JSON."""
    rolled_back = status(pointer=Pointer(REVISION, "r5", state(State.SCHEDULED, opens_at=STARTS_AT)))
    assert [] == [line for line in text_lines(rolled_back) if line.startswith("  opens")]
    assert "2026-11-27T08:00:00Z" == to_json(rolled_back)["opens_at"]


def test_a_live_sale_opens_when_its_pointer_says() -> None:
    """Pages and gate go by that, wherever the start was moved to since."""
    moved = replace(state(), opens_at=STARTS_AT, starts_at=STARTS_AT + HOUR)
    sale = status(now=STARTS_AT - HOUR, pointer=Pointer(REVISION, "r5", moved))
    assert NextStep("opens_at", STARTS_AT) == sale.next_step


def test_an_armed_attempt_is_reported_without_guessing() -> None:
    """Its operator may have pressed Ctrl-C, which leaves no trace."""
    armed = status(details=StatusDetails((), None, (attempt(AttemptStatus.ARMED),)))
    assert (
        "  attempt   ann armed `verb` at 2026-11-27T07:00:00Z for 2026-11-27T08:00:00Z; "
        "whether it still waits cannot be seen"
    ) == text_lines(armed)[-1]


@pytest.mark.parametrize(
    ("shown", "drift"),
    [
        (edge_shows(REVISION), ()),
        (edge_shows(4, age=7), ("the edge shows revision 4 (Age 7 s), the store has 5",)),
        (edge_shows(4, age=None), ("the edge shows revision 4, the store has 5",)),
        (
            edge_shows(5, "x", 0),
            ("the edge shows another revision 5 than the store has (Age 0 s): is it this store's edge?",),
        ),
        (EdgePointer(problem="no connection"), ()),
        (EdgePointer(), ()),
    ],
)
def test_an_edge_that_shows_another_revision_is_drift(shown: EdgePointer, drift: tuple[str, ...]) -> None:
    """An edge that shows none is not drift: its revision is unknown."""
    assert drift == status(edge=shown).drift


def test_times_that_were_not_pushed_are_drift() -> None:
    """Pages and gate go by the pointer."""
    expected = "starts_at: the YAML says 2026-11-27T09:00:00Z, the pointer 2026-11-27T08:00:00Z; push brings it over"
    assert (expected,) == status(header=header(starts_at=STARTS_AT + HOUR)).drift


def test_the_decision_is_behind_what_the_gate_wrote() -> None:
    """Selling out decides nothing."""
    sold = record(State.LIVE, who="gate", sold=frozenset({"LAMP"}))
    opened, pushed = record(State.LIVE, revision=4), record(State.SCHEDULED, revision=3, who="ops")
    assert "ann" == status(details=StatusDetails((sold, opened, pushed))).decision.who  # type: ignore[union-attr]
    assert None is status(details=StatusDetails((sold,))).decision


def test_whatever_is_unfinished_has_a_line() -> None:
    """Who, what and since when; and what could not be read."""
    mine = attempt(AttemptStatus.DIED, revision=6)
    push, prune = Claim("bob", STARTS_AT, "digest", ()), Claim("bob", STARTS_AT, PRUNE, ())
    for claim, what in ((push, "push"), (prune, "prune")):
        assert [
            f"  {what:<9} bob began it at 2026-11-27T08:00:00Z and has not finished it",
            "  attempt   ann began `verb` at 2026-11-27T08:00:00Z, and never wrote it: nothing of it is public",
            "  unread    the rest: no",
        ] == text_lines(status(details=StatusDetails((), claim, (mine,), "the rest: no")))[-3:]


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


def test_a_status_holds_no_token() -> None:
    """Nor what a token is made of."""
    live = status(pointer=Pointer(5, "r5", replace(state(), token_nonce="mint")))
    assert "mint" not in repr(to_json(live)) + "".join(lines(live, with_history=True))
