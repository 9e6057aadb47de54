"""Being told of a store that does not answer, while it does not."""

from __future__ import annotations

from threading import Event

import pytest
from support.command import Flashgen

from flashgen.cli import slow_notice as waiting
from flashgen.cli.session import Session
from flashgen.cli.slow_notice import SlowNotice
from flashgen.cli.status import read as gathering
from flashgen.unlock.control import Control, NotPushed
from flashgen.unlock.pointer import Pointer

LIMIT_SECONDS = 10


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Set as soon as something was said."""
    event, note = Event(), Session.note

    def say(session: Session, text: str) -> None:
        note(session, text)
        event.set()

    monkeypatch.setattr(Session, "note", say)
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.01)
    return event


def test_it_is_said_once_for_whom(noted: Event, capsys: pytest.CaptureFixture[str]) -> None:
    """However many questions wait."""
    whom = SlowNotice(Session(), "s3://flash")
    with whom.for_an_answer():
        assert noted.wait(LIMIT_SECONDS)
    noted.clear()
    with whom.for_an_answer():
        assert not noted.wait(0.1)
    assert ("", "still waiting for s3://flash\n") == capsys.readouterr()


def test_an_answer_in_time_is_not_waited_for(noted: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else takes long then."""
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.2)
    with SlowNotice(Session(), "s3://flash").for_an_answer():
        pass
    assert not noted.wait(0.4)


@pytest.mark.parametrize(("flag", "times"), [("-v", 1), ("--json", 1), ("--quiet", 0)])
def test_status_says_whom_it_waits_for(
    pushed: Flashgen, noted: Event, monkeypatch: pytest.MonkeyPatch, flag: str, times: int
) -> None:
    """While it waits, on stderr; its answer is as ever."""

    def hang(control: Control) -> Pointer | NotPushed:
        assert noted.wait(LIMIT_SECONDS)
        return pointer_or_none(control)

    pointer_or_none = gathering.pointer_or_none
    monkeypatch.setattr(gathering, "pointer_or_none", hang)
    run = pushed("status", flag)
    assert (0, times) == (run.exit_code, run.err.count("still waiting for "))
