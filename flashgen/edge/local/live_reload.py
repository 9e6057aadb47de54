"""A page that is looked at while it is made: reloads when its files change, and shows what is wrong with them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from flashgen.layout import PRIVATE_FOLDER

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SCRIPT_PATH = f"/{PRIVATE_FOLDER}/reload.js"
EVENTS_PATH = f"/{PRIVATE_FOLDER}/changes"
FOOTER = f'<script src="{SCRIPT_PATH}"></script>'
"""What a page ends with that is to be reloaded. A file, not inline: the page's security policy stays the real one."""

_SCRIPT = b"""\
new EventSource("%s").onmessage = (event) => {
  const problem = JSON.parse(event.data);
  if (!problem) return location.reload();
  const pane = document.getElementById("flashgen-problem") || document.createElement("pre");
  pane.id = "flashgen-problem";
  pane.textContent = problem;
  Object.assign(pane.style, {
    position: "fixed", inset: "auto 0 0 0", margin: 0, padding: "1rem", maxHeight: "60vh", overflow: "auto",
    background: "#7f1d1d", color: "#fff", font: "14px/1.5 monospace", whiteSpace: "pre-wrap", zIndex: 9999,
  });
  document.body.append(pane);
};
""".replace(b"%s", EVENTS_PATH.encode())

_BEAT_SECONDS = 15.0
"""A comment now and then, so that a connection whose browser is gone is noticed."""


class LiveReload:
    """An ASGI app around `app`: two paths of its own, everything else is passed on."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[asyncio.Queue[str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        path = scope.get("path")
        if scope["type"] == "http" and path == SCRIPT_PATH:
            await _start(send, b"text/javascript; charset=utf-8")
            await send({"type": "http.response.body", "body": _SCRIPT})
        elif scope["type"] == "http" and path == EVENTS_PATH:
            await self._listen(receive, send)
        else:
            await self._app(scope, receive, send)

    def tell(self, problem: str = "") -> None:
        """Have every open page reload, or show `problem`. Any thread may call."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._spread, f"data: {json.dumps(problem)}\n\n")

    def _spread(self, event: str) -> None:
        for listener in self._listeners:
            listener.put_nowait(event)

    async def _listen(self, receive: Receive, send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        events: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.add(events)
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await _start(send, b"text/event-stream")
            while not gone.done():
                event = asyncio.ensure_future(events.get())
                await asyncio.wait({event, gone}, timeout=_BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                text = event.result() if event.done() else ":\n\n"
                event.cancel()
                if not gone.done():
                    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        finally:
            gone.cancel()
            self._listeners.discard(events)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(send: Send, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
