"""A live sale with all that a crowd needs: gates, storage, the shop's order subsystem; and what may befall them."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.cutting_proxy import cutting_proxy
from support.gate_process import GateProcess, Shop, free_url, gate_process
from support.order_subsystem import OrderSubsystem, order_subsystem
from support.redis_server import DURABLE, RedisProcess, redis_server

from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Storage

SKU, STOCK, SLOTS, LEASE_SECONDS = "LAMP", 100, 12, 10


@dataclass(frozen=True)
class CrowdedSale:
    """What runs. `storage_url` is the storage's own, without a proxy before it."""

    root: Path
    gates: tuple[GateProcess, ...]
    storage_url: str
    redis: RedisProcess | None
    subsystem: OrderSubsystem

    @property
    def servers(self) -> tuple[str, ...]:
        """Origins of the gates."""
        return tuple(gate.url for gate in self.gates)

    def storage(self) -> Storage:
        """To look at from outside; for one thread."""
        return open_storage(self.storage_url, self.root)


Misfortune = Callable[[CrowdedSale, random.Random], None]


def gate_dies(sale: CrowdedSale, rng: random.Random) -> None:
    """A machine crashes, and comes back a little later."""
    gate = rng.choice(sale.gates)
    gate.kill()
    time.sleep(rng.random())
    gate.start()


def worker_dies(sale: CrowdedSale, rng: random.Random) -> None:
    """One process of a gate; the others go on."""
    for pid in sorted(rng.choice(sale.gates).workers())[:1]:  # none while it is being replaced
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def redis_dies(sale: CrowdedSale, rng: random.Random) -> None:
    """And comes back with what it had acknowledged."""
    assert sale.redis
    sale.redis.kill()
    time.sleep(rng.random())
    sale.redis.start()


def subsystem_dies(sale: CrowdedSale, rng: random.Random) -> None:
    """And comes back with its book."""
    sale.subsystem.kill()
    time.sleep(rng.random() * 2)
    sale.subsystem.start()


@dataclass(frozen=True)
class Course:
    """How a run goes: which storage, what happens how often, and whether connections are cut all the time."""

    name: str
    storage: str = "redis"
    misfortunes: tuple[Misfortune, ...] = ()
    times: int = 0
    has_bad_wires: bool = False


COURSES = (
    Course("everything dies", misfortunes=(gate_dies, redis_dies, subsystem_dies), times=3),
    Course("one gate on SQLite dies", "sqlite", (gate_dies,), times=3),
    Course("gates die", misfortunes=(gate_dies,), times=4),
    Course("Redis dies", misfortunes=(redis_dies,), times=4),
    Course("the order subsystem dies", misfortunes=(subsystem_dies,), times=4),
    Course("connections are cut", has_bad_wires=True),
    Course("workers die", misfortunes=(worker_dies,), times=8),
    Course("workers on SQLite die", "sqlite", (worker_dies,), times=8),
)
"""The first ones are what every run of all tests has."""


@contextmanager
def crowded_sale(root: Path, course: Course, seed: int) -> Iterator[CrowdedSale]:
    """Begin all of it: 2 gates of 2 workers on Redis, or 1 on SQLite."""
    with ExitStack() as stack:
        subsystem = stack.enter_context(order_subsystem(root / "book", seed))
        target = subsystem.url
        redis, url = None, "sqlite:.flashgen/gate.db"
        if course.storage == "redis":
            redis = stack.enter_context(redis_server(root / "redis", **DURABLE))
            url = redis.url
        used = url
        if redis and course.has_bad_wires:
            cut = stack.enter_context(cutting_proxy(subsystem.port, seed, 6_000, 1_500))
            target = target.replace(str(subsystem.port), str(cut.own_port))
            cut = stack.enter_context(cutting_proxy(redis.port, seed, 300_000, 300_000))
            used = url.replace(str(redis.port), str(cut.own_port))
        servers = tuple(free_url() for _ in range(2 if redis else 1))
        order = {"forward_to": target, "slots_per_server": SLOTS, "lease": f"{LEASE_SECONDS}s"}
        Shop(servers, {SKU: STOCK}, order).open(root)
        gates = tuple(_gates(stack, root, servers, used))
        yield CrowdedSale(root, gates, url, redis, subsystem)


def _gates(stack: ExitStack, root: Path, servers: tuple[str, ...], storage: str) -> Iterator[GateProcess]:
    """Only the first is told that the storage is new, and only when it begins."""
    words = ("--workers", "2", "--storage", storage)
    for number, server in enumerate(servers):
        more = () if number else ("--new-storage",)
        gate = stack.enter_context(gate_process(root, *words, *more, url=server, name=f"gate-{number}"))
        gate.arguments = words
        yield gate
