"""Send each request of a file once, at a steady rate, and say how long each took since it was due.

    python benchmarks/gate_pace.py URL FILE RATE CONNECTIONS

FILE has requests separated by NUL bytes. With a RATE of `inf` all are due at once. hey holds a rate too, but sends one
request over and over, which a gate answers with the order that the buyer has; and it measures from when a request could
be sent: what waits behind a slow one does not show. Prints a line of JSON, in seconds.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import deque
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TICK_SECONDS = 0.001

Due = tuple[float, bytes]


class Pace:
    """What is due, who is free, and what came of it."""

    def __init__(self, requests: list[bytes], rate: float) -> None:
        self.latencies: list[float] = []
        self.statuses: dict[str, int] = {}
        self.done = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._requests = requests
        self._rate = rate
        self._next = 0
        self._waiting: deque[Due] = deque()
        self._free: deque[Connection] = deque()
        self.start = self._loop.time() + 0.2

    def free(self, connection: Connection) -> None:
        """It may have the next one."""
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._free.append(connection)

    def answered(self, due: float, status: str) -> None:
        """Count it."""
        self.latencies.append(self._loop.time() - due)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if len(self.latencies) == len(self._requests):
            self.done.set()

    def tick(self) -> None:
        """Send what is due by now."""
        now = self._loop.time()
        while self._next < len(self._requests) and self.start + self._next / self._rate <= now:
            due = (self.start + self._next / self._rate, self._requests[self._next])
            self._next += 1
            if self._free:
                self._free.popleft().send(due)
            else:
                self._waiting.append(due)
        if self._next < len(self._requests):
            self._loop.call_later(TICK_SECONDS, self.tick)


class Connection(asyncio.Protocol):
    """One, kept alive, with one request at a time."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._due = 0.0
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Free."""
        self._transport = cast(asyncio.Transport, transport)
        self._pace.free(self)

    def send(self, due: Due) -> None:
        """One request."""
        self._due, request = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer."""
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length and len(body) < int(length[1])):
            return
        self._answer = b""
        self._pace.answered(self._due, head[9:12].decode())
        self._pace.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Must not happen."""
        if not self._pace.done.is_set():
            sys.exit("the server closed a connection")


async def main(url: str, file: str, rate: str, connections: str) -> None:
    """All of it."""
    requests = Path(file).read_bytes().split(b"\0")
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    pace = Pace(requests, float(rate))
    for _ in range(int(connections)):
        await loop.create_connection(lambda: Connection(pace), parts.hostname or "", parts.port or 80)
    pace.tick()
    await asyncio.wait_for(pace.done.wait(), 120)
    took = sorted(pace.latencies)
    print(
        json.dumps(
            {
                "count": len(took),
                "seconds": loop.time() - pace.start,
                "statuses": pace.statuses,
                "p50": took[len(took) // 2],
                "p99": took[int(len(took) * 0.99)],
                "max": took[-1],
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
