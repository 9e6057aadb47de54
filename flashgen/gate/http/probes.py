"""What machines ask a gate: is it alive, is it ready, what are its counts.

`/readyz` is asked by every page before its buyer is sent here, and by `flashgen doctor`, which shows a token.
`/metrics` and `/stats` are at the admin port alone, and for neighbours: this machine and private networks, and nobody
behind a proxy.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from flashgen import __version__
from flashgen.gate.http.client_address import is_neighbour
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.health import Health
from flashgen.gate.http.request import Scope, field_of
from flashgen.gate.http.response import JSON, TEXT, Reply, refusal, reply
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.mark.storage_mark import StopReason, advice
from flashgen.gate.metrics import CONTENT_TYPE, Count, Sample, series
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.gate.storage.protocol import StorageLost, Tally
from flashgen.unlock.state import State
from flashgen.unlock.token import BadToken, Claims, TokenSigner

READY_PATH = "/readyz"
HEALTH_PATHS = frozenset({"/healthz", READY_PATH})
ADMIN_PATHS = HEALTH_PATHS | {"/metrics", "/stats"}

DOCTOR_EPOCH = 0
"""That of doctor's token, and of no sale. Only who has the secret can make one, and is told what the trouble is."""

STUCK_SECONDS = 300.0
"""An order that waits for so long to be forwarded is stuck: some tries have failed by then."""

_ANYONE = (("Access-Control-Allow-Origin", "*"),)

SaleStats = tuple[str, SaleSnapshot | None, Tally | None]
"""A sale, what is known of it, and its tally, as far as there is one."""


