"""A sale's page and pointer behind a local edge, for simulated shoppers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.observed_store import ObservedStore
from support.storefront import STARTS_AT, VERSION, pointer

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.page.headers import page_headers
from flashgen.unlock.pointer import pointer_headers, pointer_key

PAGE = b'<script type="application/json" id="flashgen">{"pointer": "unlock.%b.js"}</script>' % VERSION.encode()


@dataclass
class RunningSale:
    """A sale at `url`, on a clock that a test sets; without it, it is the start of the sale."""

    store: ObservedStore
    url: str = ""
    ahead_seconds: float = STARTS_AT.timestamp() - time.time()

    def now(self) -> float:
        """The edge's clock."""
        return time.time() + self.ahead_seconds

    def after_start(self) -> float:
        """Seconds."""
        return self.now() - STARTS_AT.timestamp()

    def set_clock(self, seconds_after_start: float) -> None:
        """Make it so many seconds after the start."""
        self.ahead_seconds += seconds_after_start - self.after_start()

    def put(self, body: bytes) -> None:
        """Write the pointer."""
        self.store.put(pointer_key("fair", VERSION), body, pointer_headers(1))


@pytest.fixture
def running() -> Iterator[RunningSale]:
    """A sale that is scheduled, at its start."""
    running = RunningSale(ObservedStore())
    running.set_clock(0)
    running.put(pointer())
    running.store.put("fair/index.html", PAGE, page_headers())
    running.store.put("fair/other.html", b"something else", page_headers())
    with Serving(Edge(running.store, clock=running.now)) as serving:
        running.url = f"{serving.url}/fair/"
        yield running
