"""page.js in a real Chromium: whose clock it trusts, and how often it asks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from support.storefront import ENDS_AT, STARTS_AT, VERSION, Storefront, pointer
from support.visitor import Visitor

HOUR = 3600
LAMP = 'button[data-sku="LAMP"]'

SCHEDULE = (
    # seconds after the start, state, seconds to the next poll
    (-2 * HOUR, "scheduled", 300),
    (-30 * 60, "scheduled", 60),
    (-5 * 60, "scheduled", 15),
    (-30, "scheduled", 5),
    (-9, "scheduled", 1),
    (60, "scheduled", 1),
    (-30, "live", 5),
    (60, "live", 10),
    (10 * 60, "live", 30),
    (10 * 60, "paused", 30),
)

_WATCH_LIMITS = r"""
const planned = setTimeout;
window.limits = [];
window.setTimeout = (run, delay) => {
  if (/^\(\) ?=> ?\w+\.abort/.test(run)) limits.push(delay / 1000);
  return planned(run, delay);
};
"""


@pytest.mark.parametrize(("exact_clock", "wrong_by_hours", "earliest"), [(True, 1, 0), (False, -1, -1.5)])
def test_opens_on_the_servers_clock(
    visitor: Visitor, front: Storefront, exact_clock: bool, wrong_by_hours: int, earliest: float
) -> None:
    """Shipped early, opened on time, whatever the visitor's clock says; by `Date` and `Age`, give or take a second."""
    front.exact_clock, front.age_seconds = exact_clock, 1800
    front.set_clock(-2)
    visitors_now = (front.now() + wrong_by_hours * HOUR) * 1000
    visitor.tab.add_init_script(f"Date.now = () => {visitors_now} + performance.now()")
    front.pointers[VERSION] = pointer("live")
    visitor.open()
    assert visitor.tab.locator(LAMP).is_disabled()
    expect(visitor.tab.locator(LAMP)).to_be_enabled()
    assert earliest <= front.now() - STARTS_AT.timestamp() < 2


def test_what_has_opened_stays_open_when_the_clock_is_corrected(visitor: Visitor, front: Storefront) -> None:
    """The first `Date` leaves T0 in the middle, the second half a second before it."""
    front.exact_clock = False
    front.pointers[VERSION] = pointer("live")
    front.set_clock(-0.9)
    visitor.open()
    assert visitor.tab.locator(LAMP).is_enabled()
    front.set_clock(-1.9)
    visitor.poll()
    assert visitor.tab.locator(LAMP).is_enabled()


def test_countdown_never_counts_back(visitor: Visitor, front: Storefront) -> None:
    """Its digit stays a little longer when the clock is corrected."""
    front.exact_clock = False
    front.set_clock(-10.9)
    visitor.open()
    front.set_clock(-11.9)
    visitor.poll()
    assert int(visitor.tab.locator("[data-unit=s]").inner_text()) <= 10


def test_page_without_a_server_clock_stays_shut(visitor: Visitor, front: Storefront) -> None:
    """A live pointer that came without `x-now` and without `Date` opens nothing; the next answer with one does."""
    front.exact_clock, front.dated = False, False
    front.set_clock(60)
    front.pointers[VERSION] = pointer("live")
    visitor.open()
    assert visitor.tab.locator(LAMP).is_disabled()
    front.dated = True
    visitor.poll()
    assert visitor.tab.locator(LAMP).is_enabled()


def test_countdown_runs_on_the_visitors_clock_until_the_servers_is_known(visitor: Visitor, front: Storefront) -> None:
    """Digits at once, even if the pointer cannot be read; but nothing opens on them."""
    front.status = 503
    visitor.tab.add_init_script(f"Date.now = () => {(STARTS_AT.timestamp() - 2 * HOUR) * 1000}")
    visitor.open()
    assert ["00", "02", "00", "00"] == visitor.tab.locator("[data-unit]").all_text_contents()
    assert visitor.tab.locator(LAMP).is_disabled()


def test_closes_at_the_end_without_a_word_from_the_pointer(visitor: Visitor, front: Storefront) -> None:
    """Live in the pointer, over by the server's clock."""
    front.set_clock((ENDS_AT - STARTS_AT).total_seconds() - 1)
    front.pointers[VERSION] = pointer("live")
    visitor.open()
    expect(visitor.tab.locator(LAMP)).to_be_enabled()
    visitor.shows("ended")
    expect(visitor.tab.locator(LAMP)).to_be_disabled()


