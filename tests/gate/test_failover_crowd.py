"""Two thousand buyers, and in the middle a replica that lags takes its primary's place: what is sold twice is bounded,
and named.

One run by default. `FLASHGEN_FAILOVER_RUNS=20` makes it twenty, `FLASHGEN_FAILOVER_FIRST=7` begins with the seed 7. In
every other run all gates die with the primary, so that nobody remembers but the mark. Each prints a line of figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.crowd_of_buyers import Crowd, room_for_a_crowd
from support.crowded_sale import LEASE_SECONDS, SKU, SLOTS, STOCK, CrowdedSale
from support.gate_process import SALE, Shop, free_url, gate_process, order_path, run
from support.order_subsystem import order_subsystem
from support.redis_server import DURABLE, RedisProcess, redis_server
from support.sale_watcher import SaleWatcher

RUNS, FIRST = (
    int(os.environ.get(f"FLASHGEN_FAILOVER_{name}", default)) for name, default in (("RUNS", 1), ("FIRST", 0))
)
BUYERS = 2000
STANDSTILL_SECONDS = 90.0


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_a_failover_sells_no_more_than_its_bound(seed: int, tmp_path: Path) -> None:
    """Accepted and not rejected: the stock at most, and beyond it as many as were printed and each by its name."""
    rng = random.Random(f"{seed} failover")
    with ExitStack() as stack:
        stack.enter_context(room_for_a_crowd())
        sale, replica = _begin(stack, tmp_path, seed)
        onlooker = stack.enter_context(SaleWatcher(sale))
        outcome: dict[str, Any] = asyncio.run(_sell(sale, replica, onlooker, rng, seed))
        last = _reconcile(sale)
        accepted, beyond = len(_kept(sale)), max(0, len(_kept(sale)) - STOCK)
        named = {*outcome["oversold"], *last["oversold"]}
        _say(
            f"seed {seed}: gates {'died' if seed % 2 else 'lived'}, lost {outcome['lost']}, "
            f"stopped {outcome['stopped']}, accepted {accepted} of {STOCK}, bound {last['most_oversold']}, "
            f"named {len(named)}, added {outcome['added'] + last['added']}"
        )
        assert STOCK <= accepted <= STOCK + last["most_oversold"]
        assert beyond == len(last["oversold"])
        assert not outcome["stopped"] or [] == last["promised"]


def _begin(stack: ExitStack, root: Path, seed: int) -> tuple[CrowdedSale, RedisProcess]:
    """Two gates of two workers, on a Redis with a replica."""
    subsystem = stack.enter_context(order_subsystem(root / "book", seed))
    primary = stack.enter_context(redis_server(root / "primary", **DURABLE))
    replica = stack.enter_context(redis_server(root / "replica", **DURABLE, replicaof=f"127.0.0.1 {primary.port}"))
    servers = tuple(free_url() for _ in range(2))
    order = {"forward_to": subsystem.url, "slots_per_server": SLOTS, "lease": f"{LEASE_SECONDS}s"}
    Shop(servers, {SKU: STOCK}, order).open(root)
    words = ("--workers", "2", "--storage", primary.url)
    gates = []
    for number, server in enumerate(servers):
        more = () if number else ("--new-storage",)
        gate = stack.enter_context(gate_process(root, *words, *more, url=server, name=f"gate-{number}"))
        gate.arguments = words
        gates.append(gate)
    return CrowdedSale(root, tuple(gates), primary.url, primary, subsystem), replica


async def _sell(
    sale: CrowdedSale, replica: RedisProcess, onlooker: SaleWatcher, rng: random.Random, seed: int
) -> dict[str, Any]:
    """Until every unit is at the order subsystem, or nothing moves."""

    def is_over() -> bool:
        return onlooker.is_all_sold() or time.monotonic() > onlooker.moved_at + STANDSTILL_SECONDS

    crowd = Crowd(sale.servers, order_path(sale.root), SKU, lambda: SKU in onlooker.sold, is_over)
    failing = asyncio.ensure_future(asyncio.to_thread(_fail_over, sale, replica, rng, bool(seed % 2)))
    try:
        await crowd.run(BUYERS, 0, seed)
    finally:
        outcome = await failing
    assert onlooker.is_all_sold(), f"nothing moved for {STANDSTILL_SECONDS} s: {onlooker.last}"
    return outcome


def _fail_over(sale: CrowdedSale, replica: RedisProcess, rng: random.Random, gates_die: bool) -> dict[str, Any]:
    """The replica stops hearing, and takes its primary's place some orders later; then somebody reconciles."""
    assert sale.redis
    _wait(lambda: len(_kept(sale)) >= rng.randint(10, 40), "too few orders")
    replica.settings.pop("replicaof")
    with replica.client() as client:
        client.replicaof("NO", "ONE")
        heard = int(client.hget(f"flashgen:{{{SALE}}}", f"taken:{SKU}") or 0)
    lag = rng.randint(1, 30)
    _wait(lambda: len(_kept(sale)) >= heard + lag, "too few orders")
    sale.redis.kill()
    if gates_die:
        for gate in sale.gates:
            gate.kill()
    lost = len(_kept(sale)) - heard
    replica.stop()
    replica.port = sale.redis.port
    replica.start()
    if gates_die:
        for gate in sale.gates:
            gate.spawn()
    _wait(lambda: _has_noticed(sale) or _is_sold_out(sale), "neither stopped nor sold out")
    stopped = _has_noticed(sale)
    found = _reconcile(sale) if stopped else {"oversold": [], "added": 0}
    return {"lost": lost, "stopped": stopped, **found}


def _has_noticed(sale: CrowdedSale) -> bool:
    mark = json.loads((sale.root / "store" / "_flashgen" / SALE / "storage.json").read_text(encoding="utf-8"))
    return mark["stopped"] is not None


def _is_sold_out(sale: CrowdedSale) -> bool:
    return any(gate.events("sold out") for gate in sale.gates)


def _reconcile(sale: CrowdedSale) -> dict[str, Any]:
    """With what the order subsystem has booked, and the logs of all gates."""
    booked = {one.key: one.order for one in sale.subsystem.heard() if one.status == 201}
    listed = sale.root / "orders.jsonl"
    listed.write_text("".join(f"{json.dumps(order)}\n" for order in booked.values()), encoding="utf-8")
    logs = [word for gate in sale.gates for word in ("--log", str(gate.log))]
    words = ("--storage", sale.storage_url, "--orders", str(listed), *logs, "--yes", "--json")
    found: dict[str, Any] = json.loads(run(sale.root, "gate", "reconcile", SALE, *words))["result"]
    return found


def _kept(sale: CrowdedSale) -> set[str]:
    """Orders that a gate has accepted and that were not rejected, by the gates' logs."""
    accepted = {line["order"] for gate in sale.gates for line in gate.events("order accepted")}
    rejected = {line["order"] for gate in sale.gates for line in gate.events("order rejected")}
    return accepted - rejected


def _wait(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + STANDSTILL_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
