"""Everything that a rehearsal saw, from which it is judged and reported. Times are seconds after the start."""

from __future__ import annotations

from dataclasses import dataclass

from flashgen.rehearse.crowd.scenario import VisitRecord


@dataclass(frozen=True, slots=True)
class OrderTaken:
    """An order in the gate's storage; `is_kept` unless it was rejected."""

    order_id: str
    sku: str
    at: float
    is_kept: bool


@dataclass(frozen=True, slots=True)
class ExpectedLoad:
    """What the forecast said of the same crowd; `unlock_seconds` is the last page's, without a lead."""

    edge_requests: float
    origin_requests: float
    unlock_seconds: float
    edge_by_second: tuple[tuple[int, float], ...] = ()
    origin_by_second: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A rehearsal. `requests` has (second, kind, where it came to, how many); `origin` (second, requests).

    `stock` is None for a SKU without a limit; `received` counts the requests of each order at the order subsystem.
    """

    sale: str
    visitors: int
    begins: float
    ends: float
    edge_ttl_seconds: float
    objects: int
    lead_seconds: float
    troubles: tuple[str, ...]
    visits: tuple[VisitRecord, ...]
    requests: tuple[tuple[int, str, str, int], ...]
    origin: tuple[tuple[int, int], ...]
    stock: dict[str, int | None]
    orders: tuple[OrderTaken, ...]
    received: dict[str, int]
    expected: ExpectedLoad

    def edge_requests(self, kind: str = "") -> int:
        """Requests of pages, files and pointers, or of one kind."""
        return sum(count for _, each, _, count in self.requests if each == kind or (not kind and each != "order"))

    @property
    def origin_requests(self) -> int:
        """All that the edge asked its store."""
        return sum(count for _, count in self.origin)

    @property
    def unlock_seconds(self) -> tuple[float, ...]:
        """Of each page that opened: the time from the start, or from when it was loaded, if that is later. Sorted."""
        opened = [one for one in self.visits if one.opened is not None and one.loaded is not None]
        return tuple(sorted((one.opened or 0.0) - max(0.0, one.loaded or 0.0) for one in opened))

    def sold(self, sku: str) -> int:
        """Units in the storage that are not rejected."""
        return sum(one.is_kept and one.sku == sku for one in self.orders)


def quantile(values: tuple[float, ...], share: float) -> float:
    """Of sorted values; 0 if there are none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0
