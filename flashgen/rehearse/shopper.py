"""A simulated shopper: opens a page over HTTP, polls the pointer as page.js does, and notes what it sees and when."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flashgen import timestamps
from flashgen.rehearse.pointer import facts_of, gone_in, pointer_url
from flashgen.rehearse.polling import jittered, wait_seconds

ANSWER_SECONDS = 10.0
AFTER_FAILURE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Observation:
    """What a shopper saw from `at` on, in seconds of the server's clock."""

    at: float
    state: str
    gone: frozenset[str]
    order_url: str


@dataclass
class Shopper:
    """One open tab. `draw` gives uniform numbers in [0, 1); `stop` ends it."""

    page_url: str
    draw: Callable[[], float]
    stop: threading.Event
    sights: list[Observation] = field(default_factory=list)
    polls: int = 0
    _offset: float = 0.0

    def run(self) -> None:
        """Look at the page, then poll until stopped. Raises OSError when the edge cannot be reached at all."""
        split = urlsplit(self.page_url)
        connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=ANSWER_SECONDS)
        try:
            pointer_path = self._open_page(connection, split.path)
            while not self.stop.is_set():
                self.stop.wait(self._look(connection, pointer_path))
        finally:
            connection.close()

    def saw(self, state: str) -> Observation | None:
        """When it first saw a state; None if it never did."""
        return next((sight for sight in self.sights if sight.state == state), None)

    def _look(self, connection: http.client.HTTPConnection, path: str) -> float:
        """Poll once; how long to wait for the next. What goes wrong is what a page would see: it asks again."""
        try:
            pointer = self._poll(connection, path)
            self._see(pointer)
            return self._wait(pointer)
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            connection.close()  # an idle one that the server has closed; the next request opens another
            return AFTER_FAILURE_SECONDS

    def _open_page(self, connection: http.client.HTTPConnection, path: str) -> str:
        connection.request("GET", path)
        return pointer_url(connection.getresponse().read(), path)

    def _poll(self, connection: http.client.HTTPConnection, path: str) -> dict[str, Any]:
        connection.request("GET", f"{path}?{self.draw()}")
        response = connection.getresponse()
        body = response.read()
        self.polls += 1
        self._offset = int(response.headers["x-now"]) / 1000 - time.time()
        return facts_of(body)

    def _now(self) -> float:
        return time.time() + self._offset

    def _see(self, pointer: dict[str, Any]) -> None:
        is_open = pointer["state"] == "live" and self._now() >= _seconds(pointer["opens_at"])
        state = "open" if is_open else ("scheduled" if pointer["state"] == "live" else pointer["state"])
        order = pointer.get("order")
        url = order["origins"][0] + order["path"] if is_open and order else ""
        sight = Observation(self._now(), state, gone_in(pointer), url)
        if not self.sights or (self.sights[-1].state, self.sights[-1].gone) != (sight.state, sight.gone):
            self.sights.append(sight)

    def _wait(self, pointer: dict[str, Any]) -> float:
        opening = _seconds(pointer["opens_at"] or pointer["starts_at"])
        is_open = self.sights[-1].state != "scheduled"
        return jittered(wait_seconds(opening - self._now(), is_open=is_open), self.draw())


def _seconds(text: str) -> float:
    return timestamps.from_text(text).timestamp()
