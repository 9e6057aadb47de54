"""The gate as a raw ASGI app: which handler a request belongs to, and that its answer arrives.

A crowd that finds nothing left comes through `SaleHandler.quick` with two messages that were made before, and without
a task, a lock or a question to the storage: a framework's router alone would cost more.
"""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from flashgen.gate.forms import AGAIN_PATH
from flashgen.gate.http.again import ask_again
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.health import Health
from flashgen.gate.http.order_reports import REPORTS_PATH, OrderReports
from flashgen.gate.http.pass_entry import PassEntry
from flashgen.gate.http.probes import ADMIN_PATHS, HEALTH_PATHS, READY_PATH, Probes
from flashgen.gate.http.request import (
    ENTRY_PATH,
    ORDER_PATH,
    Disconnected,
    Receive,
    Scope,
    Send,
    Unreadable,
    until_disconnected,
)
from flashgen.gate.http.response import Reply, refusal
from flashgen.gate.http.sale.handler import SaleHandler
from flashgen.gate.http.sale.pages import bare_unavailable
from flashgen.gate.http.sale.served_sale import ServedSale
from flashgen.gate.http.speculative import unasked
from flashgen.gate.metrics import Count
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.gate.storage.protocol import Leave, StorageLost
from flashgen.unlock.token import BadToken, Claims, TokenSigner, unverified_claims

Hook = Callable[[], Awaitable[None]]

KNOWN_MAX = 64
"""Good tokens that are remembered. A crowd shares one; a sale has a few."""

RETRY_SECONDS = 3

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,1024}\.[A-Za-z0-9_-]{1,64}")

_NOT_FOUND = refusal(404, "not found")
_METHODS = "GET, HEAD, POST"
_NO_METHOD = refusal(405, "method not allowed", (("Allow", _METHODS),))
_ONLY_GET = refusal(405, "method not allowed", (("Allow", "GET, HEAD"),))
_GET_ALONE = refusal(405, "method not allowed", (("Allow", "GET"),))
_ONLY_POST = refusal(405, "method not allowed", (("Allow", "POST"),))
_UNREADABLE = {
    408: refusal(408, "the form did not arrive in time"),
    413: refusal(413, "that is more than a form holds"),
    415: refusal(415, "send a form, as application/x-www-form-urlencoded"),
}


async def nothing() -> None:
    """Do nothing at the start or at the end."""


