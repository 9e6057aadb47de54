"""The page that shows a buyer the order that they have, and the way there."""

from __future__ import annotations

from flashgen.gate.http.health import Health
from flashgen.gate.http.request import query_for
from flashgen.gate.http.response import Reply, redirect
from flashgen.gate.http.sale.order_request import OrderRequest
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import Order


class OrderPage:
    """Of one sale. Its address is that of the form: a buyer who comes back to it sees the order."""

    def __init__(self, served: ServedSale, health: Health) -> None:
        self._served = served
        self._health = health

    async def find(self, request: OrderRequest, buyer: str | None) -> Order | None:
        """The order that a buyer has of what is asked. Raises StorageLost."""
        if buyer is None or request.sku is None:
            return None
        return await self._health.order_of(self._served.sale, request.sku, buyer)

    def show(self, order: Order, request: OrderRequest) -> Reply:
        """The page."""
        return self._served.pages(request.language).order(order)

    def way_there(self, request: OrderRequest, count: Count) -> Reply:
        """To the same path, with nothing taken from the request's body, nor its query as it was written."""
        return redirect(f"?{query_for(request.known_sku, request.language)}", count)
