"""The slots of servers, within one transaction of SQLite: who holds them, and how many a network has.

Counting is the one thing here that takes longer with more slots, so it is done once a transaction, and only for a visit
that needs a new slot.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from flashgen.gate.networks import UNSEEN_SECONDS, share
from flashgen.gate.storage.protocol import Lease, Leave, Seen, Visit

_OWN = "sale = ? AND server = ? AND sku = ? AND buyer = ?"
_HELD = f"SELECT expires_at FROM lease WHERE {_OWN} AND expires_at > ?"  # noqa: S608
_RENAME = f"UPDATE lease SET id = ?, unseen_since = NULL WHERE {_OWN}"  # noqa: S608
_END = f"DELETE FROM lease WHERE {_OWN} RETURNING networks, expires_at"  # noqa: S608
_EXPIRE = "DELETE FROM lease WHERE sale = ? AND server = ? AND expires_at <= ? RETURNING networks"
_UNSEEN = (
    "SELECT sku, buyer FROM lease WHERE sale = ? AND server = ? AND unseen_since <= ? ORDER BY unseen_since LIMIT 1"
)
_FIRST_UNSEEN = "SELECT min(unseen_since) FROM lease WHERE sale = ? AND server = ? AND unseen_since IS NOT NULL"
_COUNT = (
    "INSERT INTO network VALUES (?, ?, ?, max(0, ?), ?) ON CONFLICT DO UPDATE"
    " SET in_use = in_use + ?, unused = unused + excluded.unused"
)

Key = tuple[str, str]


@dataclass(slots=True)
class _ServerSlots:
    """When the first lease at a server expires, since when at the earliest one is without a sign of life, and how many
    there are, once they have been counted."""

    next_expiry: float
    unseen_since: float = -inf
    in_use: int | None = None


class Slots:
    """What a transaction knows of slots, kept up to date in memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._servers: dict[Key, _ServerSlots] = {}

    def void(self, sale: str) -> None:
        """End every lease of a sale, and forget what its networks did."""
        self._execute("DELETE FROM lease WHERE sale = ?", (sale,))
        self._execute("DELETE FROM network WHERE sale = ?", (sale,))
        self._servers.clear()

    def expire(self, visit: Visit) -> None:
        """End what has expired at the visit's server, unused."""
        key, server = self._server(visit)
        if server.next_expiry <= visit.now:
            left = self._execute(_EXPIRE, (*key, visit.now)).fetchall()
            self._end(key, [networks for (networks,) in left], is_unused=True)
            server.next_expiry = self._next_expiry(key)

    def renew(self, visit: Visit, lease: str) -> Lease | None:
        """The lease that the buyer has, under its new id. That they come again is a sign of life."""
        held = self._execute(_HELD, (*_own(visit), visit.now)).fetchone()
        if not held:
            return None
        self._execute(_RENAME, (lease, *_own(visit)))
        return Lease(lease, held[0], is_new=False)

    def make_room(self, visit: Visit) -> bool:
        """Whether there is a slot for the visit. In a full house the oldest form that was never seen makes way."""
        in_use = self._in_use(visit)
        if in_use > visit.slots or (in_use == visit.slots and not self._has_unseen(visit)):
            return False  # the crowd's answer, before its networks are looked at
        if any(self._is_reached(visit, network.name, network.slots) for network in visit.networks):
            return False
        return in_use < visit.slots or self._evict(visit)

    def let_in(self, visit: Visit, lease: str) -> Lease:
        """After `make_room`."""
        key, server = self._server(visit)
        expires_at = visit.now + visit.lease_seconds
        networks = " ".join(network.name for network in visit.networks)
        self._execute(
            "INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*_own(visit), lease, networks, expires_at, visit.now),
        )
        server.next_expiry = min(server.next_expiry, expires_at)
        server.unseen_since = min(server.unseen_since, visit.now)
        self._count(key, networks, 1)
        return Lease(lease, expires_at, is_new=True)

    def end(self, visit: Visit) -> bool:
        """End the buyer's lease. Whether they had one; none is left here that has expired."""
        left = self._execute(_END, _own(visit)).fetchall()
        self._end((visit.sale, visit.server), [networks for networks, _ in left], is_unused=False)
        return bool(left)

    def order(self, visit: Visit) -> None:
        """The visit ended in an order: its networks begin anew."""
        for network in visit.networks:
            self._execute(
                "UPDATE network SET unused = 0 WHERE sale = ? AND server = ? AND name = ?",
                (visit.sale, visit.server, network.name),
            )

    def leave(self, ask: Leave) -> None:
        """A lease is given back."""
        key = (ask.sale, ask.server)
        left = self._execute(
            "DELETE FROM lease WHERE sale = ? AND server = ? AND id = ? RETURNING networks", (*key, ask.lease)
        ).fetchall()
        self._end(key, [networks for (networks,) in left], is_unused=False)

    def see(self, ask: Seen) -> None:
        """A sign of life."""
        self._execute(
            "UPDATE lease SET unseen_since = NULL WHERE sale = ? AND server = ? AND id = ?",
            (ask.sale, ask.server, ask.lease),
        )

    def _server(self, visit: Visit) -> tuple[Key, _ServerSlots]:
        key = (visit.sale, visit.server)
        if key not in self._servers:
            self._servers[key] = _ServerSlots(self._next_expiry(key))
        return key, self._servers[key]

    def _next_expiry(self, key: Key) -> float:
        (first,) = self._execute("SELECT min(expires_at) FROM lease WHERE sale = ? AND server = ?", key).fetchone()
        return inf if first is None else float(first)

    def _in_use(self, visit: Visit) -> int:
        key, server = self._server(visit)
        if server.in_use is None:
            (server.in_use,) = self._execute("SELECT count(*) FROM lease WHERE sale = ? AND server = ?", key).fetchone()
        return server.in_use or 0

    def _has_unseen(self, visit: Visit) -> bool:
        key, server = self._server(visit)
        before = visit.now - UNSEEN_SECONDS
        if server.unseen_since <= before:
            (first,) = self._execute(_FIRST_UNSEEN, key).fetchone()
            server.unseen_since = inf if first is None else float(first)
        return server.unseen_since <= before

    def _is_reached(self, visit: Visit, name: str, slots: int) -> bool:
        row = self._execute(
            "SELECT in_use, unused FROM network WHERE sale = ? AND server = ? AND name = ?",
            (visit.sale, visit.server, name),
        ).fetchone()
        in_use, unused = row or (0, 0)
        return bool(in_use >= share(slots, unused))

    def _evict(self, visit: Visit) -> bool:
        key = (visit.sale, visit.server)
        found = self._execute(_UNSEEN, (*key, visit.now - UNSEEN_SECONDS)).fetchone()
        if not found:
            return False
        left = self._execute(_END, (*key, *found)).fetchall()
        self._end(key, [networks for networks, _ in left], is_unused=True)
        return True

    def _end(self, key: Key, leases: Iterable[str], *, is_unused: bool) -> None:
        """Of `leases`, the networks that each was counted in."""
        for networks in leases:
            self._count(key, networks, -1, int(is_unused))

    def _count(self, key: Key, networks: str, change: int, unused: int = 0) -> None:
        server = self._servers.get(key)
        if server and server.in_use is not None:
            server.in_use += change
        for name in networks.split():
            self._execute(_COUNT, (*key, name, change, unused, change))


def _own(visit: Visit) -> tuple[str, str, str, str]:
    return visit.sale, visit.server, visit.sku, visit.buyer
