"""What `serve` adds to pages: they reload when their files change, and a bar chooses what they show.

The bar is in responses alone, never in a build. Each page gets one script tag with the revision that it was made of;
the script, its style and its HTML are files under `PREFIX`, so that the page's security policy allows them as it is.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from flashgen.edge.local.app import Message, Receive, Scope, Send
from flashgen.edge.rules.paths import resolve
from flashgen.errors import FlashgenError
from flashgen.layout import PRIVATE_FOLDER

PREFIX = f"/{PRIVATE_FOLDER}/preview/"
"""No sale has such an address, and no edge serves it."""

SCRIPT_TAG = re.compile(rf'<script src="{PREFIX}bar\.js" data-revision="\d+"></script>'.encode())
"""What tells a previewed page from a published one."""

_FILES = {
    "bar.js": b"text/javascript; charset=utf-8",
    "bar.css": b"text/css; charset=utf-8",
    "bar.html": b"text/html; charset=utf-8",
}
_POINTER = re.compile(r"/unlock\.[a-z0-9]+\.js$")
_PORTAL = b"<!doctype html><title>Wi-Fi</title><h1>Welcome! Please accept our terms.</h1>"

_BEAT_SECONDS = 15.0
"""A comment now and then, so that a connection whose browser is gone is noticed."""

_BODY_BYTES_MAX = 10_000


class Fault(StrEnum):
    """What can go wrong between a page and its pointer, on trial."""

    NONE = "none"
    FORBIDDEN = "forbidden"
    """The pointer answers 403."""
    PORTAL = "portal"
    """The network's own page is there instead of the pointer."""
    HANGING = "hanging"
    OFFLINE = "offline"
    NO_SCRIPT = "no-script"
    """The page's scripts are blocked."""


class Controls(Protocol):
    """What the bar shows and changes. Values are JSON."""

    @property
    def fault(self) -> Fault:
        """What goes wrong now."""

    def status(self) -> dict[str, Any]:
        """What all pages have in common. Those with another `revision` than its own reload."""

    def page(self, key: str) -> dict[str, Any]:
        """What is known of one page; empty for a page of no sale."""

    def change(self, wishes: dict[str, Any]) -> None:
        """Do what the bar's user asked for. Raises FlashgenError for what cannot be."""


def script_tag(revision: int) -> str:
    """What a page of this revision ends with."""
    return f'<script src="{PREFIX}bar.js" data-revision="{revision}"></script>'


class PreviewBar:
    """An ASGI app around `app`. The paths under PREFIX are its own; with `controls.fault` it spoils the others."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], controls: Controls) -> None:
        self._app, self._controls = app, controls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[asyncio.Event] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        path = scope.get("path", "")
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif path.startswith(PREFIX):
            await self._own(path.removeprefix(PREFIX), scope, receive, send)
        elif _POINTER.search(path) and self._controls.fault not in (Fault.NONE, Fault.NO_SCRIPT):
            await _spoil(self._controls.fault, receive, send)
        else:
            await self._app(scope, receive, self._framing(scope, send))

    def notify(self) -> None:
        """Tell every open page the new status. Any thread may call."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.set()

    async def _own(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        if name in _FILES:
            body = await asyncio.to_thread((Path(__file__).parent / "bar" / name).read_bytes)
            await _respond(send, 200, _FILES[name], body)
        elif name == "events":
            await self._listen(receive, send)
        elif name == "page":
            key = resolve(unquote(scope["query_string"].decode("latin-1"))).key
            await _respond_json(send, 200, await asyncio.to_thread(self._controls.page, key))
        elif name == "controls":
            await self._change(scope, receive, send)
        else:
            await _respond_json(send, 404, {"message": "there is no such file"})

    async def _change(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only from this machine, and not from another site's page: that may not send JSON unasked (Fetch, CORS)."""
        kind = dict(scope["headers"]).get(b"content-type", b"")
        if scope["method"] != "POST" or kind != b"application/json":
            return await _respond_json(send, 405, {"message": "the bar's controls take a POST of JSON"})
        if not _is_local(scope):
            message = "only a browser on the machine that runs `flashgen serve` can change what is shown"
            return await _respond_json(send, 403, {"message": message})
        try:
            wishes = json.loads(await _body(receive))
            if not isinstance(wishes, dict):
                raise ValueError("not an object")
            await asyncio.to_thread(self._controls.change, wishes)
        except FlashgenError as error:
            return await _respond_json(send, 409, {"message": error.message})
        except (ValueError, TypeError, KeyError) as error:
            return await _respond_json(send, 400, {"message": f"not understood: {error}"})
        await _respond_json(send, 200, {})

    def _framing(self, scope: Scope, send: Send) -> Send:
        """Responses whose security policy lets the bar show the page in frames; and blocks its script on trial."""

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [self._header(scope, *header) for header in message["headers"]]}
            await send(message)

        return framed

    def _header(self, scope: Scope, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if name != b"content-security-policy":
            return name, value
        value = value.replace(b"frame-ancestors 'none'", b"frame-src 'self'; frame-ancestors 'self'")
        if self._controls.fault is Fault.NO_SCRIPT:
            host = dict(scope["headers"]).get(b"host", b"")
            value = value.replace(b"script-src 'self'", b"script-src http://%s%sbar.js" % (host, PREFIX.encode()))
        return name, value

    async def _listen(self, receive: Receive, send: Send) -> None:
        """A page's connection: the status at once, so that no edit since the page was made is missed; then changes."""
        self._loop = asyncio.get_running_loop()
        news = asyncio.Event()
        news.set()
        self._listeners.add(news)
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await _start(send, 200, b"text/event-stream")
            while not gone.done():
                text = ":\n\n"
                if news.is_set():
                    news.clear()
                    text = f"data: {json.dumps(await asyncio.to_thread(self._controls.status))}\n\n"
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
                change = asyncio.ensure_future(news.wait())
                await asyncio.wait({change, gone}, timeout=_BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
        finally:
            gone.cancel()
            self._listeners.discard(news)


def _is_local(scope: Scope) -> bool:
    address = ip_address((scope.get("client") or ("0.0.0.0",))[0])  # noqa: S104  nothing listens there
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


async def _spoil(fault: Fault, receive: Receive, send: Send) -> None:
    if fault is Fault.FORBIDDEN:
        await _respond(send, 403, b"text/plain", b"Forbidden")
    elif fault is Fault.PORTAL:
        await _respond(send, 200, b"text/html; charset=utf-8", _PORTAL)
    else:
        await _disconnected(receive)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > _BODY_BYTES_MAX:
            raise ValueError(f"more than {_BODY_BYTES_MAX:,} bytes")
    return body


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond_json(send: Send, status: int, value: dict[str, Any]) -> None:
    await _respond(send, status, b"application/json", json.dumps(value).encode())


async def _respond(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    await _start(send, status, content_type)
    await send({"type": "http.response.body", "body": body})


async def _start(send: Send, status: int, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
