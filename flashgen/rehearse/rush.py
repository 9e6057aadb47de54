"""Many buyers at the same moment, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from flashgen.rehearse.buyer import Buyer, Purchase


def rush(buyers: Sequence[Buyer], patience_seconds: float) -> tuple[Purchase, ...]:
    """Have all of them buy at once, and return what came of it for each, in their order.

    Whoever is still waiting for a place after `patience_seconds` gives up.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(max(1, len(buyers))) as pool:
        try:
            running = [pool.submit(buyer.insist, stop) for buyer in buyers]
            wait(running, patience_seconds)
        finally:
            stop.set()
    return tuple(one.result() for one in running)
