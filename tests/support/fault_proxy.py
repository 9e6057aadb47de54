"""An HTTP proxy before an S3 server, which lets everything pass but the PUT of a pointer that a test has spoiled.

Of such a PUT a `Fault` says how often it reaches the server, and what its sender hears of it.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from threading import Lock, Thread
from typing import Final

LIMIT_SECONDS: Final = 30
"""How long a sender is kept waiting who does not give up."""

_HOP_BY_HOP: Final = ("connection", "transfer-encoding", "content-length", "keep-alive")


@dataclass(frozen=True)
class Answer:
    """What a server says."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Silence(Enum):
    """What a sender hears instead of an answer."""

    HANG_UP = "the connection is closed"
    RESET = "the connection is reset"
    HOLD = "nothing, until it gives up"


class Late(Enum):
    """When a request arrives that lingered on its way: around the next one, or `FaultProxy.deliver`."""

    BEFORE_THE_NEXT = "its sender's second one meets it"
    AFTER_THE_NEXT = "it meets its sender's second one"


@dataclass(frozen=True)
class Fault:
    """What befalls the next `times` PUTs of a pointer.

    Each reaches the server `sent` times, or `late`; `heard` is in place of the server's last answer, which is None.
    From then on, for `gone_seconds`, every connection is closed; `henceforth` is what every request is answered for
    `henceforth_seconds`, but for the next `spared`.
    """

    sent: int = 1
    heard: Answer | Silence | None = None
    times: int = 1
    late: Late | None = None
    gone_seconds: float = 0
    henceforth: Answer | None = None
    henceforth_seconds: float = inf
    spared: int = 0


def refusal(status: int, code: str) -> Answer:
    """An error as S3 words it."""
    body = f"<Error><Code>{code}</Code><Message>Said so.</Message></Error>".encode()
    return Answer(status, {"Content-Type": "application/xml"}, body)


EXPIRED: Final = refusal(400, "ExpiredToken")
"""With the status of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList"""

NOT_FOUND: Final = Answer(404, {"Content-Type": "text/plain"}, b"default backend - 404")
"""What a load balancer says that knows no server."""

SURVIVED: Final[dict[str, Fault]] = {
    "request lost": Fault(0, Silence.HANG_UP),
    "reply lost": Fault(1, Silence.HANG_UP),
    "reply late": Fault(1, Silence.HOLD),
    "reset on the way there": Fault(0, Silence.RESET),
    "reset on the way back": Fault(1, Silence.RESET),
    "sent twice": Fault(2),
    "late, met by the next": Fault(0, Silence.HANG_UP, late=Late.BEFORE_THE_NEXT),
    "late, meets the next": Fault(0, Silence.HANG_UP, late=Late.AFTER_THE_NEXT),
    "409 for nothing": Fault(0, refusal(409, "ConditionalRequestConflict")),
    "412 for nothing": Fault(0, refusal(412, "PreconditionFailed")),
    "429": Fault(0, refusal(429, "TooManyRequests")),
    "500": Fault(0, refusal(500, "InternalError")),
    "503, three times": Fault(0, refusal(503, "SlowDown"), times=3),
    "503, though written": Fault(1, refusal(503, "ServiceUnavailable")),
    "502 by something between": Fault(1, Answer(502, {"Content-Type": "text/html"}, b"<html>Bad gateway<br></html>")),
    "404 by something between": Fault(0, NOT_FOUND),
    "404 by something between, though written": Fault(1, NOT_FOUND),
    "404 by something between for 10 s": Fault(1, NOT_FOUND, henceforth=NOT_FOUND, henceforth_seconds=10),
    "403 by something between, then gone": Fault(1, Answer(403, body=b"<html>No.<br></html>"), gone_seconds=10),
    "200 without an ETag": Fault(1, Answer(200)),
    "200 without an ETag, then gone": Fault(1, Answer(200), gone_seconds=10),
    "gone for 10 s, not written": Fault(0, Silence.HANG_UP, gone_seconds=10),
    "gone for 10 s, written": Fault(1, Silence.HANG_UP, gone_seconds=10),
}
"""After which a write is done all the same."""

REFUSED: Final[dict[str, Fault]] = {
    "credentials expired": Fault(0, EXPIRED, henceforth=EXPIRED),
    "denied": Fault(0, refusal(403, "AccessDenied")),
}
"""Nothing is written, and the sender knows."""

UNKNOWN: Final[dict[str, Fault]] = {
    "gone for good, not written": Fault(0, Silence.HANG_UP, gone_seconds=inf),
    "gone for good, written": Fault(1, Silence.HANG_UP, gone_seconds=inf),
    "reply lost, then credentials expired": Fault(1, Silence.HANG_UP, henceforth=EXPIRED),
    "request lost, then credentials expired": Fault(0, Silence.HANG_UP, henceforth=EXPIRED),
}
"""Nobody who only hears of it can know whether it is written."""


