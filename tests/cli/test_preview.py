"""This machine's clock against the store's, before anybody waits for T0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import pytest

from flashgen.cli.session import Session
from flashgen.cli.transition import preview
from flashgen.cli.transition.preview import compare_clocks, offset_text
from flashgen.errors import NoAnswer, Refused
from flashgen.store import MemoryStore
from flashgen.unlock.clock_offset import Offset

LONG = timedelta(minutes=10)


@dataclass
class Time:
    """This machine's, which moves when somebody sleeps or asks over the network."""

    instant: float = 1_700_000_000.3

    def time(self) -> float:
        """Now."""
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.instant += seconds


class Remote(MemoryStore):
    """A store whose clock is `ahead` seconds of ours, `away` seconds there and back."""

    def __init__(self, clock: Time, ahead: float, away: float = 0.01) -> None:
        super().__init__()
        self.clock, self.ahead, self.away, self.asked = clock, ahead, away, 0

    def date(self) -> float:
        """See `Dated`."""
        self.asked += 1
        self.clock.sleep(self.away / 2)
        said = math.floor(self.clock.instant + self.ahead)
        self.clock.sleep(self.away / 2)
        return said


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    """A virtual one."""
    clock = Time()
    monkeypatch.setattr(preview, "time", clock)
    return clock


def _compared(store: MemoryStore, left: timedelta = LONG, *, clock_ok: bool = False) -> str:
    return compare_clocks(Session(), store, left, clock_ok)


def test_a_good_clock_is_told_and_no_more(clock: Time, capsys: pytest.CaptureFixture[str]) -> None:
    """To a few hundredths of a second."""
    assert "0.05 s behind the store's (± 0.01 s)" == _compared(Remote(clock, 0.05))
    assert "" == capsys.readouterr().err


@pytest.mark.parametrize(("ahead", "side"), [(0.5, "behind"), (-0.5, "ahead of")])
def test_a_tenth_of_a_second_is_worth_a_warning(
    clock: Time, capsys: pytest.CaptureFixture[str], ahead: float, side: str
) -> None:
    """With the fix; T0 is still this machine's."""
    assert side in _compared(Remote(clock, ahead))
    said = capsys.readouterr().err
    assert f"s {side} the store's" in said
    assert "T0 comes by this one" in said
    assert "timedatectl" in said


@pytest.mark.parametrize("ahead", [3.0, -3.0, 5000.0])
def test_a_clock_that_is_plainly_wrong_is_refused(clock: Time, ahead: float) -> None:
    """Unless it is the store's that is wrong."""
    with pytest.raises(Refused) as refused:
        _compared(Remote(clock, ahead))
    assert "--clock-ok" in refused.value.hint
    assert "the store's" in _compared(Remote(clock, ahead), clock_ok=True)


@pytest.mark.parametrize(("seconds", "looks"), [(600, 7), (9, 4), (6, 1)])
def test_it_takes_no_longer_than_there_is(clock: Time, seconds: float, looks: int) -> None:
    """The question and the preparations need some seconds too."""
    store, began = Remote(clock, 0.0), clock.instant
    _compared(store, timedelta(seconds=seconds))
    assert looks == store.asked
    assert clock.instant - began <= max(1, seconds - 5)


@pytest.mark.parametrize(("away", "looks"), [(0.9, 4), (2.5, 2), (5, 1)])
def test_nor_over_a_slow_line(clock: Time, away: float, looks: int) -> None:
    """Where a look takes its time there are fewer of them: T0 is not waited past."""
    store, began = Remote(clock, 0.0, away), clock.instant
    assert "s (±" in _compared(store, timedelta(seconds=12))
    assert looks == store.asked
    assert clock.instant - began <= 7


def test_where_there_is_no_time_left_nothing_is_compared(clock: Time) -> None:
    """And that is said."""
    store = Remote(clock, 5000.0)
    assert "no time left" in _compared(store, timedelta(seconds=4))
    assert 0 == store.asked


def test_a_store_on_this_machine_needs_no_comparison() -> None:
    """It has no other clock."""
    assert "" == _compared(MemoryStore())


def test_a_store_that_does_not_tell_is_no_obstacle(clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it answers at all shows elsewhere."""

    def silent(_: Remote) -> float:
        raise NoAnswer("silent")

    monkeypatch.setattr(Remote, "date", silent)
    assert "could not be compared with the store's: silent" == _compared(Remote(clock, 0.0))


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (Offset(0.10, 0.14), "0.12 s behind the store's (± 0.02 s)"),
        (Offset(-0.5, -0.1), "0.30 s ahead of the store's (± 0.20 s)"),
        (Offset(3599.0, 3600.0), "3,599.50 s behind the store's (± 0.50 s)"),
        (Offset(-0.01, 0.03), "as the store's (± 0.02 s)"),
        (Offset(0.1, 0.1), "0.10 s behind the store's (± 0.01 s)"),
    ],
)
def test_an_offset_in_words(offset: Offset, text: str) -> None:
    """From where this machine stands."""
    assert text == offset_text(offset)
