"""Some shoppers at once, each in a thread, and when they saw what."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from types import TracebackType

from flashgen.rehearse.shopper import Observation, Shopper

LOOK_EVERY_SECONDS = 0.05


class Crowd:
    """A context manager: shoppers on `page_url` from its beginning to its end. `seed` makes their jitter repeatable."""

    def __init__(self, page_url: str, count: int, seed: int = 0) -> None:
        self._stop = threading.Event()
        self.shoppers = tuple(Shopper(page_url, random.Random(seed + n).random, self._stop) for n in range(count))  # noqa: S311
        self._threads = [threading.Thread(target=one.run, daemon=True) for one in self.shoppers]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def polls(self) -> int:
        """How often all of them together have asked for the pointer."""
        return sum(shopper.polls for shopper in self.shoppers)

    def wait_until(self, seen: Callable[[Observation], bool], timeout_seconds: float) -> tuple[float, ...]:
        """Wait until every shopper's newest sight is `seen`. Returns when each first saw it, in seconds of the clock.

        Shorter than the crowd if some have not by the time-out.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline and not all(one.sights and seen(one.sights[-1]) for one in self.shoppers):
            time.sleep(LOOK_EVERY_SECONDS)
        return tuple(sorted(one.sights[-1].at for one in self.shoppers if one.sights and seen(one.sights[-1])))
