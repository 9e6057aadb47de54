"""The order gate: how many try, how many orders it takes, and how long the stock lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp

from flashgen.unlock.polling import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, RETRY_GROWTH

HURRY_SECONDS = 3.0
"""How long after their button opened the waiting buyers press it, at most, evenly."""

REQUESTS_AN_ORDER = 2.0
"""The form is asked for when a slot is free, and sent."""

TARGET_SECONDS = 60.0
"""The time for which the forecast says how many slots would sell the stock."""


@dataclass(frozen=True, slots=True)
class GateSetup:
    """The gate and its buyers. `stock` is None if there is no limit.

    Of the visitors `buying_share` press the button; of those with a slot `abandoning_share` leave without ordering,
    and their slots are free after `lease_seconds`. The others take `form_seconds`.
    """

    servers: int
    slots_per_server: int
    lease_seconds: float
    stock: int | None
    buying_share: float
    form_seconds: float
    abandoning_share: float

    @property
    def slot_seconds_an_order(self) -> float:
        """How long slots are held for each order that is made."""
        leaving = self.abandoning_share
        return self.form_seconds + leaving / (1 - leaving) * self.lease_seconds

    @property
    def orders_per_second_max(self) -> float:
        """With every slot taken."""
        return self.servers * self.slots_per_server / self.slot_seconds_an_order


@dataclass(frozen=True, slots=True)
class Orders:
    """By step: requests to the gate, and orders. `sold_out_seconds` is after the start; None if stock is left."""

    requests: tuple[float, ...]
    orders: tuple[float, ...]
    sold_out_seconds: float | None
    slots_for_a_minute: int | None

    @property
    def total(self) -> float:
        """All orders."""
        return sum(self.orders)


def forecast_orders(
    setup: GateSetup, edges: Sequence[float], pressing: Sequence[float], opened_last_seconds: float, stay_seconds: float
) -> Orders:
    """`pressing` are the visitors who could press the button in each step between `edges`, from the start on.

    Those who waited come over `opened_last_seconds`, and a moment to react. Who finds no slot asks again as the waiting
    page does, until the stock is gone, and leaves after `stay_seconds` on average.
    """
    left = float("inf") if setup.stock is None else float(setup.stock)
    tries = setup.servers + 1.0  # the page asks each server whether it is ready, unless there is one
    first_try = 1.0 if setup.servers == 1 else tries
    waiting, sold_out = 0.0, None
    requests, orders = [], []
    for index, fresh in enumerate(_spread_out(edges, pressing, opened_last_seconds + HURRY_SECONDS)):
        start, width = edges[index], edges[index + 1] - edges[index]
        if sold_out is not None and start > sold_out + opened_last_seconds:
            fresh = 0.0  # pages know by then that everything is sold, and their buttons are shut
        waiting += setup.buying_share * fresh
        made = min(waiting, left, setup.orders_per_second_max * width) if start >= 0 else 0.0
        again = waiting * width / _mean_retry(start) if sold_out is None else 0.0
        requests.append(setup.buying_share * fresh * first_try + again * tries + made * REQUESTS_AN_ORDER)
        orders.append(made)
        waiting, left = (waiting - made) * exp(-width / max(stay_seconds, 1.0)), left - made
        if sold_out is None and left <= 0:
            sold_out = start + width
    return Orders(tuple(requests), tuple(orders), sold_out, _slots_for_a_minute(setup))


def _slots_for_a_minute(setup: GateSetup) -> int | None:
    return None if setup.stock is None else ceil(setup.stock * setup.slot_seconds_an_order / TARGET_SECONDS)


def _mean_retry(seconds: float) -> float:
    """The wait of buyers who have been turned away for so long."""
    wait, passed = FIRST_RETRY_SECONDS, FIRST_RETRY_SECONDS
    while passed < seconds and wait < LONGEST_RETRY_SECONDS:
        wait = min(LONGEST_RETRY_SECONDS, wait * RETRY_GROWTH)
        passed += wait
    return wait


def _spread_out(edges: Sequence[float], pressing: Sequence[float], length: float) -> list[float]:
    """Those of the first step, who waited for the start, come evenly over `length` seconds."""
    first = next(index for index, edge in enumerate(edges) if edge >= 0)
    waited = pressing[first]
    coming = [*pressing[:first], 0.0, *pressing[first + 1 :]]
    for index in range(first, len(coming)):
        overlap = min(edges[index + 1], length) - edges[index]
        if overlap <= 0:
            break
        coming[index] += waited * overlap / length
    return coming
