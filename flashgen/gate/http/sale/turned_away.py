"""The answers to everybody who gets no place: by the admission, or by the storage."""

from __future__ import annotations

from functools import lru_cache

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

_COUNTS: dict[AdmissionResult | NoPlace, Count] = {
    AdmissionResult.PAUSED: Count.PAUSED,
    AdmissionResult.OTHER_EPOCH: Count.OTHER_EPOCH,
    AdmissionResult.OVER: Count.ENDED,
    AdmissionResult.UNKNOWN_SKU: Count.UNKNOWN_SKU,
    AdmissionResult.CLOSED: Count.CLOSED,
    NoPlace.SOLD_OUT: Count.SOLD_OUT,
}
"""As what it is counted that a buyer is sent to the sale's `ended/`."""


class TurnedAway:
    """Those of one sale. Most are made once and remembered: a crowd gets them."""

    def __init__(self, served: ServedSale, dependencies: Dependencies) -> None:
        self._served = served
        self._dependencies = dependencies
        self._endings: dict[str, dict[AdmissionResult | NoPlace, Reply]] = {}
        self._full = lru_cache(maxsize=256)(self._way_to_wait)
        self._gone: dict[str, tuple[GateSettings, float]] = {}

    def stranger(self) -> Reply:
        """The answer to a bad token."""
        return redirect(f"{self._served.folder}ended/", Count.BAD_TOKEN)

    def at_once(self, request: OrderRequest) -> Reply | None:
        """The answer to somebody who has no order here, unless the storage must be asked for a place."""
        if request.result is not AdmissionResult.OPEN:
            return self.by_admission(request)
        if self._gone and self._is_gone(request):
            return self._endings_in(request.language)[NoPlace.SOLD_OUT]
        return None

    def by_admission(self, request: OrderRequest) -> Reply:
        """The answer to one that was not admitted: any result but OPEN."""
        if ending := self._endings_in(request.language).get(request.result):
            return ending
        if request.result is AdmissionResult.EARLY:
            return self._early(request, request.known_reading)
        return self._served.unavailable(request.language)

    def by_storage(self, request: OrderRequest, answer: object) -> Reply:
        """The answer to one for whom the storage had no place."""
        if answer is NoPlace.SOLD_OUT:
            until = self._dependencies.monotonic() + GONE_SECONDS
            self._gone[request.known_sku] = request.known_reading.settings, until
            return self._endings_in(request.language)[NoPlace.SOLD_OUT]
        if answer is NoPlace.LIMIT:
            return self._served.pages(request.language).limit()
        return self._full(request.path, request.known_sku, request.language, self._served.cookie_attributes)

    def _way_to_wait(self, path: str, sku: str, language: str, attributes: str) -> Reply:
        """The same for all who came by one link: a crowd that finds all places taken gets one answer."""
        cookie = remember(f"{path}?{query_for(sku, language)}", attributes)
        location = f"{self._served.folder_in(language)}waiting/?{query_for(sku)}"
        return redirect(location, Count.FULL, (("Set-Cookie", cookie),))

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

    def _endings_in(self, language: str) -> dict[AdmissionResult | NoPlace, Reply]:
        """The ways to the sale's page for those without a place, by why there is none."""
        found = self._endings.get(language)
        if found is None:
            url = f"{self._served.folder_in(language)}ended/"
            found = self._endings[language] = {why: redirect(url, count) for why, count in _COUNTS.items()}
        return found
