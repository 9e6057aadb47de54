"""The local edge as an ASGI app: paths to keys, keys through the cache, and the headers of the real distribution."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from flashgen import cache_control
from flashgen.edge.local.cache import Cache, CacheResult, Found
from flashgen.edge.local.origin import Clock, OriginAnswer, StoreOrigin
from flashgen.edge.local.response import (
    ERROR_CONTENT_SECURITY_POLICY,
    Fields,
    Request,
    Response,
    present,
    present_error,
)
from flashgen.edge.rules.behaviour import BEHAVIOURS, SHARED, Behaviour, Lifetime, behaviour_for, lifetime
from flashgen.edge.rules.paths import resolve
from flashgen.edge.rules.security import content_security_policy, security_headers
from flashgen.store.protocol import Store

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

METHODS = ("GET", "HEAD")
NOT_FOUND = "404.html"
_OF_ERRORS = ("Content-Type", "Content-Length", "Cache-Control")
MAX_BYTES = 256 * 1024 * 1024

ERROR_SECURITY = security_headers(ERROR_CONTENT_SECURITY_POLICY, https=False)


class Edge:
    """Serves a store as the CDN would. `origin` counts what reached the store.

    `order_origins` are those that pages may ask (`connect-src`). `clock` gives seconds since the epoch, and rules
    freshness, `Date`, `Age` and `x-now` alike. `max_bytes` bounds what is kept in memory.
    """

    def __init__(
        self,
        store: Store,
        *,
        order_origins: Iterable[str] = (),
        behaviours: tuple[Behaviour, ...] = BEHAVIOURS,
        clock: Clock = time.time,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.origin = StoreOrigin(store, clock)
        self._behaviours, self._clock = behaviours, clock
        self._cache = Cache(self.origin.fetch, self._lifetime, clock, max_bytes)
        self._security = security_headers(content_security_policy(order_origins), https=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: `http` and `lifespan`. Other protocols are refused with ValueError, as the standard asks."""
        if scope["type"] == "http":
            await _send(await self._response(scope), scope["method"], send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            raise ValueError(f"not served here: {scope['type']}")

    def invalidate(self, pattern: str = "/*") -> None:
        """Forget the paths that a pattern fits (`*`: any characters), from the next request on. Any thread may call."""
        self._cache.invalidate(pattern)

    async def _response(self, scope: Scope) -> Response:
        if scope["method"] not in METHODS:
            return self._error(405, ("Allow", ", ".join(METHODS)), self._date())
        target = resolve(scope["path"], scope["query_string"])
        if target.location:
            fields = (("Location", target.location), ("Content-Length", "0"), self._date())
            return Response(302, fields + self._security)
        if not target.key:
            return self._error(404, self._date())
        return await self._object(target.key, Request.read(scope["method"], scope["headers"]))

    async def _object(self, key: str, request: Request) -> Response:
        found = await self._cache.get(key)
        if found.answer.status != 200:
            return await self._missing(found)
        behaviour = behaviour_for(key, self._behaviours)
        viewer_cache_control = "no-store" if behaviour.is_polled else found.answer.cache_control
        response = present(found.answer, request, viewer_cache_control, compresses=behaviour.compresses)
        fields: Fields = (("X-Cache", f"{found.result.value} from flashgen"), *self._times(found))
        if behaviour.is_polled:
            fields += (("x-now", str(int(self._clock() * 1000))),)
        if behaviour.is_shared:
            fields += (SHARED,)
        return response.adding((*fields, *self._security))

    async def _missing(self, found: Found) -> Response:
        """An error; the store's own page for what is missing, as the distribution's custom error response is."""
        status = found.answer.status
        page = await self._cache.get(NOT_FOUND) if status in (403, 404) else None
        if page is None or page.answer.status != 200:
            return self._error(status, *self._times(found))
        shown = present(page.answer, Request("GET", {}), "no-store", compresses=False)
        fields = (("X-Cache", "Error from flashgen"), *self._times(found), *self._security)
        return replace(shown, status=404, fields=tuple(f for f in shown.fields if f[0] in _OF_ERRORS)).adding(fields)

    def _times(self, found: Found) -> Fields:
        """When the origin was asked, and how long ago; both cut, so that their sum is never ahead of the clock."""
        date = ("Date", _http_date(int(found.answer.fetched_at)))
        if found.result is CacheResult.MISS:
            return (date,)
        return (("Age", str(max(0, int(self._clock() - found.answer.fetched_at)))), date)

    def _date(self) -> tuple[str, str]:
        return ("Date", _http_date(int(self._clock())))

    def _error(self, status: int, *fields: tuple[str, str]) -> Response:
        return present_error(status).adding((("X-Cache", "Error from flashgen"), *fields, *ERROR_SECURITY))

    def _lifetime(self, key: str, answer: OriginAnswer) -> Lifetime | None:
        return lifetime(behaviour_for(key, self._behaviours), answer.status, cache_control.parse(answer.cache_control))

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await self._cache.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _send(response: Response, method: str, send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.fields]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


@lru_cache(maxsize=256)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)
