"""Receivers of webhooks on this machine: one that verifies, and those that hang, drip, fail and refuse."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3b5vTzYlJ3k="
PATIENCE_SECONDS = 30.0


@dataclass
class HookReceiver:
    """A server at `url`, which answers by the request's path: `/ok`, `/500`, `/404`, `/hang`, `/drip`, `/slack`,
    `/late` (500, then 204). `got` is what `/ok` and `/late` verified, `heard` each request's path, id and body."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    ending: Event = field(default_factory=Event)

    def at(self, path: str) -> str:
        """The URL of one of its ways to answer."""
        return f"{self.url}/{path}"

    def await_requests(self, count: int) -> None:
        """Wait until so many have come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.heard) < count:
            assert time.monotonic() < deadline, self.heard
            time.sleep(0.01)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Its status."""
        tries = len([one for one in self.heard if one[0] == path])
        self.heard.append((path, headers.get("webhook-id", ""), body.decode()))
        if path == "late" and tries == 0:
            return 500
        if path in ("ok", "late"):
            self.got.append(Webhook(SECRET).verify(body, headers))
        return int(path) if path.isdigit() else 204


@contextlib.contextmanager
def hook_receiver() -> Iterator[HookReceiver]:
    """Run one."""
    receiver = HookReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            path = self.path.rpartition("/")[2]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.answer(path, {name.lower(): value for name, value in self.headers.items()}, body)
            if path == "hang":
                receiver.ending.wait(PATIENCE_SECONDS)
            if path == "drip":
                self._drip()
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 302:
                self.send_header("Location", receiver.at("ok"))
            self.end_headers()

        def _drip(self) -> None:
            self.wfile.write(b"HTTP/1.1 204 No Content\r\nX: ")
            with contextlib.suppress(OSError):
                while not receiver.ending.wait(0.2):
                    self.wfile.write(b"x")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            receiver.ending.set()
            server.shutdown()
