"""A state and a time that are pretended together: whatever is asked for, the page can show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flashgen.cli.preview.scene import Scene, scene_at, scene_in
from flashgen.errors import Refused
from flashgen.page.preview import ONE_SOLD_OUT, SOLD_OUT, STATES

START = datetime(2027, 11, 27, 9, tzinfo=UTC)
END = START + timedelta(hours=12)
SALE = (START, END)
BEFORE, DURING, AFTER = START - timedelta(days=3), START + timedelta(hours=2), END + timedelta(days=1)


def phase(at: datetime) -> str:
    """Where a time lies."""
    return "before" if at < START else "during" if at < END else "after"


FITS = {"scheduled": "before", "ended": "after"}


@pytest.mark.parametrize("now", [BEFORE, DURING, AFTER])
@pytest.mark.parametrize("state", [*STATES, ONE_SOLD_OUT])
def test_a_state_brings_a_time_that_fits(state: str, now: datetime) -> None:
    """This machine's if it does, else another one."""
    scene = scene_in(state, None, SALE, now)
    fit = FITS.get(state, "during")
    assert (fit, state) == (phase(scene.at), scene.state)
    assert (scene.at == now) == (phase(now) == fit)
    assert scene.opens_at(START) <= scene.at or fit == "before"


def test_a_live_sale_has_just_started() -> None:
    """A page that counts down from the whole sale is what most people want to see."""
    assert timedelta(0) < scene_in("live", None, SALE, BEFORE).at - START < timedelta(minutes=1)


def test_a_short_sale_is_still_open() -> None:
    """Of a second."""
    end = START + timedelta(seconds=1)
    assert START <= scene_in("live", None, (START, end), BEFORE).at < end


def test_a_live_sale_before_its_start_has_opened_early() -> None:
    """As after `go-live --early`: the page is open at the time that was asked for."""
    scene = scene_in("live", BEFORE, SALE, DURING)
    assert (BEFORE, BEFORE) == (scene.at, scene.opens_at(START))


def test_a_scheduled_sale_may_be_late() -> None:
    """Its start has come, and nobody has opened it."""
    scene = scene_in("scheduled", DURING, SALE, BEFORE)
    assert (DURING, "scheduled", START) == (scene.at, scene.state, scene.opens_at(START))


@pytest.mark.parametrize("state", ["scheduled", "live", "paused", SOLD_OUT])
def test_no_sale_is_open_after_its_end(state: str) -> None:
    """Every page would show it as ended."""
    with pytest.raises(Refused, match=f"--state {state} needs a time before the sale's end"):
        scene_in(state, END, SALE, BEFORE)


def test_a_sale_may_have_ended_at_any_time() -> None:
    """By an operator."""
    assert "ended" == scene_in("ended", DURING, SALE, BEFORE).state


def test_the_time_goes_on() -> None:
    """From where it was set."""
    scene = scene_at(START - timedelta(seconds=10), None, SALE, BEFORE)
    assert START + timedelta(seconds=5) == scene.time(BEFORE + timedelta(seconds=15))


@pytest.mark.parametrize("state", ["scheduled", "live", "ended", None])
def test_the_state_follows_the_clock(state: str | None) -> None:
    """When the clock is moved, the sale opens at its start and ends at its end."""
    assert scene_at(DURING, Scene(BEFORE, BEFORE, state), SALE, AFTER).state is None


@pytest.mark.parametrize("state", ["paused", SOLD_OUT, ONE_SOLD_OUT])
def test_a_paused_sale_stays_paused_while_it_is_on(state: str) -> None:
    """And a sold-out one sold out; not before the start or after the end."""
    before = Scene(DURING, DURING, state, "MUG")
    moved = [scene_at(at, before, SALE, DURING) for at in (BEFORE, START, END)]
    assert [(None, ""), (state, "MUG"), (None, "")] == [(scene.state, scene.sku) for scene in moved]
