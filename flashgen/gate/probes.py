"""What machines ask a gate: is it alive, is it ready, how does it stand.

`/readyz` is asked by every page before its buyer is sent here, and by `flashgen doctor`, which shows a token.
`/metrics` and `/stats` are for neighbours: this machine and private networks, and nobody behind a proxy.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from flashgen import __version__
from flashgen.gate.buyer import is_neighbour
from flashgen.gate.dependencies import Dependencies
from flashgen.gate.health import Health
from flashgen.gate.metrics import CONTENT_TYPE, Count, Sample, series
from flashgen.gate.reading import SaleSnapshot
from flashgen.gate.request import Scope, field_of
from flashgen.gate.response import JSON, TEXT, Reply, refusal, reply
from flashgen.gate.sale_handler import SaleHandler
from flashgen.gate.storage.protocol import StorageLost, Tally
from flashgen.unlock.token import BadToken, TokenSigner

READY_PATH = "/readyz"
PATHS = frozenset({"/healthz", READY_PATH, "/metrics", "/stats"})

_ANYONE = (("Access-Control-Allow-Origin", "*"),)

Standing = tuple[str, SaleSnapshot | None, Tally | None]
"""A sale, what is known of it, and its tally, as far as there is one."""


class Probes:
    """Answers them. Only `/metrics` and `/stats` ask the storage."""

    def __init__(
        self, desks: Mapping[str, SaleHandler], signer: TokenSigner, outside: Dependencies, health: Health
    ) -> None:
        self._desks = desks
        self._signer = signer
        self._outside = outside
        self._health = health
        self._alive = reply(200, b"ok\n", TEXT, Count.PROBE)
        self._ready = {
            (ready, said): _readiness(ready, said) for ready in (True, False) for said in ("", "good", "bad")
        }
        self._not_here = refusal(404, "not found")

    async def answer(self, path: str, scope: Scope) -> Reply:
        """The answer to a GET of one of PATHS."""
        if path == READY_PATH:
            return self.readiness(scope["query_string"])
        if path == "/healthz":
            return self._alive
        if not is_neighbour(scope):
            return self._not_here
        standings = await asyncio.gather(*(self._standing(desk) for desk in self._desks.values()))
        if path == "/metrics":
            return reply(200, self._metrics(standings).encode(), CONTENT_TYPE, Count.PROBE)
        return reply(200, json.dumps(self._stats(standings), indent=1).encode(), JSON, Count.PROBE)

    def readiness(self, query: bytes) -> Reply:
        """Whether buyers may be sent here: for the sale of the token that is shown, else for any sale."""
        sale, said = self._shown(query) if query else ("", "")
        asked = [self._desks[sale]] if sale in self._desks else self._desks.values()
        ready = self._health.is_well and any(desk.is_ready() for desk in asked)
        return self._ready[ready, said]

    def _shown(self, query: bytes) -> tuple[str, str]:
        """The sale of the token in a query, and whether one of our keys signed it."""
        token = field_of(query, "token")
        if token is None:
            return "", ""
        try:
            return str(self._signer.read(token).sale), "good"
        except BadToken:
            return "", "bad"

    async def _standing(self, desk: SaleHandler) -> Standing:
        try:
            return desk.sale, desk.reading(), await self._outside.tally(desk.sale)
        except StorageLost:
            return desk.sale, desk.reading(), None

    def _stats(self, standings: list[Standing]) -> dict[str, Any]:
        ready = self._health.is_well and any(desk.is_ready() for desk in self._desks.values())
        sales = [self._stats_of(*standing) for standing in standings]
        return {"version": __version__, "server": self._outside.server, "ready": ready, "sales": sales}

    def _stats_of(self, sale: str, reading: SaleSnapshot | None, tally: Tally | None) -> dict[str, Any]:
        facts: dict[str, Any] = {"sale": sale, "state": None, "revision": None, "reading_age_seconds": None}
        if reading:
            age = round(self._outside.even() - reading.taken_at, 3)
            pointer = reading.pointer
            facts |= {"state": pointer.state.state, "revision": pointer.revision, "reading_age_seconds": age}
            facts["stock"] = {sku: item.stock for sku, item in reading.settings.items.items()}
        if tally:
            facts |= {"taken": dict(tally.taken), "slots_in_use": dict(tally.in_use), "orders": dict(tally.orders)}
            facts["oldest_waiting_seconds"] = self._waited(tally)
        return facts | {"storage": "answers" if tally else "lost"}

    def _metrics(self, standings: list[Standing]) -> str:
        tallies = [(sale, tally) for sale, _, tally in standings if tally]
        readings = [(sale, reading) for sale, reading, _ in standings if reading]
        ages = [({"sale": sale}, self._outside.even() - one.taken_at) for sale, one in readings]
        waited = [({"sale": sale}, self._waited(tally)) for sale, tally in tallies]
        return self._outside.counters.exposition() + "".join(
            (
                series("ready", "gauge", "Whether buyers may come.", [({}, float(self._is_ready()))]),
                series("reading_age_seconds", "gauge", "Since the store was read.", ages),
                series("slots", "gauge", "Slots a server has.", [_slots(*one) for one in readings]),
                series("slots_in_use", "gauge", "Slots that buyers hold.", _by("server", tallies, "in_use")),
                series("units_taken", "gauge", "Units that orders hold.", _by("sku", tallies, "taken")),
                series("orders", "gauge", "Orders in the storage.", _by("state", tallies, "orders")),
                series("outbox_oldest_seconds", "gauge", "How long the oldest order waits to be forwarded.", waited),
                series("build_info", "gauge", "Which flashgen this is.", [({"version": __version__}, 1.0)]),
            )
        )

    def _is_ready(self) -> bool:
        return self._health.is_well and any(desk.is_ready() for desk in self._desks.values())

    def _waited(self, tally: Tally) -> float:
        if tally.oldest_waiting is None:
            return 0.0
        return max(0.0, round(self._outside.now() - tally.oldest_waiting, 3))


def _readiness(ready: bool, said: str) -> Reply:
    facts = {"ready": ready, **({"signature": said} if said else {})}
    return reply(200 if ready else 503, json.dumps(facts).encode(), JSON, Count.PROBE, _ANYONE)


def _slots(sale: str, reading: SaleSnapshot) -> Sample:
    return {"sale": sale}, float(reading.settings.slots_per_server)


def _by(label: str, tallies: list[tuple[str, Tally]], what: str) -> list[Sample]:
    return [
        ({"sale": sale, label: str(key)}, float(value))
        for sale, tally in tallies
        for key, value in sorted(getattr(tally, what).items())
    ]
