"""Two thousand buyers for a hundred units, while what serves them is killed: nothing is oversold, nothing is lost.

Two runs by default. `FLASHGEN_CROWD_RUNS=20` makes it twenty, `FLASHGEN_CROWD_FIRST=7` begins with the seed 7: a run is
its seed, but for the machine's own haste.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.crowd_of_buyers import Crowd, room_for_a_crowd
from support.crowded_sale import COURSES, LEASE_SECONDS, SKU, SLOTS, STOCK, Course, CrowdedSale, crowded_sale
from support.gate_process import SALE, Buyer, order_path, run
from support.order_subsystem import Heard
from support.sale_watcher import SaleWatcher

RUNS, FIRST = (int(os.environ.get(f"FLASHGEN_CROWD_{name}", default)) for name, default in (("RUNS", 2), ("FIRST", 0)))
BUYERS, BOTS = 2000, 40
STANDSTILL_SECONDS = 90.0
"""Selling may take as long as the machine takes, but not stand still: a killed gate's claims run out after 52 s."""

TROUBLE_SECONDS = 8.0
"""About as long as selling takes if nothing goes wrong."""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_each_unit_is_sold_once_whatever_dies(seed: int, tmp_path: Path) -> None:
    """In storage, at the order subsystem, for each buyer, and as counted from outside."""
    course = COURSES[seed % len(COURSES)]
    _say(f"seed {seed}: {course.name}")
    with room_for_a_crowd(), crowded_sale(tmp_path, course, seed) as sale, SaleWatcher(sale) as onlooker:
        crowd = asyncio.run(_sell(sale, course, onlooker, seed))
        _say(f"{dict(crowd.met)}, {crowd.forms.handed_out} forms, most {crowd.forms.most}")
        _say(f"in use {onlooker.most_in_use}, {onlooker.last}")
        assert onlooker.is_all_sold(), f"nothing moved for {STANDSTILL_SECONDS} s: {onlooker.last}"
        _check_slots(crowd, onlooker)
        orders = _orders(sale)
        _check_orders(orders, sale.subsystem.heard())
        _check_buyers(orders, crowd)
        _wait(lambda: onlooker.sold == {SKU}, f"{SKU} is not in the pointer's `sold`")
        _wait(lambda: not onlooker.slots_in_use(), "slots are still in use")
        _check_gates(sale)


async def _sell(sale: CrowdedSale, course: Course, onlooker: SaleWatcher, seed: int) -> Crowd:
    """Until every unit is at the order subsystem, or nothing moves."""

    def is_over() -> bool:
        return onlooker.is_all_sold() or time.monotonic() > onlooker.moved_at + STANDSTILL_SECONDS

    crowd = Crowd(sale.servers, order_path(sale.root), SKU, lambda: SKU in onlooker.sold, is_over)
    befalling = asyncio.ensure_future(_befall(sale, course, random.Random(f"{seed} misfortunes")))
    try:
        await crowd.run(BUYERS, BOTS, seed)
    finally:
        await befalling
    return crowd


async def _befall(sale: CrowdedSale, course: Course, rng: random.Random) -> None:
    """What the course says, one after the other, at random moments."""
    for _ in range(course.times):
        await asyncio.sleep(rng.random() * 2 * TROUBLE_SECONDS / course.times)
        await asyncio.to_thread(rng.choice(course.misfortunes), sale, rng)


def _check_slots(crowd: Crowd, onlooker: SaleWatcher) -> None:
    """As the storage says, and as many forms as people hold."""
    assert onlooker.polls > 20
    assert onlooker.most_taken == STOCK
    for server in crowd.servers:
        assert 0 < onlooker.most_in_use[server] <= SLOTS
        assert 0 < crowd.forms.most[server] <= SLOTS
    assert max(crowd.forms.most_by_address.values()) <= SLOTS // 4


def _orders(sale: CrowdedSale) -> list[dict[str, Any]]:
    """All orders with their buyers, and the list says the same of each."""
    exported: list[dict[str, Any]] = _json(sale, "export", "--format", "json")
    listed: list[dict[str, Any]] = _json(sale, "list")
    assert [(one["order_id"], one["state"]) for one in listed] == [(one["order_id"], one["state"]) for one in exported]
    return exported


def _json(sale: CrowdedSale, *words: str) -> list[dict[str, Any]]:
    text = run(sale.root, "gate", "orders", *words, SALE, "--storage", sale.storage_url, "--json")
    found: list[dict[str, Any]] = json.loads(text)["result"]["orders"]
    return found


def _check_orders(orders: list[dict[str, Any]], heard: tuple[Heard, ...]) -> None:
    """Each order reached the order subsystem under its own key, with the same words each time, and nothing else did."""
    states = {one["order_id"]: one["state"] for one in orders}
    assert len(orders) == len(states)
    assert STOCK == list(states.values()).count("done")
    verdicts = {one.key: "done" if one.status == 201 else "rejected" for one in heard}
    assert states == verdicts
    for one in heard:
        (order,) = (order for order in orders if order["order_id"] == one.key)
        assert (one.key, SALE, SKU, 1) == tuple(one.order[name] for name in ("order_id", "sale", "sku", "quantity"))
        assert order["buyer"] == one.order["buyer"]
        assert order["accepted_at"] == one.order["accepted_at"]


def _check_buyers(orders: list[dict[str, Any]], crowd: Crowd) -> None:
    """Nobody has two, and who was told of an order has it, or had it before it was rejected."""
    by_buyer = defaultdict(list)
    for order in orders:
        by_buyer[order["buyer"]].append(order)
    for buyer, theirs in by_buyer.items():
        assert sum(order["state"] != "rejected" for order in theirs) <= 1, f"{buyer} has several orders"
    owners = {order["order_id"]: order["buyer"] for order in orders}
    assert {(owners.get(order), order) for _, order in crowd.told} == set(crowd.told)
    assert len(set(crowd.told)) > STOCK / 2


def _check_gates(sale: CrowdedSale) -> None:
    """It is over for everybody, nothing surprised a gate, and it ends as it should."""
    for gate in sale.gates:
        assert 303 == Buyer(gate.url, order_path(sale.root)).get(SKU).status
        assert 0 == gate.stop()
        assert "Traceback" not in gate.log.read_text(encoding="utf-8")


def _wait(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + LEASE_SECONDS + 10
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


def _say(text: str) -> None:
    """Shown when the test fails."""
    sys.stdout.write(f"{text}\n")
