"""Every verb from every state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.operators import ENDS_AT, STARTS_AT

from flashgen.errors import Refused
from flashgen.unlock import verbs
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.verbs import Verb

A, B = frozenset({"A"}), frozenset({"B"})
OPENED = SaleState(State.ENDED, STARTS_AT, ENDS_AT, STARTS_AT, 1, "token-1", sold=frozenset({"S"}))
STATES = {
    "scheduled": SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT, sold=OPENED.sold),
    "live": replace(OPENED, state=State.LIVE),
    "live-A": replace(OPENED, state=State.LIVE, closed=A),
    "live-*": replace(OPENED, state=State.LIVE, closed=EVERY_SKU),
    "paused": replace(OPENED, state=State.PAUSED),
    "paused-*": replace(OPENED, state=State.PAUSED, closed=EVERY_SKU),
    "ended": OPENED,
}
VERBS: dict[str, Verb] = {
    "go-live": verbs.go_live(STARTS_AT, "token-2"),
    "pause": verbs.pause(),
    "resume": verbs.resume(),
    "sold-out": verbs.close(EVERY_SKU),
    "sold-out-A": verbs.close(A),
    "sold-out-B": verbs.close(B),
    "resume-A": verbs.reopen(A, A | B),
    "end": verbs.end(),
    "to-scheduled": verbs.rollback(STATES["scheduled"], STARTS_AT, "token-2"),
    "to-live": verbs.rollback(STATES["live"], STARTS_AT, "token-2"),
    "to-live-A": verbs.rollback(STATES["live-A"], STARTS_AT, "token-2"),
    "to-paused": verbs.rollback(STATES["paused"], STARTS_AT, "token-2"),
    "reschedule": verbs.reschedule(STARTS_AT, ENDS_AT, STARTS_AT),
    "record-sold": verbs.record_sold(OPENED.sold),
}
# `=`: unchanged. `-`: refused. `-A`, `-AB`, `-*`: with these SKUs closed. `!`: under a new epoch.
ARROWS = """
from           scheduled    live       live-A     live-*    paused     paused-*    ended
go-live        live!        =          =          =         -          -           -
pause          -            paused     paused-A   paused-*  =          =           -
resume         =            =          =          live      live       live        -
sold-out       scheduled-*  live-*     live-*     =         paused-*   =           -
sold-out-A     scheduled-A  live-A     =          =         paused-A   =           -
sold-out-B     scheduled-B  live-B     live-AB    =         paused-B   =           -
resume-A       =            =          live       live-B    =          paused-B    -
end            ended        ended      ended-A    ended-*   ended      ended-*     =
to-scheduled   =            scheduled  scheduled  scheduled scheduled  scheduled   scheduled
to-live        live!        =          live       live      live!      live!       live!
to-live-A      live-A!      live-A     =          live-A    live-A!    live-A!     live-A!
to-paused      -            paused     paused     paused    =          paused      paused
reschedule     =            =          =          =         =          =           =
record-sold    =            =          =          =         =          =           =
"""
HEAD, *ROWS = (line.split() for line in ARROWS.strip().splitlines())
CASES = [(verb, start, cell) for verb, *cells in ROWS for start, cell in zip(HEAD[1:], cells, strict=True)]
CLOSED = {"": frozenset[str](), "A": A, "B": B, "AB": A | B, "*": EVERY_SKU}


def test_the_table_is_whole() -> None:
    """A verb that nobody looks at is one that nobody has thought through."""
    assert list(VERBS) == [verb for verb, *_ in ROWS]
    assert list(STATES) == HEAD[1:]


@pytest.mark.parametrize(("name", "start", "cell"), CASES)
def test_an_arrow_leads_where_the_table_says(name: str, start: str, cell: str) -> None:
    """The operator's facts as the cell spells them; what the gate has sold stays."""
    verb, before = VERBS[name], STATES[start]
    if cell == "-":
        with pytest.raises(Refused, match=r"paused|a pause|needs a sale that is"):
            verb.apply(before)
        return
    after = verb.apply(before)
    if cell == "=":
        assert before == after
        return
    state, _, closed = cell.rstrip("!").partition("-")
    expected = (State(state), CLOSED[closed], before.epoch + cell.endswith("!"), before.sold)
    assert expected == (after.state, after.closed, after.epoch, after.sold)
    assert ("token-2" if cell.endswith("!") else before.token_nonce) == after.token_nonce


@pytest.mark.parametrize(("name", "start", "cell"), [case for case in CASES if case[2] != "-"])
def test_a_verb_done_twice_is_done_once(name: str, start: str, cell: str) -> None:
    """Invariant 8, for each arrow that exists."""
    after = VERBS[name].apply(STATES[start])
    assert after == VERBS[name].apply(after)


def test_going_live_says_when_pages_open() -> None:
    """`--lead` ships it before."""
    opens_at = STARTS_AT + timedelta(hours=1)
    assert opens_at == verbs.go_live(opens_at, "t").apply(STATES["scheduled"]).opens_at


