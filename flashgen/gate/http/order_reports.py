"""`POST /orders/ORDER`: the order subsystem says of its own accord that an order is paid, or will not be.

Signed by Standard Webhooks, with the key that signs what is forwarded. As often as it comes, it counts once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.health import Health
from flashgen.gate.http.request import Receive, Scope, read_body
from flashgen.gate.http.response import JSON, Reply, refusal, reply
from flashgen.gate.log import order_fields
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.signatures import FORWARD, derived
from flashgen.gate.storage.protocol import ShopReport, StorageLost
from flashgen.hooks.verification import is_signed

REPORTS_PATH = "/orders/"

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RESULTS = {state.value: state for state in (OrderState.PAID, OrderState.RELEASED)}
_COUNTS = {
    OrderState.PAID: Count.PAID,
    OrderState.RELEASED: Count.RELEASED,
    OrderState.PAID_LATE: Count.PAID_LATE,
}
_NOT_FOUND = refusal(404, "no such order")
_UNSIGNED = refusal(401, "not signed as Standard Webhooks has it, with the key of `flashgen gate key --webhook`")
_UNREADABLE = refusal(400, 'send {"result": "paid"} or {"result": "released"}')
_UNAVAILABLE = refusal(503, "nothing can be written now: send it again", (("Retry-After", "5"),))


class OrderReports:
    """Takes them for `sales`, by their ids."""

    def __init__(self, sales: Iterable[str], dependencies: Dependencies, health: Health) -> None:
        self._sales = tuple(sales)
        self._dependencies = dependencies
        self._health = health
        self._keys = tuple(derived(key, FORWARD) for key in dependencies.keys)

    async def answer(self, path: str, scope: Scope, receive: Receive) -> Reply:
        """The order's state, 200 if it is what was reported, else 409. Raises Unreadable, Disconnected."""
        body = await read_body(scope, receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not is_signed(self._keys, headers, body):
            return _UNSIGNED
        order, result = path.removeprefix(REPORTS_PATH), _result(body)
        if result is None:
            return _UNREADABLE
        if not _ID.fullmatch(order):
            return _NOT_FOUND
        return await self._write(order, result)

    async def _write(self, id: str, result: OrderState) -> Reply:
        now = self._dependencies.clocks.storage_now()
        stopped = [sale for sale in self._sales if self._dependencies.stopped(sale)]  # these stay as they are
        try:
            for sale in set(self._sales).difference(stopped):
                after = await self._health.decide(ShopReport(sale, id, result, f"reported {result}", now))
                if isinstance(after, Order):
                    return self._note(after, result)
        except StorageLost:
            return _UNAVAILABLE
        return _UNAVAILABLE if stopped else _NOT_FOUND

    def _note(self, order: Order, result: OrderState) -> Reply:
        is_late = order.state is OrderState.PAID_LATE and result is OrderState.PAID
        agrees = order.state.holds_unit == result.holds_unit or is_late
        count = _COUNTS.get(order.state) if agrees else None
        self._dependencies.counters.add(Count.CONTRADICTED if count is None else count)
        event = f"order reported {result}" + ("" if order.state is result else f", and is {order.state} here")
        self._dependencies.log(event, **order_fields(order))
        if is_late:
            self._dependencies.paid_late(order)
        said = {"result": "paid", "late": True} if is_late else {"result": order.state.value}
        return reply(200 if agrees else 409, json.dumps(said).encode(), JSON, Count.REPORT)


def _result(body: bytes) -> OrderState | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return _RESULTS.get(str(document.get("result"))) if isinstance(document, dict) else None
