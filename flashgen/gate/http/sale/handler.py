"""One sale at this server: what a GET, a HEAD and a POST of its order URL come to."""

from __future__ import annotations

from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.health import Health
from flashgen.gate.http.request import Receive, Scope, read_form
from flashgen.gate.http.response import Reply, head_only
from flashgen.gate.http.sale.admission import AdmissionResult
from flashgen.gate.http.sale.entry import SaleEntry
from flashgen.gate.http.sale.order_page import OrderPage
from flashgen.gate.http.sale.ordering import Ordering
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.http.sale.turned_away import TurnedAway
from flashgen.gate.metrics import Count
from flashgen.unlock.token import Claims


class SaleHandler:
    """Answers for `served`."""

    def __init__(self, served: ServedSale, dependencies: Dependencies, health: Health) -> None:
        self.served = served
        self._turned_away = TurnedAway(served, dependencies)
        self._order_page = OrderPage(served, health, dependencies.clocks.storage_now)
        self._entry = SaleEntry(served, dependencies, health, self._order_page, self._turned_away)
        self._ordering = Ordering(served, dependencies, health, self._entry, self._order_page, self._turned_away)
        self.stranger = self._turned_away.stranger()

    def quick(self, claims: Claims, scope: Scope) -> Reply | None:
        """The answer to a GET, if the storage need not be asked for it: this is where a crowd comes through."""
        request = self.served.request(claims, scope)
        if self.served.buyers:
            name, sign = self.served.buyers.sign
            for key, value in scope["headers"]:
                if key == name and sign in value:
                    return None
        return self._turned_away.at_once(request)

    async def get(self, claims: Claims, scope: Scope) -> Reply:
        """The order that the buyer has, a form, or why not. Raises StorageLost."""
        request = self.served.request(claims, scope)
        buyer = self.served.buyer(scope)
        if buyer and (picture := await self._entry.seen(scope["query_string"])):
            return picture
        if request.result is AdmissionResult.OPEN:
            return await self._entry.enter(request, buyer, scope)
        order = await self._order_page.find(request, buyer)
        return self._order_page.show(order, request) if order else self._turned_away.by_admission(request)

    def head(self, claims: Claims, scope: Scope) -> Reply:
        """As a GET, but that nobody's place is taken for it."""
        request = self.served.request(claims, scope)
        is_open = request.result is AdmissionResult.OPEN
        return head_only(Count.FORM) if is_open else self._turned_away.by_admission(request)

    async def post(self, claims: Claims, scope: Scope, receive: Receive) -> Reply:
        """An order, and the way to its page; or why not. Raises StorageLost, Unreadable, Disconnected."""
        body = await read_form(scope, receive)
        request = self.served.request(claims, scope)
        return await self._ordering.order(request, self.served.buyer(scope), body, scope)