class Gate:
    """ASGI 3: `http` and `lifespan`. `readings` give the latest reading of each sale that is served here.

    What comes in at `admin_port`, a port of this machine, gets health and numbers, and no sale. All other ports get
    health and the sale.

    `on_start` runs before the first request, and must not take long; `on_stop` after the last, when everything that
    requests had begun is done.
    """

    def __init__(
        self,
        readings: Mapping[str, Callable[[], SaleSnapshot | None]],
        dependencies: Dependencies,
        admin_port: int,
        *,
        on_start: Hook = nothing,
        on_stop: Hook = nothing,
    ) -> None:
        self._dependencies = dependencies
        self._admin_port = admin_port
        self._count = dependencies.counters.add
        self._health = Health(dependencies)
        self._signer = TokenSigner(dependencies.keys)
        served = {
            sale: ServedSale(sale, reading, dependencies, self._health.note_proxy) for sale, reading in readings.items()
        }
        self._handlers = {sale: SaleHandler(one, dependencies, self._health) for sale, one in served.items()}
        self._only = next(iter(self._handlers.values())) if len(self._handlers) == 1 else None
        self._passes = PassEntry(served, dependencies)
        self._reports = OrderReports(served, dependencies, self._health)
        self._probes = Probes(served, self._signer, dependencies, self._health)
        self._known: dict[str, tuple[SaleHandler, Claims]] = {}
        self._on_start = on_start
        self._on_stop = on_stop

    async def problems(self) -> dict[tuple[str, str], str]:
        """See `Probes.problems`."""
        return await self._probes.problems()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Other protocols than `http` and `lifespan` are refused with ValueError, as the standard asks."""
        if scope["type"] != "http":
            await self._live(scope, receive, send)
            return
        try:
            reply = self._quick(scope) or await self._answer(scope, receive)
        except Disconnected:
            return
        except asyncio.CancelledError:
            reply = bare_unavailable(RETRY_SECONDS)  # the server stops; the client is told to come back
        except Exception as error:  # noqa: BLE001 -- a buyer is told to try again, and a bug must not end a sale
            reply = self._log_bug(error, scope)
        self._count(reply.count)
        if reply.lease:
            await self._deliver(reply, reply.lease, receive, send)
        else:
            await send(reply.start)
            await send(reply.body)

    def _is_admin(self, scope: Scope) -> bool:
        """By the socket: what a client sends cannot change it."""
        server = scope["server"]
        return server is not None and server[1] == self._admin_port

    def _quick(self, scope: Scope) -> Reply | None:
        if scope["method"] != "GET" or self._is_admin(scope):
            return None
        if known := self._known.get(scope["path"]):
            return known[0].quick(known[1], scope)
        return self._probes.readiness(scope["query_string"]) if scope["path"] == READY_PATH else None

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        path, method = scope["path"], scope["method"]
        if not path.startswith(ORDER_PATH) or self._is_admin(scope):
            return await self._other(path, method, scope, receive)
        if method not in ("GET", "HEAD", "POST"):
            return _NO_METHOD
        handler, claims = self._read_token(path)
        if claims is None or handler is None:
            return handler.stranger if handler else _NOT_FOUND
        try:
            return await self._at(handler, claims, scope, receive)
        except Unreadable as unreadable:
            return _UNREADABLE[unreadable.status]
        except StorageLost:
            return handler.served.unavailable(handler.served.language(scope["query_string"]))

    async def _at(self, handler: SaleHandler, claims: Claims, scope: Scope, receive: Receive) -> Reply:
        if scope["method"] == "POST":
            return await handler.post(claims, scope, receive)
        if scope["method"] == "HEAD":
            return handler.head(claims, scope)
        return handler.quick(claims, scope) or unasked(scope, handler.served.folder) or await handler.get(claims, scope)

    async def _other(self, path: str, method: str, scope: Scope, receive: Receive) -> Reply:
        if path.startswith(REPORTS_PATH) and not self._is_admin(scope):
            return await self._reported(path, method, scope, receive)
        if path == ENTRY_PATH and not self._is_admin(scope):
            return self._passes.answer(scope) if method == "GET" else _GET_ALONE
        if path == AGAIN_PATH and not self._is_admin(scope):
            return ask_again(scope, self._dependencies.site) if method in ("GET", "HEAD") else _ONLY_GET
        if path not in (ADMIN_PATHS if self._is_admin(scope) else HEALTH_PATHS):
            return _NOT_FOUND
        return await self._probes.answer(path, scope) if method in ("GET", "HEAD") else _ONLY_GET

    async def _reported(self, path: str, method: str, scope: Scope, receive: Receive) -> Reply:
        try:
            return await self._reports.answer(path, scope, receive) if method == "POST" else _ONLY_POST
        except Unreadable as unreadable:
            return _UNREADABLE[unreadable.status]

    def _read_token(self, path: str) -> tuple[SaleHandler | None, Claims | None]:
        """Where a token belongs, and what it says if it is good; a bad one belongs where it says, or to the only sale.

        A good one is remembered with its path: a crowd has the same.
        """
        if found := self._known.get(path):
            return found
        token = path[len(ORDER_PATH) :]
        try:
            claims = self._signer.read(token) if _TOKEN.fullmatch(token) else None
        except BadToken:
            claims = None
        if claims is None:
            return self._only or self._handler_of(unverified_claims(token)), None
        handler = self._handler_of(claims)
        if handler is None:
            return self._only, None
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[path] = (handler, claims)
        return handler, claims

    def _handler_of(self, claims: Claims | None) -> SaleHandler | None:
        """Claims are read from JSON: a sale's name may be anything."""
        return self._handlers.get(str(claims.sale)) if claims else None

    async def _deliver(self, reply: Reply, lease: Leave, receive: Receive, send: Send) -> None:
        """Send what a slot was taken for, and give the slot back if the client has left before it was sent."""
        left = asyncio.ensure_future(until_disconnected(receive))
        arrived = False
        try:
            await asyncio.sleep(0)
            if not left.done():
                await send(reply.start)
                await send(reply.body)
                arrived = not left.done()
        finally:
            left.cancel()
            if not arrived:
                self._health.give_back(lease)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            raise ValueError(f"not served here: {scope['type']}")
        sales = tuple(self._handlers)
        await receive()
        await self._health.check(sales)
        await self._on_start()
        watching = asyncio.ensure_future(self._health.watch(sales))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watching.cancel()
        await self._health.drain()
        await self._on_stop()
        await send({"type": "lifespan.shutdown.complete"})

    def _log_bug(self, error: Exception, scope: Scope) -> Reply:
        """Log where it was, without values: they may be a buyer's."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        self._count(Count.BUGS)
        self._dependencies.log("bug", error=type(error).__name__, place=f"{Path(frame.filename).name}:{frame.lineno}")
        known = self._known.get(scope["path"])
        return known[0].served.unavailable() if known else bare_unavailable(RETRY_SECONDS)
