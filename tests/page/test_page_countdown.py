"""page.js in a real Chromium: the countdown's rhythm, on time that a test lets pass."""

from __future__ import annotations

from support.storefront import Storefront
from support.visitor import Visitor

TICKS = 500
LONGEST_MS = 1010
"""A second, and a little: browsers cut the fractions off a delay, and wait some milliseconds before the next timer."""

_VIRTUAL_TIME = """
{
  let now = 0, readings = 0, timer;
  // Each reading takes a part of a millisecond, never the same one.
  performance.now = () => (now += 0.05 + 0.4 * ((readings++ * 0.618) % 1));
  const wait = window.setTimeout;
  window.setTimeout = (run, delay) => {
    if (run.name !== "tick") return wait(run, delay);
    timer = { run, at: now + Math.trunc(delay) };
  };
  window.longestSecond = (ticks) => {
    const digits = document.querySelector("[data-unit=s]");
    let longest = 0, since, shown;
    while (ticks--) {
      now = Math.max(now, timer.at);
      timer.run();
      if (digits.textContent === shown) continue;
      if (shown) longest = Math.max(longest, now - since);
      [since, shown] = [now, digits.textContent];
    }
    return longest;
  };
}
"""


def test_each_second_is_shown_for_a_second(visitor: Visitor, front: Storefront) -> None:
    """Although timers come a fraction early: none is held for two, and so the button opens with the last one."""
    front.set_clock(-3000)
    visitor.tab.add_init_script(_VIRTUAL_TIME)
    visitor.open()
    assert 990 < visitor.tab.evaluate(f"longestSecond({TICKS})") < LONGEST_MS
