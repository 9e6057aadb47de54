"""A gate behind a real server on a port of this machine, and clients that send whatever bytes they like."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import uvicorn
from support.running_gate import RunningGate

from flashgen.gate.http.connection import BoundedHttp
from flashgen.http_server import uvicorn_config

PATIENCE_SECONDS = 10.0
"""A request without an answer for so long hangs."""


@dataclass
class Served:
    """A gate that listens. `errors` are tracebacks that the server logged, `connections` those that are open."""

    running: RunningGate
    port: int
    errors: list[str]
    connections: Collection[object]

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def ask(self, *pieces: bytes, closes: bool = False) -> bytes:
        """Send the pieces and read until the server closes; with `closes` we stop sending first."""
        with self.connect() as client:
            for piece in pieces:
                _send(client, piece)
            if closes:
                _stop_sending(client)
            return _read_all(client)

    def wait_until(self, is_so: Callable[[], bool]) -> bool:
        """Whether it becomes so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so() and time.monotonic() < deadline:
            time.sleep(0.01)
        return is_so()


@contextmanager
def served(running: RunningGate) -> Iterator[Served]:
    """Serve a gate from a thread, as `gate serve` does from a process."""
    listening = socket.create_server(("127.0.0.1", 0))
    errors: list[str] = []
    handler = _Tracebacks(errors)
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(handler)
    server = uvicorn.Server(_config(running))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield Served(running, listening.getsockname()[1], errors, server.server_state.connections)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        listening.close()
        logger.removeHandler(handler)
    assert not thread.is_alive()


def request(method: str, target: str, fields: str = "", body: bytes = b"") -> bytes:
    """One whole request, after which the connection is closed. `fields` end in a line break each."""
    length = (
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        if method == "POST"
        else ""
    )
    host = "" if fields.startswith("Host: ") else "Host: order.example.com\r\n"
    head = f"{method} {target} HTTP/1.1\r\n{host}Connection: close\r\n{length}{fields}\r\n"
    return head.encode("latin-1") + body


def statuses(answer: bytes) -> list[int]:
    """The status of each response in what came back."""
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]


class _Tracebacks(logging.Handler):
    def __init__(self, errors: list[str]) -> None:
        super().__init__()
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._errors.append(f"{record.getMessage()} {record.exc_info}")


def _config(running: RunningGate) -> uvicorn.Config:
    return uvicorn_config(running.gate, http=BoundedHttp, loop="uvloop", timeout_graceful_shutdown=1)


def _send(client: socket.socket, piece: bytes) -> None:
    with suppress(ConnectionResetError, BrokenPipeError):  # it has answered and closed already
        client.sendall(piece)


def _stop_sending(client: socket.socket) -> None:
    with suppress(OSError):
        client.shutdown(socket.SHUT_WR)


def _read_all(client: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionResetError):
        while piece := client.recv(65536):
            answer += piece
    return answer
