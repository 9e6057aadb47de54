"""A shop's order subsystem, on a port of this machine: it keeps what it is sent, and answers as a test says."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request; names of `fields` are in lower case."""

    path: str
    fields: Mapping[str, str]
    body: bytes

    @property
    def order(self) -> dict[str, Any]:
        """What the body says."""
        facts: dict[str, Any] = json.loads(self.body)
        return facts


class Desk(BaseHTTPRequestHandler):
    """One connection. What an Answer may use: `say`, `cut`, and all of http.server's."""

    protocol_version = "HTTP/1.1"

    def say(self, status: int, body: bytes = b"{}", **fields: str) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        """Reset the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wfile = self.rfile = _Nothing()  # type: ignore[assignment]
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: stderr is for what went wrong."""


class _Nothing:
    closed = True

    def flush(self) -> None: ...

    def close(self) -> None: ...


Answer = Callable[[Desk], None]


def status(code: int) -> Answer:
    """Answers so."""
    return lambda desk: desk.say(code)


@dataclass
class OrderStandIn:
    """`received` is in order. `answers` are used up one after the other, then `otherwise`."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    otherwise: Answer = field(default_factory=lambda: status(201))

    def keys(self) -> list[str]:
        """The idempotency key of each request."""
        return [one.fields["idempotency-key"] for one in self.received]


@contextmanager
def order_stand_in(tls: tuple[Path, Path] | None = None) -> Iterator[OrderStandIn]:
    """Serve one; `tls` are the files of its certificate and key."""
    stand_in = OrderStandIn()
    turn = threading.Lock()

    class Handler(Desk):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fields = {name.lower(): value for name, value in self.headers.items()}
            with turn:
                stand_in.received.append(Received(self.path, fields, body))
                answer = stand_in.answers.pop(0) if stand_in.answers else stand_in.otherwise
            answer(self)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        stand_in.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/api/orders"
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
