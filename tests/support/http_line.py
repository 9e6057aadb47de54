"""A connection for many requests, one after the other, in asyncio: as little of HTTP as thousands of buyers need."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

ANSWER_SECONDS = 15.0


@dataclass(frozen=True)
class Reply:
    """What came back; names of `fields` are in lower case."""

    status: int
    fields: Mapping[str, str]
    text: str


class Line:
    """To the server at `url`, which is begun with the first request."""

    def __init__(self, url: str) -> None:
        self._host = url.removeprefix("http://")
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, fields: Mapping[str, str], body: str, *, is_heard: bool
    ) -> Reply | None:
        """None: there was no answer, or nobody waited for it. Then the line is of no more use."""
        head = {**fields, "Host": self._host}
        if method == "POST":
            head |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        question = f"{method} {path} HTTP/1.1\r\n{lines}\r\n{body}".encode()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader = await self._say(question)
                return await _reply(reader) if is_heard else None
        except (OSError, EOFError, TimeoutError):
            return None

    def close(self) -> None:
        """Hang up."""
        if self._ends:
            self._ends[1].close()

    async def _say(self, question: bytes) -> asyncio.StreamReader:
        if self._ends is None:
            host, _, port = self._host.rpartition(":")
            self._ends = await asyncio.open_connection(host, int(port))
        reader, writer = self._ends
        writer.write(question)
        await writer.drain()
        return reader


async def _reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    return Reply(int(head[0].split()[1]), fields, body.decode())
