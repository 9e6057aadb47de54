"""Progress of uploads and checks, and the notice of a store that is slow to answer."""

from __future__ import annotations

import sys
from functools import partial
from threading import Event

import pytest
from support.clock import Clock
from support.command import Flashgen

from flashgen.cli.progress import LINE_EVERY_SECONDS, SlowNotice, count_progress, pace, parts_progress, wave_lines
from flashgen.cli.session import Session
from flashgen.cli.status import read
from flashgen.release.plan import Wave
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_file import NotPushed, PointerFile

LIMIT_SECONDS = 10


@pytest.mark.parametrize(
    ("done", "total", "seconds", "expected"),
    [
        (0, 100, 5.0, ""),
        (100, 100, 5.0, ""),
        (10, 100, 0.0, ""),
        (50, 100, 5.0, "10/s, 0:05 left"),
        (5, 100, 10.0, "0.5/s, 3:10 left"),
        (2_500, 10_000, 1.0, "2,500/s, 0:03 left"),
    ],
)
def test_pace_is_rate_and_time_left(done: int, total: int, seconds: float, expected: str) -> None:
    """As long as there is something to go by."""
    assert expected == pace(done, total, seconds)


def test_an_upload_is_a_line_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; the rate is of the wave that is under way."""
    clock = Clock()
    report = wave_lines("night", clock)
    report(Wave.ASSETS, 0, 10)
    clock.wait(LINE_EVERY_SECONDS - 1)
    report(Wave.ASSETS, 10, 10)
    report(Wave.PAGES, 0, 2_500)
    clock.wait(5)
    report(Wave.PAGES, 1_000, 2_500)
    report(Wave.PAGES, 1_001, 2_500)
    printed = capsys.readouterr()
    assert ("", "night: pages 1,000/2,500 (200/s, 0:08 left)\n") == (printed.out, printed.err)


def test_steps_are_a_line_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """With pace; nothing of a short run."""
    clock = Clock()
    with count_progress(Session(), "night: looked at", clock) as report:
        for done in range(1, 13):
            clock.wait(1)
            report(done, 2000)
    lines = capsys.readouterr().err.splitlines()
    assert ["night: looked at 5/2,000", "night: looked at 10/2,000"] == [line.partition(" (")[0] for line in lines]
    assert "1.0/s, 33:15 left" in lines[0]


def test_a_build_counts_one_kind_of_thing_after_another(capsys: pytest.CaptureFixture[str]) -> None:
    """The pace is each one's own."""
    clock = Clock()
    with parts_progress(Session(), "night", clock) as report:
        for done in range(1, 8):
            clock.wait(1)
            report("pictures", done, 7)
        for done in range(25, 201, 25):
            clock.wait(1)
            report("cards", done, 2000)
    lines = capsys.readouterr().err.splitlines()
    assert ["night: pictures 6/7 (1.0/s, 0:01 left)", "night: cards 150/2,000 (25/s, 1:14 left)"] == lines


def test_steps_leave_nothing_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is written over, also when it ends by an error."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = Clock()

    def interrupted() -> None:
        with count_progress(Session(), "night: looked at", clock) as report:
            clock.wait(1)
            report(5, 2000)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    shown = capsys.readouterr().err
    assert shown.startswith("\rnight: looked at 5/2,000")
    assert shown.endswith("\r\033[K")
    assert "\n" not in shown


@pytest.mark.parametrize("session", [Session(quiet=True), Session(as_json=True)])
def test_steps_show_nothing_to_scripts(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """stderr stays empty."""
    clock = Clock()
    with count_progress(session, "x", clock) as report:
        clock.wait(60)
        report(1, 2)
    assert "" == capsys.readouterr().err


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Set as soon as a note was printed."""
    event, note = Event(), Session.note

    def note_and_set(session: Session, text: str) -> None:
        note(session, text)
        event.set()

    monkeypatch.setattr(Session, "note", note_and_set)
    return event


def test_a_slow_store_is_named_once(noted: Event, capsys: pytest.CaptureFixture[str]) -> None:
    """However many requests wait."""
    notice = SlowNotice(Session(), "s3://flash", 0.01)
    with notice.for_an_answer():
        assert noted.wait(LIMIT_SECONDS)
    noted.clear()
    with notice.for_an_answer():
        assert not noted.wait(0.05)
    assert ("", "still waiting for s3://flash\n") == capsys.readouterr()


def test_an_answer_in_time_gets_no_notice(noted: Event) -> None:
    """Whatever else takes long then."""
    with SlowNotice(Session(), "s3://flash", 0.1).for_an_answer():
        pass
    assert not noted.wait(0.2)


@pytest.mark.parametrize(("flag", "times"), [("-v", 1), ("--json", 1), ("--quiet", 0)])
def test_status_names_the_store_it_waits_for(
    pushed: Flashgen, noted: Event, monkeypatch: pytest.MonkeyPatch, flag: str, times: int
) -> None:
    """While it waits, on stderr; its result is as usual."""

    def slow(file: PointerFile) -> Pointer | NotPushed:
        assert noted.wait(LIMIT_SECONDS)
        return pointer_or_none(file)

    pointer_or_none = read.pointer_or_none
    monkeypatch.setattr(read, "pointer_or_none", slow)
    monkeypatch.setattr(read, "SlowNotice", partial(SlowNotice, patience_seconds=0.01))
    run = pushed("status", flag)
    assert (0, times) == (run.exit_code, run.err.count("still waiting for "))