@pytest.mark.parametrize("verb", [verbs.go_live(ENDS_AT, "t"), verbs.rollback(STATES["live"], ENDS_AT, "t")])
def test_a_sale_never_opens_after_its_end(verb: Verb) -> None:
    """The token would have expired when it was born."""
    with pytest.raises(Refused, match="would open at its end, 2026-11-27T20:00:00Z"):
        verb.apply(STATES["scheduled"])


def test_a_pause_is_not_restored_where_nothing_was_ever_open() -> None:
    """There would be no token to resume with."""
    with pytest.raises(Refused, match="never live"):
        VERBS["to-paused"].apply(STATES["scheduled"])


def test_rescheduling_touches_times_alone() -> None:
    """The state stays what it is, and so does the token's nonce."""
    hour = timedelta(hours=1)
    expected = replace(STATES["live-A"], starts_at=STARTS_AT + hour, ends_at=ENDS_AT + hour)
    assert expected == verbs.reschedule(STARTS_AT + hour, ENDS_AT + hour, STARTS_AT).apply(STATES["live-A"])


HOUR = timedelta(hours=1)


@pytest.mark.parametrize("state", [State.LIVE, State.PAUSED])
def test_what_was_shipped_before_the_start_opens_no_earlier_than_a_later_one(state: State) -> None:
    """`--lead`, then a postponement; also while it is paused, since a resume opens it."""
    shipped, later = replace(OPENED, state=state), STARTS_AT + HOUR
    after = verbs.reschedule(later, ENDS_AT, STARTS_AT - timedelta(seconds=5)).apply(shipped)
    assert replace(shipped, starts_at=later, opens_at=later) == after


@pytest.mark.parametrize(
    ("opens", "starts", "now"),
    [(0, 1, 0), (0, -1, -1), (2, 1, -1), (-1, 0, -2)],
    ids=["open", "earlier", "later anyway", "early"],
)
def test_otherwise_a_moved_start_leaves_the_opening_where_it_is(opens: int, starts: int, now: int) -> None:
    """What is open stays open, and no push opens anything; hours from the start."""
    before = replace(STATES["live"], opens_at=STARTS_AT + opens * HOUR)
    verb = verbs.reschedule(STARTS_AT + starts * HOUR, ENDS_AT, STARTS_AT + now * HOUR)
    assert replace(before, starts_at=STARTS_AT + starts * HOUR) == verb.apply(before)


def test_a_sale_that_was_postponed_is_not_opened_at_its_old_start() -> None:
    """Somebody pushed it while somebody else thought at a prompt; unless it is to be early."""
    postponed = replace(STATES["scheduled"], starts_at=STARTS_AT + HOUR)
    with pytest.raises(Refused, match=r"postponed to 2026-11-27T09:00:00Z.*nothing public was changed"):
        verbs.go_live(STARTS_AT, "t").apply(postponed)
    assert STARTS_AT == verbs.go_live(STARTS_AT, "t", early=True).apply(postponed).opens_at
    assert STARTS_AT + HOUR == verbs.go_live(None, "t").apply(postponed).opens_at


def test_of_a_closed_range_no_sku_is_reopened_when_the_others_are_not_known() -> None:
    """They would have to stay closed; one that was closed by itself is reopened."""
    with pytest.raises(Refused, match="cannot be read"):
        verbs.reopen(A, None).apply(STATES["live-*"])
    assert STATES["live"] == verbs.reopen(A, None).apply(STATES["live-A"])


def test_a_sale_that_is_scheduled_again_has_no_opening_time() -> None:
    """Its epoch stays; a pause that is restored after that knows when it was open."""
    again = VERBS["to-scheduled"].apply(STATES["live"])
    assert (None, 1) == (again.opens_at, again.epoch)
    paused = VERBS["to-paused"].apply(again)
    assert STARTS_AT == verbs.resume().apply(paused).opens_at


def test_a_pause_of_what_is_not_open_says_what_to_do_instead() -> None:
    """An operator who types it wants it not to open."""
    with pytest.raises(Refused, match="is scheduled") as refused:
        verbs.pause().apply(STATES["scheduled"])
    assert "Ctrl-C" in refused.value.hint


def test_the_gate_may_take_back_what_it_said() -> None:
    """A returned unit reopens its SKU; what the operator closed stays closed."""
    after = verbs.record_sold(frozenset()).apply(STATES["live-A"])
    assert replace(STATES["live-A"], sold=frozenset()) == after


def test_a_gate_writes_what_it_changed_and_no_more() -> None:
    """It may have read long ago: what others said since stays, and what they took back is not said again."""
    stale, newer = frozenset({"A", "B", "C"}), replace(STATES["live-A"], sold=frozenset({"A", "B", "X"}))
    assert {"B", "D", "X"} == verbs.record_sold(frozenset({"B", "C", "D"}), instead_of=stale).apply(newer).sold


def test_only_operators_decide() -> None:
    """The gate's and the push's writes cross with anybody's."""
    assert {"reschedule", "record-sold"} == {name for name, verb in VERBS.items() if not verb.decides}
