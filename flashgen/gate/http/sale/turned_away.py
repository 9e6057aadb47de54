"""The answers to everybody who gets no place: by the admission, or by the storage."""

from __future__ import annotations

from flashgen.gate.http.again import remember
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.request import query_for
from flashgen.gate.http.response import Reply, redirect
from flashgen.gate.http.sale.admission import AdmissionResult, opens_in
from flashgen.gate.http.sale.order_request import OrderRequest
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.metrics import Count
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.gate.settings import GateSettings
from flashgen.gate.storage.protocol import NoPlace

GONE_SECONDS = 0.5
"""How long a SKU that is sold out in the storage is not asked for again: units may come back."""

_COUNTS = {
    AdmissionResult.PAUSED: Count.PAUSED,
    AdmissionResult.OTHER_EPOCH: Count.OTHER_EPOCH,
    AdmissionResult.OVER: Count.ENDED,
    AdmissionResult.UNKNOWN_SKU: Count.UNKNOWN_SKU,
    AdmissionResult.CLOSED: Count.CLOSED,
}
"""As what it is counted that a buyer is sent to the sale's `ended/`."""


class TurnedAway:
    """Those of one sale. Most are made once and remembered: a crowd gets them."""

    def __init__(self, served: ServedSale, dependencies: Dependencies) -> None:
        self._served = served
        self._dependencies = dependencies
        self._endings: dict[tuple[str, Count], Reply] = {}
        self._gone: dict[str, tuple[GateSettings, float]] = {}

    def stranger(self) -> Reply:
        """The answer to a bad token."""
        return self._ending("", Count.BAD_TOKEN)

    def at_once(self, request: OrderRequest) -> Reply | None:
        """The answer to somebody who has no order here, unless the storage must be asked for a place."""
        if request.result is not AdmissionResult.OPEN:
            return self.by_admission(request)
        return self._ending(request.language, Count.SOLD_OUT) if self._is_gone(request) else None

    def by_admission(self, request: OrderRequest) -> Reply:
        """The answer to one that was not admitted: any result but OPEN."""
        if request.result is AdmissionResult.STALE:
            return self._served.unavailable(request.language)
        if request.result is AdmissionResult.EARLY:
            return self._early(request, request.known_reading)
        return self._ending(request.language, _COUNTS[request.result])

    def by_storage(self, request: OrderRequest, answer: object) -> Reply:
        """The answer to one for whom the storage had no place."""
        if answer is NoPlace.SOLD_OUT:
            until = self._dependencies.monotonic() + GONE_SECONDS
            self._gone[request.known_sku] = request.known_reading.settings, until
            return self._ending(request.language, Count.SOLD_OUT)
        if answer is NoPlace.LIMIT:
            return self._served.pages(request.language).limit()
        folder = self._served.folder_in(request.language)
        path = f"{request.path}?{query_for(request.known_sku, request.language)}"
        cookie = remember(path, self._served.cookie_attributes)
        return redirect(f"{folder}waiting/?{query_for(request.known_sku)}", Count.FULL, (("Set-Cookie", cookie),))

    def _is_gone(self, request: OrderRequest) -> bool:
        """Whether the storage said so a moment ago; a push since then may have raised the stock."""
        found = self._gone.get(request.known_sku)
        if found is None:
            return False
        settings, until = found
        return settings is request.known_reading.settings and self._dependencies.monotonic() < until

    def _early(self, request: OrderRequest, reading: SaleSnapshot) -> Reply:
        seconds = 1 if opens_in(request.claims, reading, request.now) <= 2 else 1 + int(self._dependencies.random() * 3)
        sku = request.sku if request.sku in reading.settings.items else None
        return self._served.pages(request.language).early(sku or "", seconds)

    def _ending(self, language: str, count: Count) -> Reply:
        """The way to the sale's page for those without a place."""
        found = self._endings.get((language, count))
        if found is None:
            found = redirect(f"{self._served.folder_in(language)}ended/", count)
            self._endings[language, count] = found
        return found
