"""What a request of an order URL comes to before the storage is asked."""

from __future__ import annotations

from dataclasses import dataclass

from flashgen.gate.http.sale.admission import AdmissionResult
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.gate.signatures import Offer
from flashgen.unlock.token import Claims


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What is known without asking anybody: path, claims of the token, the sale, what is wanted, and what follows.

    `sku` None is none that could ever be one. With a result of OPEN or PAUSED there is a reading, and it has the SKU.
    `language` is one of the sale's, or empty for the default."""

    path: str
    claims: Claims
    reading: SaleSnapshot | None
    sku: str | None
    language: str
    result: AdmissionResult
    now: float

    @property
    def known_reading(self) -> SaleSnapshot:
        """The reading, where there must be one."""
        if self.reading is None:
            raise RuntimeError("there was no reading")
        return self.reading

    @property
    def known_sku(self) -> str:
        """The SKU, where there must be one."""
        if self.sku is None:
            raise RuntimeError("no SKU was asked for")
        return self.sku

    @property
    def offer(self) -> Offer:
        """What a form for it offers."""
        settings, sku = self.known_reading.settings, self.known_sku
        return Offer(sku, settings.items[sku].price, settings.currency)
