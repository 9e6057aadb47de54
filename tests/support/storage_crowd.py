"""A process full of shoppers and a forwarder: `storage_crowd.py URL FOLDER SEED`. It says what it was told.

It goes on until the sale is sold out and the outbox empty; killed at any moment, it leaves leases behind.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from support.visits import buy, enter

from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Lease, NoPlace, Storage

SALE, SKU, STOCK, SLOTS, LEASE_SECONDS = "night", "PHONE", 100, 12, 1
BUYERS = tuple(f"buyer-{number}" for number in range(300))


def start(url: str, folder: Path, seed: int) -> subprocess.Popen[str]:
    """Run this file in a process of its own; its output can be read from `stdout`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, __file__, url, str(folder), str(seed)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def say(*words: str) -> None:
    """One line, at once: what was said is known outside, whatever comes."""
    os.write(1, (" ".join(words) + "\n").encode())


def shop(storage: Storage, seed: int) -> None:
    """Buyers in an order of our own, each the same person as everywhere, until there is nothing left."""
    chance = random.Random(seed)
    for turn in range(100_000):
        buyer = chance.choice(BUYERS)
        facts: dict[str, Any] = {"stock": STOCK, "slots": SLOTS, "lease_seconds": LEASE_SECONDS, "now": time.time()}
        name = f"{seed}-{turn}"
        (place,) = storage.decide([enter(buyer, lease=f"lease-{name}", **facts)])
        if place is NoPlace.SOLD_OUT:
            return
        if isinstance(place, Lease) and chance.random() < 0.9:
            (order,) = storage.decide([buy(buyer, lease=place.id, order=f"order-{name}", **facts)])
            if isinstance(order, Order):
                say("told", order.id, buyer)
        forward(storage)


def forward(storage: Storage) -> None:
    """One order, if one is due."""
    now = time.time()
    for order in storage.claim(SALE, now, now + 600, 1):
        say("sent", order.id)
        storage.settle(order.id, OrderState.DONE, now, now, "")


def drain(storage: Storage) -> None:
    """What is left."""
    for _ in range(STOCK):
        forward(storage)


if __name__ == "__main__":
    opened = open_storage(sys.argv[1], Path(sys.argv[2]))
    shop(opened, int(sys.argv[3]))
    drain(opened)
    opened.close()
    say("over")
