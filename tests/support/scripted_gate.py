"""An order gate and pages for those without a place, which answer what a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from support.storefront import pointer

T = TypeVar("T")

TOKEN_PATH = "/o/to.ken-_"
ENDED_PAGE = b'<script type="application/json" id="flashgen">{"pointer": "../unlock.abcdef.js"}</script>'


@dataclass(frozen=True)
class Scripted:
    """One answer."""

    status: int
    body: bytes = b""
    fields: Mapping[str, str] = field(default_factory=dict)


ENDED = Scripted(303, fields={"Location": "/fair/ended/"})
WAITING = Scripted(303, fields={"Location": "/fair/waiting/?sku=A%2F1"})
FORM = Scripted(
    200,
    b'<form method="post"><input value="l&amp;1" type="hidden" name="lease"><button>Order</button></form>',
    {"Set-Cookie": "buyer=ann; Path=/; HttpOnly"},
)
PLACED = Scripted(303, fields={"Location": "?sku=A%2F1"})
ORDER_ID = "abcdefghijklmnopqrstuvw2"
ORDER = Scripted(200, f'<base href="/{"x" * 24}/"><dd><bdi>{ORDER_ID}</bdi></dd>'.encode())


@dataclass(frozen=True)
class Asked:
    """One request for the order URL."""

    method: str
    path: str
    cookie: str
    body: bytes


@dataclass
class ScriptedGate:
    """`answers` are used up one after the other; the last one stays. `pointers` as well."""

    answers: list[Scripted]
    pointers: list[bytes] = field(default_factory=lambda: [pointer("live")])
    asked: list[Asked] = field(default_factory=list)
    origin: str = ""

    @property
    def order_url(self) -> str:
        """As the pointer says it."""
        return self.origin + TOKEN_PATH

    def answer(self, asked: Asked) -> Scripted:
        """What comes back."""
        if asked.path.partition("?")[0] in ("/fair/ended/", "/fair/waiting/"):
            return Scripted(200, ENDED_PAGE)
        if asked.path == "/fair/unlock.abcdef.js":
            return Scripted(200, _next(self.pointers))
        self.asked.append(asked)
        return _next(self.answers)


@contextmanager
def scripted_gate(*answers: Scripted) -> Iterator[ScriptedGate]:
    """Serve one on a free port of this machine."""
    gate, turn = ScriptedGate(list(answers)), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with turn:
                answer = gate.answer(Asked(self.command, self.path, self.headers.get("Cookie", ""), body))
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.fields}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        gate.origin = f"http://127.0.0.1:{server.server_port}"
        try:
            yield gate
        finally:
            server.shutdown()
            thread.join()


def _next(script: list[T]) -> T:
    return script.pop(0) if len(script) > 1 else script[0]
