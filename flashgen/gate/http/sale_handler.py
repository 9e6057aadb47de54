"""One sale at this server: what a GET and a POST of its order URL come to."""

from __future__ import annotations

from collections.abc import Callable

from flashgen.gate import signatures
from flashgen.gate.forms import LANGUAGE_FIELD, SEEN_FIELD
from flashgen.gate.http.admission import AdmissionResult, judge, opens_in
from flashgen.gate.http.buyer import COOKIE_NAME, COOKIE_SECONDS_AFTER, Buyers
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.health import Health
from flashgen.gate.http.order_request import OrderRequest
from flashgen.gate.http.pages import TURNED_AWAY, Pages, bare_unavailable, endings
from flashgen.gate.http.pass_cookie import PassCookie
from flashgen.gate.http.request import Receive, Scope, field_of, query_for, read_form, sku_of
from flashgen.gate.http.response import PIXEL, Reply, head_only, redirect
from flashgen.gate.log import order_fields
from flashgen.gate.metrics import Count
from flashgen.gate.networks import networks_of
from flashgen.gate.orders.order import Order
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.gate.signatures import COOKIE, LEASE, SUBJECT, Signer
from flashgen.gate.storage.protocol import Buy, Enter, Lease, Leave, NoPlace, Seen, Visit
from flashgen.unlock.token import Claims

GONE_SECONDS = 0.5
"""How long a SKU that is sold out in the storage is not asked for again: units may come back."""


