"""A simulated shopper: opens a page over HTTP, polls the pointer as page.js does, and notes what it sees and when."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Protocol

from flashgen import timestamps
from flashgen.rehearse.browser import Browser, PlainBrowser
from flashgen.rehearse.page_script import order_query, parse_pointer, pointer_url, unavailable_skus
from flashgen.unlock.polling import jittered, wait_seconds

BACK_OFF_CAP_SECONDS = 30.0
"""As in page.js: waits double with each failed poll."""


class Stop(Protocol):
    """Ends a shopper, as a threading.Event does."""

    def is_set(self) -> bool:
        """Whether it is over."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds, or until it is over; then it is true."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a shopper saw from `at` on, in seconds of the server's clock."""

    at: float
    state: str
    gone: frozenset[str]
    order_url: str


@dataclass
class Shopper:
    """One open tab. `draw` gives uniform numbers in [0, 1); `stop` ends it; `retry_seconds` follow a failed poll.

    `clock` is the visitor's own, in seconds since the epoch, right or wrong. `query` is what the page adds to order
    URLs, known once it is loaded.
    """

    page_url: str
    draw: Callable[[], float]
    stop: Stop
    retry_seconds: float = 2.0
    browser: Browser = field(default_factory=PlainBrowser, repr=False)
    clock: Callable[[], float] = time.time
    observations: list[Observation] = field(default_factory=list)
    polls: int = 0
    failures: int = 0
    """Failed polls since the last that was answered."""
    query: str = ""
    _pointer_url: str = ""
    _pointer: dict[str, Any] = field(default_factory=dict)
    _offset: float = 0.0
    _is_on_time: bool = False
    _poll_at: float = float("-inf")

    def run(self) -> None:
        """Load the page, then poll until stopped. Raises OSError when the edge cannot be reached at all."""
        self.load()
        self.watch(lambda _: False)

    def load(self, objects: Sequence[str] = ()) -> None:
        """Open the page, and load further `objects` (URLs) as a first visit does. Raises OSError as `run`."""
        page = self.browser.open(self.page_url)
        self._pointer_url, self.query = pointer_url(page.body, page.url), order_query(page.body, page.url)
        for url in objects:
            self.browser.open(url)

    def watch(self, is_enough: Callable[[Observation], bool], until: float = float("inf")) -> Observation | None:
        """Poll until stopped, what is seen is enough, or the server has `until`. Returns the newest observation."""
        while not self.stop.is_set() and (not self._is_on_time or self.now() < until):
            if self.now() >= self._poll_at or not self._is_on_time:
                wait = self._poll_once()  # and with it the clock's offset
                self._poll_at = self.now() + wait
                if not self._is_on_time:  # nothing is known of the time: the visitor's own clock counts for nothing
                    self.stop.wait(wait)
                    continue
            while not self.stop.is_set() and self.now() < min(self._poll_at, until):
                if self.observations and is_enough(self.observations[-1]):
                    return self.observations[-1]
                opening = self._opening()
                wakes = [at for at in (self._poll_at, until, opening) if at and at > self.now()]
                self.stop.wait(min(wakes) - self.now())
                if opening and self.now() >= opening:
                    self._observe()  # a page opens on the server's clock, between two polls
        return self.observations[-1] if self.observations else None

    def now(self) -> float:
        """The server's clock, as the page reckons it."""
        return self.clock() + self._offset

    def first(self, state: str) -> Observation | None:
        """When it first saw a state; None if it never did."""
        return next((observation for observation in self.observations if observation.state == state), None)

    def early_url(self) -> str:
        """The order URL of a pointer that was shipped before the page opens; empty if it names none."""
        order = self._pointer.get("order")
        return order["origins"][0] + order["path"] if order else ""

    def _poll_once(self) -> float:
        """Poll once; how long to wait for the next. What goes wrong is what a page would see: it asks again."""
        try:
            pointer = self._poll()
            opening = _seconds(pointer["opens_at"] or pointer["starts_at"])
            self._pointer, self.failures = pointer, 0
            self._observe()
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            self.failures += 1
            return jittered(min(BACK_OFF_CAP_SECONDS, self.retry_seconds * 2 ** (self.failures - 1)), self.draw())
        is_open = self.observations[-1].state != "scheduled"
        return jittered(wait_seconds(opening - self.now(), is_open=is_open), self.draw())

    def _poll(self) -> dict[str, Any]:
        answer = self.browser.open(f"{self._pointer_url}?{self.draw()}")
        self.polls += 1
        self._offset = int(answer.fields["x-now"]) / 1000 - self.clock()
        self._is_on_time = True
        return parse_pointer(answer.body)

    def _opening(self) -> float:
        """When the page will open by what it knows, if that lies ahead; else 0."""
        if self._pointer.get("state") != "live" or self.observations[-1].state != "scheduled":
            return 0.0
        return _seconds(self._pointer["opens_at"])

    def _observe(self) -> None:
        pointer = self._pointer
        is_open = pointer["state"] == "live" and self.now() >= _seconds(pointer["opens_at"])
        state = "open" if is_open else ("scheduled" if pointer["state"] == "live" else pointer["state"])
        order = pointer.get("order")
        url = order["origins"][0] + order["path"] if is_open and order else ""
        new = Observation(self.now(), state, unavailable_skus(pointer), url)
        if not self.observations or (self.observations[-1].state, self.observations[-1].gone) != (new.state, new.gone):
            self.observations.append(new)


def _seconds(text: str) -> float:
    return timestamps.from_text(text).timestamp()
