"""One sale as this server knows it now: its buyers and pages, and what a request of it comes to."""

from __future__ import annotations

from collections.abc import Callable

from flashgen.gate.buyers.buyers import Buyers, buyers_of, cookie_attributes
from flashgen.gate.forms import LANGUAGE_FIELD
from flashgen.gate.http.client_address import ClientAddresses
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.request import Scope, field_of, query_for, sku_of
from flashgen.gate.http.response import Reply
from flashgen.gate.http.sale.admission import AdmissionResult, judge
from flashgen.gate.http.sale.order_request import OrderRequest
from flashgen.gate.http.sale.pages import Pages, bare_unavailable
from flashgen.gate.networks import networks_of
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.gate.storage.protocol import Visit
from flashgen.passes import NOTHING, Withdrawn
from flashgen.unlock.token import Claims


class ServedSale:
    """`reading` gives the latest reading, None before the first. `buyers` are None until then.

    `note_proxy` gets the address of what looks like a proxy that is not trusted.
    """

    def __init__(
        self,
        sale: str,
        reading: Callable[[], SaleSnapshot | None],
        dependencies: Dependencies,
        note_proxy: Callable[[str], object],
    ) -> None:
        self.sale = sale
        self.reading = reading
        self.folder = f"{dependencies.site.rstrip('/')}/{sale}/"
        self.buyers: Buyers | None = None
        self.cookie_attributes = ""
        self._dependencies = dependencies
        self._note_proxy = note_proxy
        self._adopted: SaleSnapshot | None = None
        self._addresses = ClientAddresses(())
        self._pages: dict[str, Pages] = {}
        self._queries: dict[bytes, tuple[str, str]] = {}

    def latest(self) -> SaleSnapshot | None:
        """The latest reading, with buyers and pages as it has them."""
        reading = self.reading()
        if reading is not None and (self._adopted is None or reading.settings is not self._adopted.settings):
            self._adopt(reading)
        return reading

    def is_ready(self) -> bool:
        """Whether what is known of the sale can be trusted, and its storage, too."""
        reading, outside = self.reading(), self._dependencies
        return reading is not None and reading.is_fresh(outside.monotonic()) and not outside.stopped(self.sale)

    def request(self, claims: Claims, scope: Scope) -> OrderRequest:
        """What a request with a good token asks, and whether there may be a place for it. Asks no storage."""
        reading, now = self.latest(), self._dependencies.now()
        sku, language = self._wanted(scope["query_string"])
        result = judge(claims, reading, sku, now, self._dependencies.monotonic())
        if result in (AdmissionResult.OPEN, AdmissionResult.PAUSED) and self._dependencies.stopped(self.sale):
            result = AdmissionResult.STALE
        return OrderRequest(scope["path"], claims, reading, sku, language, result, now)

    def buyer(self, scope: Scope) -> str | None:
        """The buyer that a request is of, if it can be believed."""
        return self.buyers.known(scope) if self.buyers else None

    def visit(self, request: OrderRequest, buyer: str, scope: Scope) -> Visit:
        """A buyer's wish as the storage is asked for it."""
        settings = request.known_reading.settings
        return Visit(
            sale=self.sale,
            epoch=request.claims.epoch,
            sku=request.known_sku,
            buyer=buyer,
            server=self._dependencies.server,
            slots=settings.slots_per_server,
            networks=networks_of(self._addresses.of(scope), settings.slots_per_server),
            lease_seconds=settings.lease_seconds,
            stock=settings.items[request.known_sku].stock,
            now=self._dependencies.clocks.storage_now(),
            per_buyer=settings.max_per_buyer,
        )

    def pages(self, language: str) -> Pages:
        """Those in a language of the sale, empty for its default. There was a reading."""
        return self._pages[language]

    def folder_in(self, language: str) -> str:
        """The URL of the sale in a language, ending in `/`."""
        return f"{self.folder}{language}/" if language else self.folder

    def language(self, query: bytes) -> str:
        """The language that a query asks for; empty for the default, and for one that the sale does not have."""
        return self._wanted(query)[1]

    def unavailable(self, language: str = "") -> Reply:
        """Nobody is admitted now."""
        seconds = 2 + int(self._dependencies.random() * 4)
        return self._pages[language].unavailable(seconds) if self._pages else bare_unavailable(seconds)

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
        server = self._dependencies.server
        outside = self._dependencies
        self.buyers = buyers_of(settings, server, outside.keys, self._withdrawn, outside.origin_secrets)
        self.cookie_attributes = cookie_attributes(server, settings.shared_cookie_domain)
        self._addresses = ClientAddresses(settings.trusted_proxies, self._note_proxy)
        self._pages = {"": Pages(settings, reading.forms, settings.items, self.folder)}
        for tag, forms in reading.forms_by_language.items():
            self._pages[tag] = Pages(settings, forms, settings.languages[tag].items, self.folder)
        self._queries.clear()
        self._adopted = reading

    def _withdrawn(self) -> Withdrawn:
        reading = self.reading()
        return reading.withdrawn if reading else NOTHING
