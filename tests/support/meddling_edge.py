"""An edge that does one thing wrong: what a mistake in its configuration, or somebody on the way, would do."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent; `path` and `query` are the request's, names of `fields` are in lower case."""

    path: str
    query: str
    status: int
    fields: dict[str, str]
    body: bytes

    def saying(self, **fields: str | None) -> Reply:
        """The same with other header fields (`x_cache` for `x-cache`); None leaves one out."""
        changed = {**self.fields, **{name.replace("_", "-"): value for name, value in fields.items()}}
        return replace(self, fields={name: value for name, value in changed.items() if value is not None})


Change = Callable[[Reply], Reply]


class MeddlingEdge:
    """An ASGI app around another one, whose every answer goes through `change`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.change: Change = lambda reply: reply

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """The app's answers are whole: one start, one body."""
        started: dict[str, Any] = {}

        async def changed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            elif message["type"] == "http.response.body":
                reply = self.change(_reply(scope, started, message["body"]))
                headers = [(name.encode(), value.encode()) for name, value in _sized(reply).items()]
                await send({**started, "status": reply.status, "headers": headers})
                await send({**message, "body": reply.body})
            else:
                await send(message)

        await self._app(scope, receive, changed)


def _reply(scope: MutableMapping[str, Any], started: dict[str, Any], body: bytes) -> Reply:
    fields = {name.decode(): value.decode() for name, value in started["headers"]}
    return Reply(scope["path"], scope["query_string"].decode(), started["status"], fields, body)


def _sized(reply: Reply) -> dict[str, str]:
    return {**reply.fields, "content-length": str(len(reply.body))}