class SaleHandler:
    """Serves one sale. `reading` gives the latest one, None before the first."""

    def __init__(
        self, sale: str, reading: Callable[[], SaleSnapshot | None], dependencies: Dependencies, health: Health
    ) -> None:
        self.sale = sale
        self.reading = reading
        self._dependencies = dependencies
        self._health = health
        self.folder = f"{dependencies.site.rstrip('/')}/{sale}/"
        self._endings = {"": endings(self.folder)}
        self.stranger = self._endings[""][Count.BAD_TOKEN]
        self._lease_signer = Signer(dependencies.keys, LEASE)
        self._buyer_signers = Signer(dependencies.keys, COOKIE), Signer(dependencies.keys, SUBJECT)
        self._gone_until: dict[str, float] = {}
        self._adopted: SaleSnapshot | None = None
        self._buyers: Buyers | None = None
        self._pages: dict[str, Pages] = {}
        self._queries: dict[bytes, tuple[str, str]] = {}
        self._sign = (b"cookie", COOKIE_NAME.encode())

    def quick(self, claims: Claims, scope: Scope) -> Reply | None:
        """The answer to a GET, if the storage need not be asked for it: this is where a crowd comes through."""
        request = self._parse(claims, scope["query_string"])
        name, sign = self._sign
        for key, value in scope["headers"]:
            if key == name and sign in value:
                return None
        if request.result is not AdmissionResult.OPEN:
            return self._turned_away(request)
        if request.sku in self._gone_until and self._dependencies.monotonic() < self._gone_until[request.sku]:
            return self._endings[request.language][Count.SOLD_OUT]
        return None

    async def get(self, claims: Claims, scope: Scope) -> Reply:
        """The order that the buyer has, a form, or why not. Raises StorageLost."""
        request = self._parse(claims, scope["query_string"])
        buyer = self._known(scope)
        if buyer and (sealed := field_of(scope["query_string"], SEEN_FIELD)):
            await self._health.decide(Seen(self.sale, self._dependencies.server, sealed.partition(".")[0]))
            return PIXEL
        if request.result is not AdmissionResult.OPEN:
            order = await self._order_of(buyer, request)
            return self._shown(order, request) if order else self._turned_away(request)
        if buyer is None and not self._current.is_by_cookie:
            return self._pages[request.language].nobody()
        return await self._enter(request, buyer or self._dependencies.new_id(), scope)

    def head(self, claims: Claims, scope: Scope) -> Reply:
        """As a GET, but that nobody's place is taken for it."""
        request = self._parse(claims, scope["query_string"])
        return head_only(Count.FORM) if request.result is AdmissionResult.OPEN else self._turned_away(request)

    async def post(self, claims: Claims, scope: Scope, receive: Receive) -> Reply:
        """An order, and the way to its page; or why not. Raises StorageLost, Unreadable, Disconnected."""
        body = await read_form(scope, receive)
        request = self._parse(claims, scope["query_string"])
        buyer = self._known(scope)
        if request.result not in (AdmissionResult.OPEN, AdmissionResult.PAUSED):
            if request.result is AdmissionResult.CLOSED and (lease := self._lease_in(body, request, buyer)):
                # Other SKUs are still on sale, and their buyers may have the slot.
                self._health.give_back(Leave(self.sale, self._dependencies.server, lease))
            order = await self._order_of(buyer, request)
            return self._again(request, Count.ORDER) if order else self._turned_away(request)
        if buyer is None:
            return self._pages[request.language].nobody()
        lease = self._lease_in(body, request, buyer)
        return await self._buy(request, buyer, lease, scope) if lease else self._again(request, Count.BAD_LEASE)

    def _lease_in(self, body: bytes, request: OrderRequest, buyer: str | None) -> str | None:
        """The lease that a form holds, if it is this buyer's for this offer."""
        if buyer is None:
            return None
        value = field_of(body, signatures.LEASE_FIELD)
        return signatures.read_lease(self._lease_signer, request.claims, request.offer, buyer, value)

    def unavailable(self, query: bytes = b"") -> Reply:
        """Nobody is admitted now. The page is in the language that the query asks for."""
        return self._unavailable(self._wanted(query)[1])

    def _unavailable(self, language: str) -> Reply:
        seconds = 2 + int(self._dependencies.random() * 4)
        return self._pages[language].unavailable(seconds) if self._pages else bare_unavailable(seconds)

    def is_ready(self) -> bool:
        """Whether what is known of the sale can be trusted, and its storage, too."""
        reading, outside = self.reading(), self._dependencies
        return reading is not None and reading.is_fresh(outside.monotonic()) and not outside.stopped(self.sale)

    def _parse(self, claims: Claims, query: bytes) -> OrderRequest:
        reading, now = self.latest(), self._dependencies.now()
        sku, language = self._wanted(query)
        result = judge(claims, reading, sku, now, self._dependencies.monotonic())
        if result in (AdmissionResult.OPEN, AdmissionResult.PAUSED) and self._dependencies.stopped(self.sale):
            result = AdmissionResult.STALE
        return OrderRequest(claims, reading, sku, language, result, now)

    def latest(self) -> SaleSnapshot | None:
        """The latest reading, with buyers and pages as it has them."""
        reading = self.reading()
        if reading is not None and (self._adopted is None or reading.settings is not self._adopted.settings):
            self._adopt(reading)
        return reading

    def _wanted(self, query: bytes) -> tuple[str | None, str]:
        """The SKU and the language that a query asks for; empty for a language that the sale does not have."""
        if found := self._queries.get(query):
            return found
        sku, language = sku_of(query), field_of(query, LANGUAGE_FIELD) or ""
        language = language if language in self._pages else ""
        # Remembered as pages write it, and in no other spelling: so nobody can fill the memory.
        if sku is not None and self._sells(sku) and query == query_for(sku, language).encode():
            self._queries[query] = sku, language
        return sku, language

    def _sells(self, sku: str) -> bool:
        return self._adopted is not None and sku in self._adopted.settings.items

    def _adopt(self, reading: SaleSnapshot) -> None:
        settings = reading.settings
        self._buyers = Buyers(settings, self._dependencies.server, *self._buyer_signers, self._health.note_proxy)
        self._pages = {"": Pages(settings, reading.forms, settings.items, self.folder)}
        for tag, forms in reading.forms_by_language.items():
            self._pages[tag] = Pages(settings, forms, settings.languages[tag].items, self.folder)
            self._endings[tag] = endings(f"{self.folder}{tag}/")
        self._queries.clear()
        self._sign = self._buyers.sign
        self._gone_until.clear()
        self._adopted = reading

    @property
    def pass_cookie(self) -> PassCookie | None:
        """The cookie for a pass; None for a sale that asks for none, or of which nothing is known."""
        return self._buyers.pass_cookie if self._buyers else None

    def pages_in(self, query: bytes) -> tuple[Pages, str]:
        """The pages in the language that a query asks for, and the URL of the sale in it. There was a reading."""
        language = self._wanted(query)[1]
        return self._pages[language], self._folder_in(language)

    def _folder_in(self, language: str) -> str:
        return f"{self.folder}{language}/" if language else self.folder

    @property
    def _current(self) -> Buyers:
        if self._buyers is None:
            raise RuntimeError("there was no reading")
        return self._buyers

    def _known(self, scope: Scope) -> str | None:
        reading = self.reading()
        return self._buyers.known(scope, reading.withdrawn) if self._buyers and reading else None

    async def _order_of(self, buyer: str | None, request: OrderRequest) -> Order | None:
        if buyer is None or request.sku is None:
            return None
        return await self._health.order_of(self.sale, request.sku, buyer)

    async def _enter(self, request: OrderRequest, buyer: str, scope: Scope) -> Reply:
        answer = await self._health.decide(Enter(self._visit(request, buyer, scope), self._dependencies.new_id()))
        if isinstance(answer, Order):
            return self._shown(answer, request)
        if isinstance(answer, Lease):
            return self._form(request, buyer, answer)
        return self._no_place(request, answer)

    def _form(self, request: OrderRequest, buyer: str, lease: Lease) -> Reply:
        held = Leave(self.sale, self._dependencies.server, lease.id) if lease.is_new else None
        try:
            return self._filled(request, buyer, lease).holding(held)
        except BaseException:
            if held:
                self._health.give_back(held)
            raise

    def _filled(self, request: OrderRequest, buyer: str, lease: Lease) -> Reply:
        if lease.is_new:
            self._dependencies.counters.add(Count.LEASES)
        sealed = signatures.sign_lease(self._lease_signer, request.claims, request.offer, buyer, lease.id)
        lasts = int(request.known_reading.ends_at - request.now) + COOKIE_SECONDS_AFTER
        left = lease.expires_at - self._dependencies.clocks.storage_now()
        cookie = self._current.form_cookie(buyer, lasts)
        return self._pages[request.language].form(request.known_sku, sealed, left, cookie)

    async def _buy(self, request: OrderRequest, buyer: str, lease: str, scope: Scope) -> Reply:
        offer, visit = request.offer, self._visit(request, buyer, scope)
        wanted = Order(self._dependencies.new_id(), self.sale, offer.sku, buyer, offer.price, offer.currency, visit.now)
        answer = await self._health.decide(Buy(visit, lease, wanted, may_revive=request.result is AdmissionResult.OPEN))
        if not isinstance(answer, Order):
            return self._no_place(request, answer)
        if answer.id == wanted.id:
            self._note_accepted(wanted)
        return self._again(request, Count.ORDER)

    def _visit(self, request: OrderRequest, buyer: str, scope: Scope) -> Visit:
        settings = request.known_reading.settings
        return Visit(
            sale=self.sale,
            epoch=request.claims.epoch,
            sku=request.known_sku,
            buyer=buyer,
            server=self._dependencies.server,
            slots=settings.slots_per_server,
            networks=networks_of(self._current.address(scope), settings.slots_per_server),
            lease_seconds=settings.lease_seconds,
            stock=settings.items[request.known_sku].stock,
            now=self._dependencies.clocks.storage_now(),
        )

    def _note_accepted(self, order: Order) -> None:
        self._dependencies.counters.add(Count.ACCEPTED)
        self._dependencies.log("order accepted", **order_fields(order))
        self._dependencies.accepted(order.sale)

    def _shown(self, order: Order, request: OrderRequest) -> Reply:
        return self._pages[request.language].order(order) if self._pages else self._unavailable("")

    def _no_place(self, request: OrderRequest, answer: object) -> Reply:
        if answer is NoPlace.SOLD_OUT:
            self._gone_until[request.known_sku] = self._dependencies.monotonic() + GONE_SECONDS
            return self._endings[request.language][Count.SOLD_OUT]
        return redirect(f"{self._folder_in(request.language)}waiting/?{query_for(request.known_sku)}", Count.FULL)

    def _turned_away(self, request: OrderRequest) -> Reply:
        if request.result is AdmissionResult.STALE:
            return self._unavailable(request.language)
        if request.result is AdmissionResult.EARLY:
            return self._early(request, request.known_reading)
        return self._endings[request.language][TURNED_AWAY[request.result]]

    def _early(self, request: OrderRequest, reading: SaleSnapshot) -> Reply:
        seconds = 1 if opens_in(request.claims, reading, request.now) <= 2 else 1 + int(self._dependencies.random() * 3)
        sku = request.sku if request.sku in reading.settings.items else None
        return self._pages[request.language].early(sku or "", seconds)

    def _again(self, request: OrderRequest, count: Count) -> Reply:
        """To the same path, with nothing taken from the request's body, nor its query as it was written."""
        return redirect(f"?{query_for(request.known_sku, request.language)}", count)
