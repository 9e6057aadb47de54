"""What an order gate says of itself, as `flashgen doctor` asks it; it takes no orders."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from flashgen.unlock.token import BadToken, TokenSigner


@dataclass
class GateStandIn:
    """Answers `/readyz`. `asked` holds the tokens that it was shown; all else is for a test to set."""

    asked: list[str]
    url: str = ""
    keys: tuple[bytes, ...] = ()
    status: int = 200
    allows: str = "*"
    is_gate: bool = True

    def answer(self, path: str) -> bytes:
        """The body for a path with its query."""
        token = parse_qs(urlsplit(path).query).get("token", [""])[0]
        self.asked.append(token)
        return json.dumps({"signature": self._judged(token)} if self.is_gate else {"hello": "world"}).encode()

    def _judged(self, token: str) -> str:
        try:
            TokenSigner(self.keys).read(token)
        except BadToken:
            return "bad"
        return "good"


@contextmanager
def gate_stand_in() -> Iterator[GateStandIn]:
    """Serve one on a free port of this machine."""
    gate = GateStandIn([])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = gate.answer(self.path)
            self.send_response(gate.status)
            self.send_header("Content-Length", str(len(body)))
            if gate.allows:
                self.send_header("Access-Control-Allow-Origin", gate.allows)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: stderr is for what went wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        gate.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield gate
        finally:
            server.shutdown()
            thread.join()
