"""A built sale behind a small CDN of its own: pages as they are, a pointer and a clock that a test sets."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flashgen.page.headers import CONTENT_TYPES

STARTS_AT = datetime(2026, 11, 27, 8, tzinfo=UTC)
ENDS_AT = datetime(2026, 11, 27, 20, tzinfo=UTC)
ORIGIN = "https://order.example.com"
VERSION = "7k2mq9xw4t"
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' "


def pointer(state: str = "scheduled", **changed: Any) -> bytes:
    """A pointer's bytes: an ordinary sale in `state`, but for what is `changed`."""
    facts: dict[str, Any] = {
        "rev": 1,
        "state": state,
        "starts_at": _text(STARTS_AT),
        "ends_at": _text(ENDS_AT),
        "opens_at": None if state == "scheduled" else _text(STARTS_AT),
        "epoch": 1,
        "closed": [],
        "sold": [],
    }
    if state == "live":
        facts["order"] = {"path": "/o/to.ken-_", "origins": [ORIGIN]}
    facts |= changed
    # Fresh for each set of facts, as the real ones are for each write.
    nonce = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    return call({"nonce": nonce, **facts})


def call(facts: object) -> bytes:
    """`facts` in the one call that a pointer file is."""
    return b"flashgen(" + json.dumps(facts).encode() + b")\n"


@dataclass
class Storefront:
    """What the server answers. `pointers` are by version; `polls` names those that were asked for, in order."""

    folder: Path
    origin: str = ""
    order_origins: tuple[str, ...] = (ORIGIN,)
    pointers: dict[str, bytes] = field(default_factory=lambda: {VERSION: pointer()})
    polls: list[str] = field(default_factory=list)
    status: int = 200
    exact_clock: bool = True
    dated: bool = True
    age_seconds: int = 0
    _ahead_seconds: float = 0

    def set_clock(self, seconds_after_start: float) -> None:
        """Make it so many seconds after the sale's start here, or before it when negative."""
        self._ahead_seconds = STARTS_AT.timestamp() + seconds_after_start - time.time()

    def now(self) -> float:
        """The server's time in seconds since the epoch."""
        return time.time() + self._ahead_seconds

    def url(self, page: str = "") -> str:
        """Where a page of the sale is."""
        return f"{self.origin}/fair/{page}"

    def clock_headers(self) -> Mapping[str, str]:
        """`x-now` as our edge sends it, or what any other sends: a `Date` as old as `Age`; or neither."""
        if self.exact_clock:
            return {"x-now": str(int(self.now() * 1000))}
        if not self.dated:
            return {}
        return {"Date": formatdate(self.now() - self.age_seconds, usegmt=True), "Age": str(self.age_seconds)}

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a URL's path."""
        name = path.rsplit("/", 1)[-1]
        if name.startswith("unlock."):
            version = name.split(".")[1]
            self.polls.append(version)
            body = self.pointers.get(version)
            return (self.status if body else 404), CONTENT_TYPES[".js"], body or b""
        file = self.folder / path.lstrip("/") / ("index.html" if path.endswith("/") else "")
        if not file.is_file():
            return 404, "text/plain", b""
        return 200, CONTENT_TYPES.get(file.suffix, "text/html; charset=utf-8"), file.read_bytes()


@contextmanager
def serving(front: Storefront) -> Iterator[Storefront]:
    """Serve it on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content_type, body = front.answer(urlsplit(self.path).path)
            self.send_response_only(status)
            policy = CSP + " ".join(front.order_origins)
            sent = {"Content-Type": content_type, "Content-Length": str(len(body)), "Content-Security-Policy": policy}
            for name, value in {**sent, **front.clock_headers()}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    front.origin = f"http://127.0.0.1:{server.server_port}"
    try:
        yield front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
