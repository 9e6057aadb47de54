"""A buyer orders: what a form that was sent comes to."""

from __future__ import annotations

from functools import partial

from flashgen.gate.contact import Contact, ContactSeal, faults, typed
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.health import Health
from flashgen.gate.http.request import Scope, field_of
from flashgen.gate.http.response import Reply
from flashgen.gate.http.sale.admission import AdmissionResult
from flashgen.gate.http.sale.entry import SaleEntry
from flashgen.gate.http.sale.order_page import OrderPage
from flashgen.gate.http.sale.order_request import OrderRequest
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.http.sale.turned_away import TurnedAway
from flashgen.gate.log import order_fields
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import Order
from flashgen.gate.storage.protocol import Buy


class Ordering:
    """The orders of one sale."""

    def __init__(
        self,
        served: ServedSale,
        dependencies: Dependencies,
        health: Health,
        entry: SaleEntry,
        order_page: OrderPage,
        turned_away: TurnedAway,
    ) -> None:
        self._served = served
        self._dependencies = dependencies
        self._health = health
        self._entry = entry
        self._order_page = order_page
        self._turned_away = turned_away
        self._seal = ContactSeal(dependencies.keys)

    async def order(self, request: OrderRequest, buyer: str | None, body: bytes, scope: Scope) -> Reply:
        """The way to the order's page, or why there is none. `body` is the form. Raises StorageLost."""
        if request.result not in (AdmissionResult.OPEN, AdmissionResult.PAUSED):
            return await self._too_late(request, buyer, body)
        if buyer is None:
            return self._served.pages(request.language).nobody()
        lease = self._entry.lease_in(body, request, buyer)
        if lease is None:
            return self._order_page.way_there(request, Count.BAD_LEASE)
        contact = typed(partial(field_of, body), request.known_reading.settings.contact)
        if faults(contact):
            return await self._entry.enter(request, buyer, scope, contact)
        return await self._buy(request, buyer, lease, scope, contact)

    async def _too_late(self, request: OrderRequest, buyer: str | None, body: bytes) -> Reply:
        is_closed = request.result is AdmissionResult.CLOSED
        if buyer and is_closed and (lease := self._entry.lease_in(body, request, buyer)):
            self._entry.leave(lease)
        order = await self._order_page.find(request, buyer)
        if order:
            return self._order_page.way_there(request, Count.ORDER)
        return self._turned_away.by_admission(request)

    async def _buy(self, request: OrderRequest, buyer: str, lease: str, scope: Scope, contact: Contact) -> Reply:
        offer, visit = request.offer, self._served.visit(request, buyer, scope)
        order_id = self._dependencies.new_id()
        sealed = self._seal.seal(order_id, contact) if contact else ""
        bought = offer.sku, buyer, offer.price, offer.currency
        wanted = Order(order_id, self._served.sale, *bought, visit.now, contact=sealed)
        answer = await self._health.decide(Buy(visit, lease, wanted, may_revive=request.result is AdmissionResult.OPEN))
        if not isinstance(answer, Order):
            return self._turned_away.by_storage(request, answer)
        if answer.id == wanted.id:
            self._note_accepted(wanted)
        return self._order_page.way_there(request, Count.ORDER)

    def _note_accepted(self, order: Order) -> None:
        self._dependencies.counters.add(Count.ACCEPTED)
        self._dependencies.log("order accepted", **order_fields(order))
        self._dependencies.accepted(order.sale)
