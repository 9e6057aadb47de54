"""A stand-in of a shop's order subsystem, on a port of this machine: it takes every order, and notes when."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class StandInOrderSubsystem:
    """A context manager; `url` is there from the beginning.

    `received` has the times of requests, in seconds since the Unix epoch, by their Idempotency-Key. While `is_down` it
    answers 503, and notes nothing.
    """

    def __init__(self) -> None:
        self.received: dict[str, list[float]] = defaultdict(list)
        self.is_down = False
        self._turn = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self._take))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/orders"

    def __enter__(self) -> StandInOrderSubsystem:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, key: str) -> int:
        if self.is_down:
            return 503
        with self._turn:
            self.received[key].append(time.time())
            return 201 if len(self.received[key]) == 1 else 200


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, take: Callable[[str], int], *arguments: Any) -> None:
        self._take = take
        super().__init__(*arguments)

    def do_POST(self) -> None:
        """One order."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self._take(self.headers["Idempotency-Key"]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: stderr is for what went wrong."""