class Probes:
    """Answers them. Only `/metrics` and `/stats` ask the storage."""

    def __init__(
        self, served: Mapping[str, ServedSale], signer: TokenSigner, dependencies: Dependencies, health: Health
    ) -> None:
        self._served = served
        self._signer = signer
        self._dependencies = dependencies
        self._health = health
        self._alive = reply(200, b"ok\n", TEXT, Count.PROBE)
        self._ready = {
            (ready, signature): _readiness(ready, signature)
            for ready in (True, False)
            for signature in ("", "good", "bad")
        }
        self._not_here = refusal(404, "not found")

    async def answer(self, path: str, scope: Scope) -> Reply:
        """The answer to a GET of one of ADMIN_PATHS."""
        if path == READY_PATH:
            return self.readiness(scope["query_string"])
        if path == "/healthz":
            return self._alive
        if not is_neighbour(scope):
            return self._not_here
        stats = await asyncio.gather(*(self._stats_for(served) for served in self._served.values()))
        if path == "/metrics":
            return reply(200, self._metrics(stats).encode(), CONTENT_TYPE, Count.PROBE)
        return reply(200, json.dumps(self._stats(stats), indent=1).encode(), JSON, Count.PROBE)

    def readiness(self, query: bytes) -> Reply:
        """Whether buyers may be sent here: for the sale of the token that is shown, else for any sale."""
        claims, signature = self._token_check(query) if query else (None, "")
        sale = str(claims.sale) if claims else ""
        asked = [self._served[sale]] if sale in self._served else self._served.values()
        ready = self._health.is_well and any(served.is_ready() for served in asked)
        reasons = [reason for one in asked if (reason := self._dependencies.stopped(one.sale))]
        stopped = reasons[0] if reasons and not ready else None
        trouble = self._health.trouble or (advice(stopped, sale)[0] if stopped else "")
        if claims and claims.epoch == DOCTOR_EPOCH:
            return _readiness(ready, signature, trouble, self._health.untrusted_proxy)
        return self._ready[ready, signature]

    async def problems(self) -> dict[tuple[str, str], str]:
        """What keeps orders from being taken or forwarded, in a sentence, by the sale and the problem's name:
        `storage-behind`, `unready`, `orders-stuck` or `reservations-overdue`."""
        found: dict[tuple[str, str], str] = {}
        for sale, served in self._served.items():
            reading, stopped = served.reading(), self._dependencies.stopped(sale)
            is_over = reading is not None and reading.pointer.state.state is State.ENDED
            if stopped in (StopReason.BEHIND, StopReason.OTHER):
                found[sale, "storage-behind"] = advice(stopped, sale)[0]
            elif not is_over and not (self._health.is_well and served.is_ready()):
                reason = advice(stopped, sale)[0] if stopped else "the store has not been read for some time"
                found[sale, "unready"] = self._health.trouble or reason
            _, _, tally = await self._stats_for(served)
            if tally and (waited := self._waited(tally)) >= STUCK_SECONDS:
                found[sale, "orders-stuck"] = f"an order has waited {waited // 60:.0f} min to be forwarded"
            if tally and tally.overdue:
                found[sale, "reservations-overdue"] = (
                    f"{tally.overdue} reserved orders are past their time, without a clear answer of the shop"
                )
        return found

    def _token_check(self, query: bytes) -> tuple[Claims | None, str]:
        """What the token in a query says, and whether one of our keys signed it."""
        token = field_of(query, "token")
        if token is None:
            return None, ""
        try:
            return self._signer.read(token), "good"
        except BadToken:
            return None, "bad"

    async def _stats_for(self, served: ServedSale) -> SaleStats:
        try:
            return served.sale, served.reading(), await self._dependencies.tally(served.sale)
        except StorageLost:
            return served.sale, served.reading(), None

    def _stats(self, stats: list[SaleStats]) -> dict[str, Any]:
        ready = self._health.is_well and any(served.is_ready() for served in self._served.values())
        sales = [self._stats_of(*stat) for stat in stats]
        about = {"version": __version__, "server": self._dependencies.server, "ready": ready}
        return {**about, "trouble": self._health.trouble, "sales": sales}

    def _stats_of(self, sale: str, reading: SaleSnapshot | None, tally: Tally | None) -> dict[str, Any]:
        body: dict[str, Any] = {"sale": sale, "state": None, "revision": None, "reading_age_seconds": None}
        body |= {"stopped": self._dependencies.stopped(sale), "unmarked_changes": self._dependencies.unmarked(sale)}
        if reading:
            age = round(self._dependencies.monotonic() - reading.taken_at, 3)
            pointer = reading.pointer
            body |= {"state": pointer.state.state, "revision": pointer.revision, "reading_age_seconds": age}
            body["stock"] = {sku: item.stock for sku, item in reading.settings.items.items()}
        if tally:
            body |= {"taken": dict(tally.taken), "slots_in_use": dict(tally.in_use), "orders": dict(tally.orders)}
            body |= {"oldest_waiting_seconds": self._waited(tally), "overdue": tally.overdue}
        return body | {"storage": "answers" if tally else "lost"}

    def _metrics(self, stats: list[SaleStats]) -> str:
        tallies = [(sale, tally) for sale, _, tally in stats if tally]
        readings = [(sale, reading) for sale, reading, _ in stats if reading]
        ages = [({"sale": sale}, self._dependencies.monotonic() - one.taken_at) for sale, one in readings]
        stopped = [
            ({"sale": sale, "reason": str(reason)}, float(self._dependencies.stopped(sale) is reason))
            for sale in self._served
            for reason in StopReason
        ]
        unmarked = [({"sale": sale}, float(self._dependencies.unmarked(sale))) for sale in self._served]
        waited = [({"sale": sale}, self._waited(tally)) for sale, tally in tallies]
        overdue = [({"sale": sale}, float(tally.overdue)) for sale, tally in tallies]
        proxy = self._health.untrusted_proxy
        proxies = [({"peer": proxy}, 1.0)] if proxy else []
        ahead = [({"of": whose}, seconds) for whose, seconds in self._dependencies.clocks.offsets().items()]
        return self._dependencies.counters.exposition() + "".join(
            (
                series("ready", "gauge", "Whether buyers may come.", [({}, float(self._is_ready()))]),
                series("reading_age_seconds", "gauge", "Since the store was read.", ages),
                series("slots", "gauge", "Slots a server has.", [_slots(*one) for one in readings]),
                series("slots_in_use", "gauge", "Slots that buyers hold.", _by("server", tallies, "in_use")),
                series("units_taken", "gauge", "Units that orders hold.", _by("sku", tallies, "taken")),
                series("orders", "gauge", "Orders in the storage.", _by("state", tallies, "orders")),
                series("outbox_oldest_seconds", "gauge", "How long the oldest order waits to be forwarded.", waited),
                series("reservations_overdue", "gauge", "Reserved orders past their time, without an answer.", overdue),
                series("storage_primary", "gauge", "Which server answers for the storage.", self._primary()),
                series("untrusted_proxy", "gauge", "A proxy that is not in `trusted_proxies`.", proxies),
                series("clock_offset_seconds", "gauge", "How far other clocks are ahead of this machine's.", ahead),
                series("sale_stopped", "gauge", "Whether a sale sells nothing, and why.", stopped),
                series("unmarked_changes", "gauge", "Changes of the storage since its mark.", unmarked),
                series("build_info", "gauge", "Which flashgen this is.", [({"version": __version__}, 1.0)]),
            )
        )

    def _is_ready(self) -> bool:
        return self._health.is_well and any(served.is_ready() for served in self._served.values())

    def _primary(self) -> list[Sample]:
        primary = self._dependencies.primary()
        return [({"primary": primary}, 1.0)] if primary else []

    def _waited(self, tally: Tally) -> float:
        if tally.oldest_waiting is None:
            return 0.0
        return max(0.0, round(self._dependencies.clocks.storage_now() - tally.oldest_waiting, 3))


def _readiness(ready: bool, signature: str, trouble: str = "", proxy: str = "") -> Reply:
    said = {"ready": ready, "signature": signature, "trouble": trouble, "untrusted_proxy": proxy}
    body = {name: value for name, value in said.items() if value != ""}
    return reply(200 if ready else 503, json.dumps(body).encode(), JSON, Count.PROBE, _ANYONE)


def _slots(sale: str, reading: SaleSnapshot) -> Sample:
    return {"sale": sale}, float(reading.settings.slots_per_server)


def _by(label: str, tallies: list[tuple[str, Tally]], what: str) -> list[Sample]:
    return [
        ({"sale": sale, label: str(key)}, float(value))
        for sale, tally in tallies
        for key, value in sorted(getattr(tally, what).items())
    ]
