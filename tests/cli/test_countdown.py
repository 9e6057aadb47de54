"""What an armed verb says, on a terminal and in a log."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command import Flashgen

from flashgen.cli.session import Session
from flashgen.cli.times import clock_text
from flashgen.cli.transition.countdown import Countdown
from flashgen.errors import AccessDenied, NoAnswer, Refused
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import SaleState, State

STATE = SaleState(State.SCHEDULED, datetime(2026, 11, 27, 8, tzinfo=UTC), datetime(2026, 11, 27, 20, tzinfo=UTC))
POINTER = Pointer(0, "n", STATE)
SILENT = NoAnswer("s3://flash: no answer", "check the network")


class Terminal(io.StringIO):
    """A screen of 80 columns that knows `\\r` and `\\n`."""

    def isatty(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """It has none: so it counts as 80 columns wide."""
        raise OSError

    @property
    def screen(self) -> list[str]:
        """Its lines, as they stand now."""
        return [shown(line) for line in plain(self.getvalue()).split("\n")]


def plain(text: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def shown(line: str) -> str:
    """What stands there after each part was written over the one before."""
    screen = ""
    for part in line.split("\r"):
        assert len(part) < 80  # else it would wrap, and the next could not be written over it
        screen = part + screen[len(part) :]
    return screen.rstrip()


def _countdown(
    session: Session | None = None,
    what: str = "night: scheduled → live",
    news: Callable[[Pointer], Iterable[str]] = lambda _: (),
    *,
    late_ok: bool = False,
    slow_seconds: float = 1.0,
) -> Countdown:
    def is_over(state: SaleState) -> bool:
        return state.state is State.ENDED

    return Countdown(session or Session(), lambda _: what, news, is_over, late_ok=late_ok, slow_seconds=slow_seconds)


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_a_line_counts_down_and_leaves_nothing_behind() -> None:
    """However long the name; it never wraps."""
    what = f"{'a-very-long-name-' * 6}: scheduled → live"
    with redirect_stderr(Terminal()) as terminal, _countdown(what=what) as countdown:
        for left in (3600, 3599.2, 10, 9.999, 1):
            countdown.tick(_seconds(left), POINTER, None)
        (line,) = terminal.screen
        assert line.startswith("0:01  a-very-long-name-")
    assert [""] == terminal.screen


def test_it_says_what_is_about_to_happen() -> None:
    """And that there is a way out."""
    with redirect_stderr(Terminal()) as terminal:
        countdown = _countdown()
        countdown.tick(_seconds(3600), POINTER, None)
        countdown.tick(_seconds(843.4), POINTER, None)
    assert ["14:04  night: scheduled → live; Ctrl-C changes nothing public"] == terminal.screen


def test_trouble_stands_above_the_line_once_with_its_fix() -> None:
    """And its end."""
    with redirect_stderr(Terminal()) as terminal, _countdown() as countdown:
        for trouble in (None, SILENT, SILENT, None, None):
            countdown.tick(_seconds(600), POINTER, trouble)
    assert [
        "warning: still armed, but s3://flash: no answer",
        "hint: check the network",
        "the store answers again",
        "",
    ] == terminal.screen


def test_other_trouble_is_told_too() -> None:
    """Credentials that expire while the network was away."""
    with redirect_stderr(Terminal()) as terminal, _countdown() as countdown:
        countdown.tick(_seconds(600), POINTER, SILENT)
        countdown.tick(_seconds(598), POINTER, AccessDenied("expired", "sign in"))
    assert ["warning: still armed, but expired", "hint: sign in", ""] == terminal.screen[2:]


def test_in_a_log_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """More often towards T0."""
    with _countdown() as countdown:
        for left in range(7200, 0, -1):
            countdown.tick(_seconds(left), POINTER, None)
    said = capsys.readouterr().err.splitlines()
    assert all(line.endswith("Ctrl-C changes nothing public") for line in said)
    assert 18 < len(said) < 30
    assert "\r" not in "".join(said)


def test_json_is_about_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader of the unit's log wants to see that it waits."""
    with _countdown(Session(as_json=True)) as countdown:
        countdown.tick(_seconds(600), POINTER, None)
    assert ("", "10:00  night: scheduled → live; Ctrl-C changes nothing public\n") == capsys.readouterr()


