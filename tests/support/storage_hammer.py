"""A process that orders, and says so, until it is killed: `storage_hammer.py PATH NAME`."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

from support.visits import buy

from flashgen.gate.orders.order import Order
from flashgen.gate.storage.sqlite.storage import SqliteStorage


def start(path: Path, name: int) -> subprocess.Popen[str]:
    """Run this file in a process of its own; each line of its `stdout` is the id of an order."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, __file__, str(path), str(name)], env=environment, stdout=subprocess.PIPE, text=True
    )


if __name__ == "__main__":
    storage = SqliteStorage(Path(sys.argv[1]), "sqlite:gate.db")
    storage.begin("night")
    for turn in count():
        buyers = [f"{sys.argv[2]}-{turn}-{number}" for number in range(3)]
        orders = storage.decide([buy(buyer, stock=None) for buyer in buyers])
        os.write(1, "".join(f"{order.id}\n" for order in orders if isinstance(order, Order)).encode())
