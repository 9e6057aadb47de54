"""The demo's shoppers press the button: as many get an order as there is stock, and everyone else is told."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from flashgen.cli.demo.project import SKU, SLOTS, STOCK
from flashgen.cli.demo.story import SEEN_WITHIN_SECONDS, Stage
from flashgen.errors import FlashgenError
from flashgen.rehearse.buyer import Buyer, BuyResult, Purchase
from flashgen.rehearse.crowd import Crowd
from flashgen.rehearse.order_subsystem import StandInOrderSubsystem
from flashgen.rehearse.rush import rush

THINKS_SECONDS = 2.0
FORWARDED_WITHIN_SECONDS = 10.0


def buy_out(stage: Stage, crowd: Crowd, shop: StandInOrderSubsystem) -> dict[str, Any]:
    """Have every shopper try to buy one of SKU. Raises FlashgenError unless exactly STOCK of them have, and the shop
    has their orders."""
    say, count = stage.session.say, len(crowd.shoppers)
    say(f"\n{click.style(f'all {count} press the button of {SKU} at once', bold=True)}")
    say(f"there are {STOCK} of it, and {SLOTS} places at a time")
    outcomes = rush(_buyers(crowd), SEEN_WITHIN_SECONDS)
    _check(outcomes)
    again = sum(one.tries - 1 for one in outcomes)
    say(f"{STOCK} got an order each; {count - STOCK} were told that it is sold out")
    say(f"on the way they were told {again} times that all places are taken, and tried again")
    ids = {one.order_id for one in outcomes if one.came is BuyResult.ORDERED}
    _await_orders(shop, ids)
    requests = sum(map(len, shop.received.values()))
    say(f"the order subsystem got {len(shop.received)} orders, each under a key of its own, in {requests} requests")
    last_at = max(times[0] for times in shop.received.values())
    told = "saw it sold out, by the gate's own write"
    seen = stage.await_all(crowd, told, lambda sight: SKU in sight.gone, last_at, "the last order")
    return {
        "sku": SKU,
        "stock": STOCK,
        "slots": SLOTS,
        "outcomes": dict(Counter(str(one.came) for one in outcomes)),
        "tries": sum(one.tries for one in outcomes),
        "orders": sorted(ids),
        "forwarded": {key: len(times) for key, times in shop.received.items()},
        "seen_after_seconds": seen,
    }


def _buyers(crowd: Crowd) -> list[Buyer]:
    return [
        Buyer(one.sights[-1].order_url, SKU, random.Random(seed).random, THINKS_SECONDS)  # noqa: S311
        for seed, one in enumerate(crowd.shoppers)
    ]


def _check(outcomes: Sequence[Purchase]) -> None:
    came = Counter(one.came for one in outcomes)
    ids = {one.order_id for one in outcomes if one.came is BuyResult.ORDERED}
    if (came[BuyResult.ORDERED], len(ids), came[BuyResult.SOLD_OUT]) != (STOCK, STOCK, len(outcomes) - STOCK):
        found = ", ".join(f"{count} × {one}" for one, count in came.items())
        raise FlashgenError(f"{STOCK} of {len(outcomes)} shoppers should have an order, found {found}")


def _await_orders(shop: StandInOrderSubsystem, ids: set[str]) -> None:
    deadline = time.monotonic() + FORWARDED_WITHIN_SECONDS
    while not ids <= shop.received.keys() and time.monotonic() < deadline:
        time.sleep(0.05)
    if ids != shop.received.keys():
        raise FlashgenError(f"the order subsystem should have {len(ids)} orders, and has {len(shop.received)}")
