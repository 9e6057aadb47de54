"""What the board shows, on terminals of all sizes."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console
from support.operators import ENDS_AT, SALE, STARTS_AT
from support.statuses import HOUR, REVISION, attempt, edge_shows, header, record, state, status

from flashgen.cli.status.board import board
from flashgen.cli.status.model import SaleStatus, StatusDetails
from flashgen.cli.status.sale_watch import WatchSnapshot
from flashgen.unlock.pending_attempts import AttemptStatus
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_file import NotPushed
from flashgen.unlock.state import State
from flashgen.unlock.visibility import EdgePointer

LONG_HISTORY = StatusDetails(tuple(record(State.LIVE, revision=revision) for revision in range(9, -1, -1)))


def drawn(*snapshots: WatchSnapshot, width: int = 80, height: int = 24, colour: bool = False) -> list[str]:
    """The lines of a board."""
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, force_terminal=colour, highlight=False, _environ={})
    console.print(board(snapshots, "production", console))
    return file.getvalue().splitlines()


def snapshot(sale: SaleStatus | None = None, name: str = SALE, **fields: object) -> WatchSnapshot:
    """Of a live sale."""
    return replace(WatchSnapshot(name, sale or status()), **fields)  # type: ignore[arg-type]


def shows(words: str, *snapshots: WatchSnapshot, width: int = 80) -> bool:
    """Whether they are in one line of the board."""
    return any(words in line for line in drawn(*snapshots, width=width))


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [4, 8, 24, 60])
@pytest.mark.parametrize("sales", [1, 3, 30])
def test_it_fits_whatever_the_size(width: int, height: int, sales: int) -> None:
    """No line is wider than the terminal; no board is higher, as long as there are lines to draw it in."""
    long = header(id="a-rather-long-name-of-a-sale-that-somebody-has-given-it")
    wordy = status(header=long, details=replace(LONG_HISTORY, unread="the manifest: " + "no " * 60))
    lines = drawn(*[snapshot(wordy, long.id)] * sales, width=width, height=height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(height, 6)


def test_a_sale_at_a_glance() -> None:
    """State, revision, who, since when, what comes next, and what the edge shows."""
    lines = [line.strip("│ ") for line in drawn(snapshot())]
    assert [
        "production  s3://flash                                             09:00:00 UTC",
        "╭─  fair  ─────────────────────────────────────────────────────────────────────╮",
        "state     LIVE   revision 5",
        "since    08:00:00 UTC, 01:00:00 ago  by ann",
        "next     ends in 11:00:00  at 20:00:00 UTC",
        "edge     revision 5, Age 1 s, Hit",
        "",
        "5        08:00:00 UTC verb → live      ann",
        "0        07:00:00 UTC verb → scheduled ops",
        "╰──────────────────────────────────────────────────────────────────────────────╯",
        "every 2 s; Ctrl-C ends it",
    ] == lines


def test_the_journal_gets_the_lines_that_are_left() -> None:
    """The newest of it."""
    counts = [
        sum("→ live" in line for line in drawn(snapshot(status(details=LONG_HISTORY)), height=height))
        for height in (8, 9, 10, 11, 14, 30)
    ]
    assert [0, 0, 1, 2, 5, 8] == counts


def test_many_sales_are_a_table() -> None:
    """And those that do not fit are counted."""
    snapshots = [snapshot(name=f"sale-{number}") for number in range(30)]
    lines = drawn(*snapshots, height=24)
    assert ["sale", "state", "rev", "next", "edge", "by"] == lines[1].split()
    assert ["sale-0", "live", "5", "ends", "in", "11:00:00", "5", "ann"] == lines[2].split()
    assert " and 10 more: name those to watch" == lines[-2].rstrip()


@pytest.mark.parametrize(
    ("sale", "words"),
    [
        (status(State.SCHEDULED, STARTS_AT - HOUR), "starts in 01:00:00  at 08:00:00 UTC"),
        (status(State.SCHEDULED, STARTS_AT - 25 * HOUR), "starts in 1 d 01:00:00  at 2026-11-27 08:00:00 UTC"),
        (status(State.SCHEDULED, STARTS_AT + timedelta(minutes=2)), "start overdue 00:02:00"),
        (status(State.LIVE, STARTS_AT - timedelta(seconds=10)), "opens in 00:00:10"),
        (status(State.LIVE, ENDS_AT), "LIVE   past its end  revision 5"),
        (status(State.LIVE, ENDS_AT + HOUR), "over     since 20:00:00 UTC, 01:00:00 ago"),
        (status(State.LIVE, ENDS_AT + HOUR), "next     flashgen end fair, or move `ends_at` and push"),
        (status(State.ENDED), "ENDED   revision 5"),
        (status(edge=EdgePointer(problem="no answer", url="https://x")), "edge     cannot be seen: no answer"),
        (status(edge=edge_shows(4, age=7)), "edge     revision 4, Age 7 s; drift: the store has revision 5"),
        (status(edge=edge_shows(5, "x", None)), "edge     revision 5; drift: the store has another revision 5"),
        (status(edge=EdgePointer()), "edge     looking …"),
        (status(pointer=Pointer(REVISION, "r5", state(closed=frozenset({"LAMP"})))), "closed   LAMP"),
        (status(pointer=Pointer(REVISION, "r5", state(sold=frozenset({"MUG"})))), "sold out MUG"),
        (status(pointer=None, missing=NotPushed("no", "flashgen push fair")), "next     flashgen push fair"),
        (
            status(details=StatusDetails((), None, (attempt(AttemptStatus.ARMED),))),
            "attempt  ann armed `verb` at 07:00:00 UTC for 08:00:00 UTC; whether it still",
        ),
        (status(header=header(timezone="Europe/Berlin")), "since    09:00:00 CET, 01:00:00 ago"),
    ],
)
def test_what_is_worth_knowing_has_a_line(sale: SaleStatus, words: str) -> None:
    """In words, for those who see no colours."""
    assert shows(words, snapshot(sale))


def test_an_edge_that_follows_is_no_drift() -> None:
    """It has had no time to."""
    assert shows("it follows within seconds", snapshot(status(edge=edge_shows(4)), is_settling=True))


def test_a_silent_store_leaves_what_was_known() -> None:
    """With its age; also in the table."""
    silent = snapshot(trouble="no answer", silent_seconds=14.9)
    assert shows("store    last answer 14 s ago; below is how it was then (no answer)", silent)
    assert shows("LIVE   revision 5", silent)
    assert any("live, 14 s ago" in line for line in drawn(silent, height=4))


def test_a_silent_store_is_an_alarm() -> None:
    """The frame has no colour of a state that is not known to be."""
    red, live = (drawn(one, colour=True)[1].partition("╭")[0] for one in (snapshot(trouble="no answer"), snapshot()))
    assert ("\x1b[31m", "\x1b[32m") == (red, live)


def test_an_edge_that_hangs_says_when_it_last_answered() -> None:
    """And why it is not displayed."""
    assert shows(
        "edge     cannot be seen: no answer; the last was 9 s ago",
        snapshot(status(edge=EdgePointer(problem="no answer")), edge_silent_seconds=9.2),
    )


def test_a_broken_yaml_has_a_row_of_its_own() -> None:
    """The sale is shown as before; also in the table."""
    broken = snapshot(mistake="line 3: no such key")
    assert shows("yaml     line 3: no such key; below is by the one before", broken)
    assert shows("LIVE   revision 5", broken)
    assert any("live, YAML broken" in line for line in drawn(broken, height=4))


NAMES = ("summer-closing-sale", "black-friday-phones", "night")
WORST = (
    snapshot(status(State.LIVE, ENDS_AT, edge=edge_shows(4)), NAMES[0]),
    snapshot(status(State.SCHEDULED, STARTS_AT + 30 * HOUR / 4), NAMES[1]),
    snapshot(status(edge=EdgePointer(problem="no answer")), NAMES[2], trouble="no answer", silent_seconds=9),
)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_table_names_sales_and_what_is_wrong_on_any_terminal(width: int) -> None:
    """In two lines where one would be too narrow; a name is cut, but never away. An edge unseen is least of all."""
    text = "\n".join(drawn(*WORST, width=width, height=9))
    wrong = ("live, past its end", "drift: 4", "start overdue 07:30:00", "live, 9 s ago", "ends in 11:00:00")
    for words in (*(name[:15] for name in NAMES), *wrong, *(["unseen"] if width > 40 else [])):
        assert words in text


def test_names_of_people_are_left_out_first() -> None:
    """Then columns give way to a second line."""
    found = [drawn(snapshot(), snapshot(), width=width, height=6)[1].split() for width in (80, 60, 40)]
    columns = ["sale", "state", "rev", "next", "edge"]
    assert [[*columns, "by"], columns, ["fair"]] == found


@pytest.mark.parametrize("height", [4, 24])
def test_names_are_not_markup(height: int) -> None:
    """Whatever people, jobs and sales are called."""
    odd = status(details=StatusDetails((record(State.LIVE, revision=0, who="[/]ci[red]:boom:"),)))
    assert any("[/]ci[red]:boom:" in line for line in drawn(snapshot(odd), width=120, height=height))


def test_before_the_first_answer_it_says_so() -> None:
    """Or why there is none."""
    assert shows("looking …", WatchSnapshot(SALE))
    assert shows("store    no network", WatchSnapshot(SALE, trouble="no network"))


def test_each_state_has_a_colour_of_its_own() -> None:
    """Of the words and of the frame."""
    frames = {drawn(snapshot(status(kind)), colour=True)[1].partition("╭")[0] for kind in State}
    assert len(State) == len(frames)
