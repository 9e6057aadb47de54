"""Many at once, each in a thread: shoppers who watch pages, and buyers who press the button at the same moment."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from flashgen.rehearse.buyer import Buyer, Purchase
from flashgen.rehearse.shopper import Observation, Shopper

POLL_SECONDS = 0.05


class Crowd:
    """A context manager: shoppers on `page_url` from its beginning to its end. `seed` makes their jitter repeatable."""

    def __init__(self, page_url: str, count: int, seed: int = 0, retry_seconds: float = 2.0) -> None:
        self._stop = threading.Event()
        draws = [random.Random(seed + number).random for number in range(count)]  # noqa: S311
        self.shoppers = tuple(Shopper(page_url, draw, self._stop, retry_seconds) for draw in draws)
        self._threads = [threading.Thread(target=one.run, daemon=True) for one in self.shoppers]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def polls(self) -> int:
        """How often all of them together have asked for the pointer."""
        return sum(shopper.polls for shopper in self.shoppers)

    def wait_until(self, seen: Callable[[Observation], bool], timeout_seconds: float) -> tuple[float, ...]:
        """Wait until `seen` is true of every shopper's newest observation. Returns when each was made, in seconds.

        Shorter than the crowd if some have not by the time-out.
        """
        deadline = time.monotonic() + timeout_seconds
        while len(times := self._times(seen)) < len(self.shoppers) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return times

    def _times(self, seen: Callable[[Observation], bool]) -> tuple[float, ...]:
        newest = [one.observations[-1] for one in self.shoppers if one.observations]
        return tuple(sorted(one.at for one in newest if seen(one)))


def rush(buyers: Sequence[Buyer], patience_seconds: float) -> tuple[Purchase, ...]:
    """Have all of them buy at once, and return each one's purchase, in their order.

    Buyers who still wait for a place after `patience_seconds` give up.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(max(1, len(buyers))) as pool:
        try:
            running = [pool.submit(buyer.buy_patiently, stop) for buyer in buyers]
            wait(running, patience_seconds)
        finally:
            stop.set()
    return tuple(one.result() for one in running)
