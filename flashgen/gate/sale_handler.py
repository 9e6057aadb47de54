"""One sale at this server: what a GET and a POST of its order URL come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flashgen.gate import lease as leases
from flashgen.gate.admission import AdmissionResult, judge, opens_in
from flashgen.gate.buyer import COOKIE_NAME, COOKIE_SECONDS_AFTER, Buyers, is_loopback
from flashgen.gate.dependencies import Dependencies
from flashgen.gate.health import Health
from flashgen.gate.metrics import Count
from flashgen.gate.pages import Pages, bare_unavailable
from flashgen.gate.reading import SaleSnapshot
from flashgen.gate.request import Receive, Scope, field_of, query_for, read_form, sku_of
from flashgen.gate.response import Reply, head_only, redirect
from flashgen.gate.seal import COOKIE, LEASE, Seal
from flashgen.gate.storage.protocol import Buy, Enter, Lease, Leave, NoPlace, Order, Visit
from flashgen.unlock.token import Claims

GONE_SECONDS = 0.5
"""For so long a SKU that the storage said is sold out is not asked for again: units may come back."""

_TURNED_AWAY = {
    AdmissionResult.PAUSED: Count.PAUSED,
    AdmissionResult.OTHER_EPOCH: Count.OTHER_EPOCH,
    AdmissionResult.OVER: Count.ENDED,
    AdmissionResult.UNKNOWN_SKU: Count.UNKNOWN_SKU,
    AdmissionResult.CLOSED: Count.CLOSED,
}
_ENDINGS = (*_TURNED_AWAY.values(), Count.FULL, Count.SOLD_OUT, Count.BAD_TOKEN)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What is known without asking anybody: the token's claims, the sale, what is wanted, and what follows.

    `sku` None is none that could ever be one. With a verdict of OPEN or PAUSED there is a reading, and it has the SKU.
    """

    claims: Claims
    reading: SaleSnapshot | None
    sku: str | None
    verdict: AdmissionResult
    now: float


