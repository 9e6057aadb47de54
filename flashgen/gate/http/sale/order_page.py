"""The page that shows a buyer the order that they have, and the way there."""

from __future__ import annotations

from collections.abc import Callable

from flashgen.gate.http.health import Health
from flashgen.gate.http.request import query_for
from flashgen.gate.http.response import Reply, redirect
from flashgen.gate.http.sale.order_request import OrderRequest
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import WAITING, Order, OrderState

SOON_SECONDS, LATER_SECONDS = 2, 10
"""How often a page asks where its buyer pays: each time is one question to the storage, by winners alone."""

PATIENT_SECONDS = 60.0
"""An order subsystem that has not answered by then is in trouble, and its buyers ask less often."""


class OrderPage:
    """Of one sale; `now` is the storage's clock.

    Its address is that of the form: a buyer who comes back to it sees the order."""

    def __init__(self, served: ServedSale, health: Health, now: Callable[[], float]) -> None:
        self._now = now
        self._served = served
        self._health = health

    async def find(self, request: OrderRequest, buyer: str | None) -> Order | None:
        """The order that a buyer has of what is asked. Raises StorageLost."""
        if buyer is None or request.sku is None:
            return None
        return await self._health.order_of(self._served.sale, request.sku, buyer)

    def show(self, order: Order, request: OrderRequest) -> Reply:
        """The page; or the way on to where the buyer pays, for which the page waits while it is not known."""
        if order.checkout_url and order.state in (OrderState.RESERVED, OrderState.DONE):
            return redirect(order.checkout_url, Count.ORDER)
        return self._served.pages(request.language).order(order, self._refresh_seconds(order))

    def _refresh_seconds(self, order: Order) -> int:
        """0 where nobody is sent on."""
        reading = self._served.reading()
        if order.state not in WAITING or reading is None or not reading.settings.checkout_origins:
            return 0
        return SOON_SECONDS if self._now() - order.accepted_at < PATIENT_SECONDS else LATER_SECONDS

    def way_there(self, request: OrderRequest, count: Count) -> Reply:
        """To the same path, with nothing taken from the request's body, nor its query as it was written."""
        return redirect(f"?{query_for(request.known_sku, request.language)}", count)