def test_postponed_sale_shows_its_new_time(visitor: Visitor, front: Storefront) -> None:
    """In the sale's zone; the time that has not changed stays as the build wrote it."""
    front.set_clock(-30)
    visitor.open()
    times = visitor.tab.locator("time[data-time]")
    first = times.all_text_contents()
    front.pointers[VERSION] = pointer(rev=2, starts_at="2026-11-27T10:30:00Z")
    visitor.poll()
    assert ["Friday, November 27, 2026 at 10:30 AM Coordinated Universal Time", first[1]] == visitor.tab.locator(
        "time[data-time]"
    ).all_text_contents()
    assert ["00", "02", "30"] == visitor.tab.locator("[data-unit]").all_text_contents()[:3]


def test_rolled_back_sale_counts_to_its_start_again(visitor: Visitor, front: Storefront) -> None:
    """A scheduled pointer may still hold the opening of an earlier go-live."""
    front.set_clock(2 - HOUR)
    front.pointers[VERSION] = pointer(opens_at="2026-11-26T08:00:00Z")
    visitor.open()
    assert "59" == visitor.tab.locator("[data-unit=m]").text_content()


def test_hidden_tab_is_silent_and_wakes_at_once(visitor: Visitor, front: Storefront) -> None:
    """No polls from tabs that nobody looks at."""
    front.set_clock(-5)
    visitor.tab.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.covered})")
    visitor.open()
    visitor.tab.evaluate("window.covered = true; document.dispatchEvent(new Event('visibilitychange'))")
    before = len(front.polls)
    visitor.tab.wait_for_timeout(1500)
    assert before == len(front.polls)
    front.pointers[VERSION] = pointer("live", rev=2, opens_at=None)
    visitor.tab.evaluate("window.covered = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(visitor.tab.locator(LAMP)).to_be_enabled(timeout=500)


def test_back_online_asks_at_once(visitor: Visitor, front: Storefront) -> None:
    """A phone that was in a tunnel at the start does not wait for its back-off."""
    front.set_clock(-2 * HOUR)
    visitor.open()
    visitor.tab.context.set_offline(True)
    front.pointers[VERSION] = pointer("live", rev=2, opens_at=None)
    visitor.tab.wait_for_timeout(200)
    assert visitor.tab.locator(LAMP).is_disabled()
    visitor.tab.context.set_offline(False)
    expect(visitor.tab.locator(LAMP)).to_be_enabled(timeout=1000)


def test_polls_as_the_schedule_says(visitor: Visitor, front: Storefront) -> None:
    """The table of the contract, give or take 20 %."""
    for after_start, state, seconds in SCHEDULE:
        front.set_clock(after_start)
        front.pointers[VERSION] = pointer(state)
        visitor.open()
        assert [True] == [0.8 * seconds <= delay <= 1.2 * seconds for delay in visitor.poll_delays()]


def test_a_request_that_hangs_at_the_opening_is_given_up_soon(visitor: Visitor, front: Storefront) -> None:
    """After 3 s, give or take 20 %, and later on a line where one has failed; 10 s while there is time."""
    visitor.tab.add_init_script(_WATCH_LIMITS)
    front.set_clock(-HOUR)
    visitor.open()
    visitor.poll()
    assert 10 == visitor.tab.evaluate("limits")[-1]
    front.set_clock(-5)
    visitor.open()
    for front.status in (200, 503, 503, 200, 200):
        visitor.poll()
    limits = visitor.tab.evaluate("limits")
    expected = [3, 3, 3, 6, 10, 3]
    assert [True] * 6 == [0.8 * e <= limit <= min(10, 1.2 * e) for e, limit in zip(expected, limits, strict=True)]


def test_backs_off_from_a_busy_server_up_to_half_a_minute(visitor: Visitor, front: Storefront) -> None:
    """2, 4, 8, 16, 30, 30 seconds, give or take 20 %; one answer ends it."""
    front.status = 503
    visitor.open()
    for _ in range(5):
        visitor.poll()
    front.status = 200
    visitor.poll()
    delays = visitor.poll_delays()
    expected = [2, 4, 8, 16, 30, 30, 1]
    assert [True] * 7 == [0.8 * e <= d <= 1.2 * e for e, d in zip(expected, delays, strict=True)]
