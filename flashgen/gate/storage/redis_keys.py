"""Where everything lies in Redis. A sale's keys share a hash tag: in a cluster they are on one server."""

from __future__ import annotations

from functools import lru_cache

SALES = "flashgen:sales"


def office(name: str) -> str:
    """A hash: who was elected to it, and until when."""
    return f"flashgen:office:{name}"


@lru_cache(maxsize=64)
def of_sale(sale: str) -> tuple[str, str, str, str, str, str]:
    """Its facts, then its orders by buyer, by id, by age, those that wait by age, and by when they are due."""
    facts = f"flashgen:{{{sale}}}"
    return facts, f"{facts}:buyers", f"{facts}:orders", f"{facts}:accepted", f"{facts}:waiting", f"{facts}:outbox"


@lru_cache(maxsize=256)
def of_server(sale: str, server: str) -> tuple[str, ...]:
    """Those of the sale, then the server's slots by when they expire, and its leases."""
    facts, *rest = of_sale(sale)
    return facts, *rest, f"{facts}:slots:{server}", f"{facts}:leases:{server}"