def test_quiet_is_quiet_about_all_but_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    """There may still be time to mend it."""
    with _countdown(Session(quiet=True), news=lambda _: ["MUG-1 closed"]) as countdown:
        countdown.tick(_seconds(600), POINTER, None)
        assert "" == capsys.readouterr().err
        countdown.tick(_seconds(599), POINTER, SILENT)
    assert "warning: still armed, but s3://flash: no answer\nhint: check the network\n" == capsys.readouterr().err


def test_what_others_do_stands_above_the_line() -> None:
    """Once: it is only told as long as it is news."""
    news = iter([["MUG-1 closed, by bob"], [], []])
    with redirect_stderr(Terminal()) as terminal, _countdown(news=lambda _: next(news)) as countdown:
        for left in (600, 599, 598):
            countdown.tick(_seconds(left), POINTER, None)
        meanwhile, line = terminal.screen
    assert "meanwhile: MUG-1 closed, by bob" == meanwhile
    assert line.startswith("9:58  night")


def test_a_sleeper_is_refused_unless_it_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    """But never after the end."""
    with pytest.raises(Refused, match="it was 8 min ago; nothing public was changed"):
        _countdown().late(_seconds(480), STATE, moved=False)
    _countdown(late_ok=True).late(_seconds(480), STATE, moved=False)
    assert "8 min ago: at once" in capsys.readouterr().err
    ended = SaleState(State.ENDED, STATE.starts_at, STATE.ends_at)
    with pytest.raises(Refused, match="has ended since"):
        _countdown(late_ok=True).late(_seconds(480), ended, moved=False)


def test_a_start_that_was_moved_into_the_past_was_not_slept_through() -> None:
    """Nobody looks for what is wrong with this machine."""
    with pytest.raises(Refused, match=r"^a push has moved that time into the past: it was 8 min ago; nothing public"):
        _countdown().late(_seconds(480), STATE, moved=True)


def test_a_write_that_takes_long_takes_the_promise_back() -> None:
    """From then on Ctrl-C may come too late."""
    with redirect_stderr(Terminal()) as terminal, _countdown(slow_seconds=0.0) as countdown:
        countdown.tick(_seconds(0.5), POINTER, None)
        with countdown.writing():
            deadline = time.monotonic() + 10
            while "too late" not in terminal.getvalue() and time.monotonic() < deadline:
                time.sleep(0.01)
    assert ["sent; the store has not answered yet, still asking (Ctrl-C may come too late)", ""] == terminal.screen


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (9, "0:09"), (843, "14:03"), (7200, "2:00:00"), (360000, "100:00:00")]
)
def test_time_left_as_on_a_clock(seconds: int, text: str) -> None:
    """Hours only where there are any."""
    assert text == clock_text(seconds)


@pytest.mark.parametrize("colour", [True, False])
def test_on_a_real_terminal_the_end_is_clean(pushed: Flashgen, project: Path, colour: bool) -> None:
    """With colours, and without: the line is gone, the outcome stands."""
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    began = time.monotonic()
    subprocess.run((sys.executable, "-m", "flashgen", "status", "night"), stdout=subprocess.DEVNULL, check=True)
    start_up = time.monotonic() - began  # on a busy machine a command takes seconds to reach its countdown
    at = (datetime.now(UTC) + _seconds(4 + 3 * start_up)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ours, theirs = pty.openpty()
    line = (sys.executable, "-m", "flashgen", "go-live", "night", "--early", "--at", at, "--late-ok", "--yes")
    subprocess.run(
        line, stdout=theirs, stderr=theirs, env=environment | ({} if colour else {"NO_COLOR": "1"}), check=True
    )
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        text = terminal.read1(65536).decode().replace("\r\n", "\n")
    assert colour == ("\x1b[" in text)
    begin = plain(text).index("\r")
    assert "Ctrl-C" in text
    lines = [shown(part) for part in plain(text)[begin:].split("\n")]
    assert "night is LIVE (scheduled → live, revision 1)" == lines[0]
