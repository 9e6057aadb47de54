"""A gate with losers, buyers and a forwarder for as long as one likes: memory, descriptors and threads stay flat.

`FLASHGEN_SOAK_SECONDS=3600` makes it an hour; `-s` shows the figures.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from support.gate_process import Buyer, GateProcess, Shop, ask, free_url, gate_process, order_path
from support.order_stand_in import order_stand_in

from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.opening import open_storage

SECONDS = float(os.environ.get("FLASHGEN_SOAK_SECONDS", 20))
CLIENTS = 4
PATIENCE_SECONDS = 120.0
SAMPLES = 60
MEMORY_BYTES = 4 * 2**20
"""What all processes together may grow by from the second third to the last: caches of SQLite fill slowly."""

STORAGE = "sqlite:.flashgen/gate.db"


@dataclass(frozen=True)
class Sample:
    """All processes of a gate together: their own memory, descriptors, threads."""

    memory_bytes: int
    descriptors: int
    threads: int


def sample(gate: GateProcess) -> Sample:
    """As they are now (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html)."""
    places = [Path(f"/proc/{pid}") for pid in (gate.process.pid, *gate.workers())]
    status = [place.joinpath("status").read_text() for place in places]
    fields = [dict(line.split(":", 1) for line in text.splitlines()) for text in status]
    return Sample(
        sum(int(one["RssAnon"].split()[0]) * 1024 for one in fields),
        sum(len(list(place.joinpath("fd").iterdir())) for place in places),
        sum(int(one["Threads"]) for one in fields),
    )


@dataclass
class Crowd:
    """Threads that come one after the other until told to stop. `bought` are orders that were shown."""

    url: str
    path: str
    met: Counter[str] = field(default_factory=Counter)
    trouble: list[Exception] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Until the block ends."""
        threads = [threading.Thread(target=self._work, args=(random.Random(number),)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def _work(self, rng: random.Random) -> None:
        try:
            while not self._stopping.is_set():
                self._come(rng.random())
        except Exception as error:  # noqa: BLE001  the test raises it
            self.trouble.append(error)

    def _come(self, mood: float) -> None:
        if mood < 0.2:
            answer = Buyer(self.url, self.path).buy("LAMP")
            self.met[
                "bought" if answer.status == 200 and "Order number" in answer.text else f"buyer {answer.status}"
            ] += 1
        elif mood < 0.9:
            self.met[f"loser {ask(self.url, 'GET', f'{self.path}?sku=MUG').status}"] += 1
        elif mood < 0.98:
            self.met[f"forger {ask(self.url, 'GET', f'{self.path[:-1]}x?sku=LAMP').status}"] += 1
        else:
            host, _, port = self.url.removeprefix("http://").partition(":")
            with closing(socket.create_connection((host, int(port)), PATIENCE_SECONDS)) as connection:
                connection.sendall(f"GET {self.path}?sku=MUG HTTP/1.1\r\nHo".encode())
            self.met["gone"] += 1


def test_a_gate_stays_as_it_is(tmp_path: Path) -> None:
    """The last third of the time takes no more than the second, and every order arrives."""
    with order_stand_in() as subsystem:
        url = free_url()
        order = {"forward_to": subsystem.url, "slots_per_server": 200, "lease": "10s"}
        Shop((url,), {"LAMP": 1_000_000, "MUG": 1}, order).open(tmp_path)
        words = ("--workers", "2", "--storage", STORAGE, "--new-storage")
        with gate_process(tmp_path, *words, url=url) as gate:
            path = order_path(tmp_path)
            assert 200 == Buyer(url, path).buy("MUG").status
            crowd, samples = Crowd(url, path), []
            with crowd.at_work():
                for _ in range(SAMPLES):
                    time.sleep(SECONDS / SAMPLES)
                    samples.append(sample(gate))
            for error in crowd.trouble:
                raise error
            print(f"{SECONDS:g} s: {dict(crowd.met)}")  # noqa: T201
            middle, last = (_typical(samples[SAMPLES * third // 3 : SAMPLES * (third + 1) // 3]) for third in (1, 2))
            print(f"second third: {middle}\nlast third:   {last}")  # noqa: T201
            assert crowd.met["bought"] > 0
            assert not [met for met in crowd.met if met.endswith(("500", "503"))], crowd.met
            assert last.memory_bytes - middle.memory_bytes < MEMORY_BYTES
            assert last.descriptors <= middle.descriptors + CLIENTS
            assert last.threads <= middle.threads + CLIENTS
            _check_orders(tmp_path, crowd.met["bought"] + 1)


def _typical(samples: list[Sample]) -> Sample:
    return Sample(
        int(median(one.memory_bytes for one in samples)),
        int(median(one.descriptors for one in samples)),
        int(median(one.threads for one in samples)),
    )


def _check_orders(root: Path, bought: int) -> None:
    """Each reaches the order subsystem, however slow that is."""
    with closing(open_storage(STORAGE, root)) as storage:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(order.state in (OrderState.ACCEPTED, OrderState.UNKNOWN) for order in storage.orders("night")):
            assert time.monotonic() < deadline, storage.tally("night", time.time())
            time.sleep(0.5)
        assert bought <= len(list(storage.orders("night")))
