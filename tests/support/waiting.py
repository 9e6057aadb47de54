"""Waiting for what another thread or process does, for as long as it takes and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_SECONDS = 60.0


def wait_until(holds: Callable[[], bool], limit_seconds: float = LIMIT_SECONDS) -> None:
    """Returns as soon as it holds; fails the test after the limit."""
    deadline = time.monotonic() + limit_seconds
    while not holds():
        assert time.monotonic() < deadline, f"not after {limit_seconds:.0f} s"
        time.sleep(0.01)