def nothing() -> None:
    """What usually happens meanwhile."""


@dataclass
class FaultProxy:
    """A proxy at `url`, by `clock` in seconds. `heard` is what the server answered to PUTs of pointers: statuses."""

    url: str
    server: str
    clock: Callable[[], float] = time.monotonic
    heard: list[int] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    _fault: Fault = field(default_factory=lambda: Fault(times=0))
    _left: int = 0
    _before: Callable[[], object] = nothing
    _after: Callable[[], object] = nothing
    _gone_until: float = -inf
    _henceforth: Answer | None = None
    _henceforth_until: float = inf
    _spared: int = 0
    _lingering: list[tuple[Late, Callable[[], Answer]]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def spoil(
        self, fault: Fault, before: Callable[[], object] = nothing, after: Callable[[], object] = nothing
    ) -> None:
        """Let `fault` happen to what comes.

        `before` is done before the first spoilt PUT can reach the server, `after` before its sender hears of it.
        """
        self.mend()
        self._fault, self._left, self._before, self._after = fault, fault.times, before, after

    def mend(self) -> None:
        """Let everything pass again. Raises what went wrong in `before` and `after`."""
        self._left, self._gone_until, self._henceforth, self._spared = 0, -inf, None, 0
        self._lingering.clear()
        self.heard.clear()
        if self.trouble:
            raise self.trouble.pop()

    def deliver(self) -> None:
        """Let what still lingers arrive."""
        while self._lingering:
            self._lingering.pop()[1]()

    def answer(self, command: str, path: str, send: Callable[[], Answer]) -> Answer | Silence:
        """What the sender of a request hears; `send` gives it to the server."""
        if self.clock() < self._gone_until:
            return Silence.HANG_UP
        if self._henceforth and not self._spared and self.clock() < self._henceforth_until:
            return self._henceforth
        self._spared -= self._spared > 0
        if command != "PUT" or "/unlock." not in path:
            return send()
        with self._lock:
            return self._spoilt(lambda: self._noted(send())) if self._left else self._passed(send)

    def _spoilt(self, send: Callable[[], Answer]) -> Answer | Silence:
        fault, self._left = self._fault, self._left - 1
        before, after, self._before, self._after = self._before, self._after, nothing, nothing
        self._do(before)
        answers = [send() for _ in range(fault.sent)]
        self._do(after)
        if fault.late:
            self._lingering.append((fault.late, send))
        if fault.gone_seconds:
            self._gone_until = self.clock() + fault.gone_seconds
        self._henceforth, self._spared = fault.henceforth, fault.spared
        self._henceforth_until = self.clock() + fault.henceforth_seconds
        return fault.heard or answers[-1]

    def _passed(self, send: Callable[[], Answer]) -> Answer:
        lingering, self._lingering = self._lingering, []
        for late, arrive in lingering:
            if late is Late.BEFORE_THE_NEXT:
                self._noted(arrive())
        answer = self._noted(send())
        for late, arrive in lingering:
            if late is Late.AFTER_THE_NEXT:
                self._noted(arrive())
        return answer

    def _noted(self, answer: Answer) -> Answer:
        self.heard.append(answer.status)
        return answer

    def _do(self, meddle: Callable[[], object]) -> None:
        try:
            meddle()
        except Exception as error:  # noqa: BLE001  `mend` raises it where the test sees it
            self.trouble.append(error)


@contextmanager
def fault_proxy(server: str) -> Iterator[FaultProxy]:
    """Run one on a free port of this machine before `server` (`http://host:port`)."""
    listening = _Server(("127.0.0.1", 0), _Handler)
    proxy = listening.proxy = FaultProxy(f"http://127.0.0.1:{listening.server_port}", server)
    thread = Thread(target=listening.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: FaultProxy

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Say goodbye, but for a connection that is to be reset."""
        if (
            isinstance(request, socket.socket)
            and request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == _AT_ONCE
        ):
            request.close()
        else:
            super().shutdown_request(request)


_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""A socket that lingers for no time is closed by RST: https://man7.org/linux/man-pages/man7/socket.7.html"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        heard = self.server.proxy.answer(self.command, self.path, lambda: self._send(body))
        if isinstance(heard, Answer):
            return self._tell(heard)
        self.close_connection = True
        if heard is Silence.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        if heard is Silence.HOLD:
            select.select([self.connection], [], [], LIMIT_SECONDS)  # readable when its sender has closed it

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

    def _send(self, body: bytes) -> Answer:
        upstream = HTTPConnection(self.server.proxy.server.removeprefix("http://"), timeout=LIMIT_SECONDS)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            upstream.close()

    def _tell(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if answer.status not in (204, 304):
            length = answer.headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(answer.body))
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: stderr is for what went wrong."""
