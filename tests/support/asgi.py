"""Asks an ASGI app without a server in between."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

from support.viewer import Seen


async def ask_async(app: Any, target: str, method: str = "GET", sends: Mapping[str, str] | None = None) -> Seen:
    """One request; `target` is as on a request line, `sends` are header fields."""
    path, _, query = target.partition("?")
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (sends or {}).items()],
    }
    await app(scope, receive, send)
    start, body = sent
    return Seen(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"])


def ask(app: Any, target: str, method: str = "GET", sends: Mapping[str, str] | None = None) -> Seen:
    """The same on an event loop of its own."""
    return asyncio.run(ask_async(app, target, method, sends))
