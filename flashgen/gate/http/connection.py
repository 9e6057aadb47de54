"""A connection that cannot be held for long: uvicorn's, with bounds on the size of a head and the time it takes.

uvicorn leaves both to a proxy, which a gate need not have in front of it.
"""

from __future__ import annotations

from asyncio import Transport
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 16 * 1024
MAX_REST_BYTES = 16 * 1024
"""Of a request after its head: a form has 8 KB at most, and its chunks, their extensions and trailers come on top."""

PIECE_BYTES = 4 * 1024
"""What is fed to the parser at once, and so how exact the limit is."""

HEAD_SECONDS = 10.0
"""From the first byte of a request, or from the connection, until its last header field has come."""

_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_MUCH = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _TooSoon(Exception):
    """For the parser, which stops at it."""


class _NotOneHost(Exception):
    """For the parser, which stops at it."""


class BoundedHttp(HttpToolsProtocol):
    """For uvicorn's `http=`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_deaf = False
        self._bytes = 0
        self._waiting_since: float | None = None
        self._watch: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The client has connected, and has to ask something soon."""
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._watch = self.loop.call_later(HEAD_SECONDS, self._check_time)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        if self._watch:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser in pieces, so that a head cannot pass in one that is longer than it may be."""
        if self._is_deaf:
            return
        if len(data) <= PIECE_BYTES:
            self._feed(data)
            return
        for start in range(0, len(data), PIECE_BYTES):
            if not (self._is_deaf or self.transport.is_closing()):
                self._feed(data[start : start + PIECE_BYTES])

    def on_headers_complete(self) -> None:
        """Called by the parser. No request may come before the last one was answered, as browsers never do it.

        uvicorn would let it wait and stop reading; then nobody notices that the client has left, and its slot
        stays taken. A server may close instead, and the client asks again (RFC 9112, 9.3.2).
        """
        if self._is_answering():
            raise _TooSoon
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts != 1 and (hosts or self.parser.get_http_version() != "1.0"):
            raise _NotOneHost  # two servers on the way may each believe another one (RFC 9112, 3.2)
        super().on_headers_complete()
        self.headers = []  # what comes in trailers is no field of the request: a proxy may have let it through

    def on_message_complete(self) -> None:
        """Called by the parser. What comes next is another head."""
        super().on_message_complete()
        self._bytes, self._waiting_since = 0, None

    def send_400_response(self, msg: str) -> None:
        """Called for what is no HTTP, and for a request that came too soon: it ends after the answer under way."""
        if self._is_answering():
            self.cycle.keep_alive = False
            self._is_deaf = True
        else:
            super().send_400_response(msg)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _feed(self, data: bytes) -> None:
        before = self.cycle
        self._bytes += len(data)
        super().data_received(data)
        cycle = self.cycle
        if cycle is not before:
            self._bytes, self._waiting_since = 0, None
        elif cycle is not None and cycle.more_body and not cycle.response_complete:
            self._wait_for_rest()
        else:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        if self._bytes > MAX_HEAD_BYTES:
            self._refuse(_TOO_LONG)
        if self._bytes and self._waiting_since is None:
            self._waiting_since = self.loop.time()

    def _wait_for_rest(self) -> None:
        """Not all of it is a body that the app could count: the parser keeps extensions and trailers to itself."""
        if self._bytes > MAX_REST_BYTES and not self.transport.is_closing():
            if not self.cycle.response_started:
                self.transport.write(_TOO_MUCH)
            self.cycle.disconnected = True  # an answer of the app comes too late now
            self.cycle.message_event.set()
            self.transport.close()

    def _check_time(self) -> None:
        """One timer a connection, which finds its next moment by itself; requests do not touch it."""
        now = self.loop.time()
        if self.transport.is_closing():
            self.transport.abort()  # an answer that nobody reads
            return
        since = now if self._waiting_since is None else self._waiting_since
        if now >= since + HEAD_SECONDS:
            self._refuse(_TOO_SLOW if self._bytes else b"")
        self._watch = self.loop.call_at(max(since, now) + HEAD_SECONDS, self._check_time)

    def _refuse(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            if answer and not self._is_answering():
                self.transport.write(answer)
            self.transport.close()