class SaleHandler:
    """Serves one sale. `reading` gives the latest one, None before the first."""

    def __init__(
        self, sale: str, reading: Callable[[], SaleSnapshot | None], outside: Dependencies, health: Health
    ) -> None:
        self.sale = sale
        self.reading = reading
        self._outside = outside
        self._health = health
        self._folder = f"{outside.site.rstrip('/')}/{sale}/"
        self._endings = {count: redirect(f"{self._folder}ended/", count) for count in _ENDINGS}
        self.stranger = self._endings[Count.BAD_TOKEN]
        self._lease_seal = Seal(outside.keys, LEASE)
        self._cookie_seal = Seal(outside.keys, COOKIE)
        self._gone_until: dict[str, float] = {}
        self._adopted: SaleSnapshot | None = None
        self._buyers: Buyers | None = None
        self._pages: Pages | None = None
        self._skus: dict[bytes, str] = {}
        self._sign = (b"cookie", COOKIE_NAME.encode())

    def quick(self, claims: Claims, scope: Scope) -> Reply | None:
        """The answer to a GET, if the storage need not be asked for it: this is where a crowd comes through."""
        sight = self._see(claims, scope["query_string"])
        name, sign = self._sign
        for key, value in scope["headers"]:
            if key == name and sign in value:
                return None
        if sight.verdict is not AdmissionResult.OPEN:
            return self._turned_away(sight)
        if sight.sku in self._gone_until and self._outside.even() < self._gone_until[sight.sku]:
            return self._endings[Count.SOLD_OUT]
        return None

    async def get(self, claims: Claims, scope: Scope) -> Reply:
        """The order that the buyer has, a form, or why not. Raises StorageLost."""
        sight = self._see(claims, scope["query_string"])
        buyer = self._known(scope)
        if sight.verdict is not AdmissionResult.OPEN:
            order = await self._order_of(buyer, sight)
            return self._shown(order) if order else self._turned_away(sight)
        if buyer is None and not self._at_hand[0].is_by_cookie:
            return self._at_hand[1].nobody()
        return await self._enter(sight, buyer or self._outside.new_id(), scope)

    def head(self, claims: Claims, scope: Scope) -> Reply:
        """As a GET, but that nobody's place is taken for it."""
        sight = self._see(claims, scope["query_string"])
        return head_only(Count.FORM) if sight.verdict is AdmissionResult.OPEN else self._turned_away(sight)

    async def post(self, claims: Claims, scope: Scope, receive: Receive) -> Reply:
        """An order, and the way to its page; or why not. Raises StorageLost, Unreadable, Disconnected."""
        body = await read_form(scope, receive)
        sight = self._see(claims, scope["query_string"])
        buyer = self._known(scope)
        if sight.verdict not in (AdmissionResult.OPEN, AdmissionResult.PAUSED):
            if sight.verdict is AdmissionResult.CLOSED and (lease := self._lease_in(body, sight, buyer)):
                # Other SKUs are still on sale, and their buyers may have the slot.
                self._health.give_back(Leave(self.sale, self._outside.server, lease))
            order = await self._order_of(buyer, sight)
            return self._again(sight, Count.ORDER) if order else self._turned_away(sight)
        if buyer is None:
            return self._at_hand[1].nobody()
        lease = self._lease_in(body, sight, buyer)
        return await self._buy(sight, buyer, lease, scope) if lease else self._again(sight, Count.BAD_LEASE)

    def _lease_in(self, body: bytes, sight: OrderRequest, buyer: str | None) -> str | None:
        """The lease that a form holds, if it is this buyer's for this offer."""
        if buyer is None:
            return None
        return leases.opened(self._lease_seal, sight.claims, _offer(sight), buyer, field_of(body, leases.FIELD))

    def unavailable(self) -> Reply:
        """Nobody is admitted now."""
        seconds = 2 + int(self._outside.chance() * 4)
        return self._pages.unavailable(seconds) if self._pages else bare_unavailable(seconds)

    def is_ready(self) -> bool:
        """Whether what is known of the sale can be trusted."""
        reading = self.reading()
        return reading is not None and reading.is_fresh(self._outside.even())

    def _see(self, claims: Claims, query: bytes) -> OrderRequest:
        reading = self.reading()
        if reading is not None and (self._adopted is None or reading.settings is not self._adopted.settings):
            self._adopt(reading)
        now = self._outside.now()
        sku = self._skus.get(query) or sku_of(query)
        return OrderRequest(claims, reading, sku, judge(claims, reading, sku, now, self._outside.even()), now)

    def _adopt(self, reading: SaleSnapshot) -> None:
        settings = reading.settings
        self._buyers = Buyers(settings, self._outside.server, self._cookie_seal)
        self._pages = Pages(settings, reading.forms, self._folder)
        self._skus = {query_for(sku).encode(): sku for sku in settings.items}
        self._sign = self._buyers.sign
        self._gone_until.clear()
        self._adopted = reading

    @property
    def _at_hand(self) -> tuple[Buyers, Pages]:
        if self._buyers is None or self._pages is None:
            raise RuntimeError("there was no reading")
        return self._buyers, self._pages

    def _known(self, scope: Scope) -> str | None:
        return self._buyers.known(scope) if self._buyers else None

    async def _order_of(self, buyer: str | None, sight: OrderRequest) -> Order | None:
        if buyer is None or sight.sku is None:
            return None
        return await self._health.order_of(self.sale, sight.sku, buyer)

    async def _enter(self, sight: OrderRequest, buyer: str, scope: Scope) -> Reply:
        answer = await self._health.decide(Enter(self._visit(sight, buyer, scope), self._outside.new_id()))
        if isinstance(answer, Order):
            return self._shown(answer)
        if isinstance(answer, Lease):
            return self._form(sight, buyer, answer)
        return self._no_place(sight, answer)

    def _form(self, sight: OrderRequest, buyer: str, lease: Lease) -> Reply:
        held = Leave(self.sale, self._outside.server, lease.id) if lease.is_new else None
        try:
            return self._filled(sight, buyer, lease).holding(held)
        except BaseException:
            if held:
                self._health.give_back(held)
            raise

    def _filled(self, sight: OrderRequest, buyer: str, lease: Lease) -> Reply:
        if lease.is_new:
            self._outside.counters.add(Count.LEASES)
        buyers, pages = self._at_hand
        sealed = leases.sealed(self._lease_seal, sight.claims, _offer(sight), buyer, lease.id)
        lasts = int(_reading(sight).ends_at - sight.now) + COOKIE_SECONDS_AFTER
        cookie = buyers.cookie(buyer, lasts) if buyers.is_by_cookie else None
        return pages.form(_sku(sight), sealed, leases.clock_text(lease.expires_at - sight.now), cookie)

    async def _buy(self, sight: OrderRequest, buyer: str, lease: str, scope: Scope) -> Reply:
        offer = _offer(sight)
        wanted = Order(self._outside.new_id(), self.sale, offer.sku, buyer, offer.price, offer.currency, sight.now)
        visit = self._visit(sight, buyer, scope)
        answer = await self._health.decide(Buy(visit, lease, wanted, may_revive=sight.verdict is AdmissionResult.OPEN))
        if not isinstance(answer, Order):
            return self._no_place(sight, answer)
        if answer.id == wanted.id:
            self._note_accepted(wanted)
        return self._again(sight, Count.ORDER)

    def _visit(self, sight: OrderRequest, buyer: str, scope: Scope) -> Visit:
        settings = _reading(sight).settings
        address = self._at_hand[0].address(scope)
        return Visit(
            sale=self.sale,
            epoch=sight.claims.epoch,
            sku=_sku(sight),
            buyer=buyer,
            server=self._outside.server,
            slots=settings.slots_per_server,
            address=address,
            slots_per_address=None if is_loopback(address) else max(1, settings.slots_per_server // 4),
            lease_seconds=settings.lease_seconds,
            stock=settings.items[_sku(sight)].stock,
            now=sight.now,
        )

    def _note_accepted(self, order: Order) -> None:
        self._outside.counters.add(Count.ACCEPTED)
        self._outside.log("order accepted", sale=order.sale, order=order.id, sku=order.sku)
        self._outside.accepted(order.sale)

    def _shown(self, order: Order) -> Reply:
        return self._pages.order(order) if self._pages else self.unavailable()

    def _no_place(self, sight: OrderRequest, answer: object) -> Reply:
        if answer is NoPlace.SOLD_OUT:
            self._gone_until[_sku(sight)] = self._outside.even() + GONE_SECONDS
            return self._endings[Count.SOLD_OUT]
        return self._endings[Count.FULL]

    def _turned_away(self, sight: OrderRequest) -> Reply:
        if sight.verdict is AdmissionResult.STALE:
            return self.unavailable()
        if sight.verdict is AdmissionResult.EARLY:
            return self._early(sight, _reading(sight))
        return self._endings[_TURNED_AWAY[sight.verdict]]

    def _early(self, sight: OrderRequest, reading: SaleSnapshot) -> Reply:
        left = opens_in(sight.claims, reading, sight.now)
        seconds = 1 if left <= 2 else 1 + int(self._outside.chance() * 3)
        sku = sight.sku if sight.sku in reading.settings.items else None
        return self._at_hand[1].early(sku or "", seconds)

    def _again(self, sight: OrderRequest, count: Count) -> Reply:
        """To the same path, without a word of what the request said of itself."""
        return redirect(f"?{query_for(_sku(sight))}", count)


def _reading(sight: OrderRequest) -> SaleSnapshot:
    if sight.reading is None:
        raise RuntimeError("there was no reading")
    return sight.reading


def _offer(sight: OrderRequest) -> leases.Offer:
    settings, sku = _reading(sight).settings, _sku(sight)
    return leases.Offer(sku, settings.items[sku].price, settings.currency)


def _sku(sight: OrderRequest) -> str:
    if sight.sku is None:
        raise RuntimeError("no SKU was asked for")
    return sight.sku
