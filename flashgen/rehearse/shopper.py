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
from flashgen.rehearse.page_script import order_query, parse_pointer, pointer_url, unavailable_skus
from flashgen.unlock.polling import jittered, wait_seconds

ANSWER_SECONDS = 10.0


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

    `query` is what the page adds to order URLs, known once it is loaded.
    """

    page_url: str
    draw: Callable[[], float]
    stop: threading.Event
    retry_seconds: float = 2.0
    observations: list[Observation] = field(default_factory=list)
    polls: int = 0
    query: str = ""
    _offset: float = 0.0

    def run(self) -> None:
        """Load the page, then poll until stopped. Raises OSError when the edge cannot be reached at all."""
        split = urlsplit(self.page_url)
        connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", split.path)
            page = connection.getresponse().read()
            pointer_path, self.query = pointer_url(page, split.path), order_query(page, split.path)
            while not self.stop.is_set():
                self.stop.wait(self._poll_once(connection, pointer_path))
        finally:
            connection.close()

    def first(self, state: str) -> Observation | None:
        """When it first saw a state; None if it never did."""
        return next((observation for observation in self.observations if observation.state == state), None)

    def _poll_once(self, connection: http.client.HTTPConnection, path: str) -> float:
        """Poll once; how long to wait for the next. What goes wrong is what a page would see: it asks again."""
        try:
            pointer = self._poll(connection, path)
            self._observe(pointer)
            return self._wait(pointer)
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            connection.close()  # an idle one that the server has closed; the next request opens another
            return self.retry_seconds

    def _poll(self, connection: http.client.HTTPConnection, path: str) -> dict[str, Any]:
        connection.request("GET", f"{path}?{self.draw()}")
        response = connection.getresponse()
        body = response.read()
        self.polls += 1
        self._offset = int(response.headers["x-now"]) / 1000 - time.time()
        return parse_pointer(body)

    def _now(self) -> float:
        return time.time() + self._offset

    def _observe(self, pointer: dict[str, Any]) -> None:
        is_open = pointer["state"] == "live" and self._now() >= _seconds(pointer["opens_at"])
        state = "open" if is_open else ("scheduled" if pointer["state"] == "live" else pointer["state"])
        order = pointer.get("order")
        url = order["origins"][0] + order["path"] if is_open and order else ""
        new = Observation(self._now(), state, unavailable_skus(pointer), url)
        if not self.observations or (self.observations[-1].state, self.observations[-1].gone) != (new.state, new.gone):
            self.observations.append(new)

    def _wait(self, pointer: dict[str, Any]) -> float:
        opening = _seconds(pointer["opens_at"] or pointer["starts_at"])
        is_open = self.observations[-1].state != "scheduled"
        return jittered(wait_seconds(opening - self._now(), is_open=is_open), self.draw())


def _seconds(text: str) -> float:
    return timestamps.from_text(text).timestamp()
