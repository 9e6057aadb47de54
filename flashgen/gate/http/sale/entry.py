"""A buyer comes in: a place, and the form that it is held for."""

from __future__ import annotations

from flashgen.gate import signatures
from flashgen.gate.buyers.buyers import COOKIE_SECONDS_AFTER
from flashgen.gate.contact import Contact
from flashgen.gate.forms import SEEN_FIELD
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.health import Health
from flashgen.gate.http.request import Scope, field_of
from flashgen.gate.http.response import PIXEL, Reply
from flashgen.gate.http.sale.order_page import OrderPage
from flashgen.gate.http.sale.order_request import OrderRequest
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.http.sale.turned_away import TurnedAway
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import Order
from flashgen.gate.signatures import LEASE, Signer
from flashgen.gate.storage.protocol import Enter, Lease, Leave, Seen


class SaleEntry:
    """The places of one sale at this server."""

    def __init__(
        self,
        served: ServedSale,
        dependencies: Dependencies,
        health: Health,
        order_page: OrderPage,
        turned_away: TurnedAway,
    ) -> None:
        self._served = served
        self._dependencies = dependencies
        self._health = health
        self._order_page = order_page
        self._turned_away = turned_away
        self._signer = Signer(dependencies.keys, LEASE)

    async def enter(
        self, request: OrderRequest, buyer: str | None, scope: Scope, mistaken: Contact | None = None
    ) -> Reply:
        """A form, for an admitted request; or the order that the buyer has, or why there is no place.

        With `mistaken` it is shown again: a guest typed that, and not all of it can be used. Raises StorageLost.
        """
        buyer = buyer or self._newcomer()
        if buyer is None:
            return self._served.pages(request.language).nobody()
        visit = self._served.visit(request, buyer, scope)
        answer = await self._health.decide(Enter(visit, self._dependencies.new_id()))
        if isinstance(answer, Order):
            return self._order_page.show(answer, request)
        if isinstance(answer, Lease):
            return self._form(request, buyer, answer, mistaken)
        return self._turned_away.by_storage(request, answer)

    async def seen(self, query: bytes) -> Reply | None:
        """The answer to a form's picture, which says that the form was shown; None for another request.

        Raises StorageLost.
        """
        sealed = field_of(query, SEEN_FIELD)
        if not sealed:
            return None
        await self._health.decide(Seen(self._served.sale, self._dependencies.server, sealed.partition(".")[0]))
        return PIXEL

    def lease_in(self, body: bytes, request: OrderRequest, buyer: str) -> str | None:
        """The lease that a form holds, if it is this buyer's for this offer."""
        value = field_of(body, signatures.LEASE_FIELD)
        return signatures.read_lease(self._signer, request.claims, request.offer, buyer, value)

    def leave(self, lease: str) -> None:
        """Give a place back: other SKUs are still on sale, and their buyers may have it."""
        self._health.give_back(Leave(self._served.sale, self._dependencies.server, lease))

    def _newcomer(self) -> str | None:
        return self._served.buyers.newcomer(self._dependencies.new_id) if self._served.buyers else None

    def _form(self, request: OrderRequest, buyer: str, lease: Lease, mistaken: Contact | None) -> Reply:
        held = Leave(self._served.sale, self._dependencies.server, lease.id) if lease.is_new else None
        try:
            return self._filled(request, buyer, lease, mistaken).holding(held)
        except BaseException:
            if held:
                self._health.give_back(held)
            raise

    def _filled(self, request: OrderRequest, buyer: str, lease: Lease, mistaken: Contact | None) -> Reply:
        if lease.is_new:
            self._dependencies.counters.add(Count.LEASES)
        sealed = signatures.sign_lease(self._signer, request.claims, request.offer, buyer, lease.id)
        lasts = int(request.known_reading.ends_at - request.now) + COOKIE_SECONDS_AFTER
        left = lease.expires_at - self._dependencies.clocks.storage_now()
        cookie = self._served.buyers.form_cookie(buyer, lasts) if self._served.buyers else None
        return self._served.pages(request.language).form(request.known_sku, sealed, left, cookie, mistaken)
