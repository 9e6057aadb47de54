"""A built sale behind a small CDN, with a pointer and a clock that a test sets."""

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
from typing import Any, Literal
from urllib.parse import urlsplit

from flashgen.page.build import build_sale
from flashgen.page.headers import CONTENT_TYPES

STARTS_AT = datetime(2026, 11, 27, 8, tzinfo=UTC)
ENDS_AT = datetime(2026, 11, 27, 20, tzinfo=UTC)
ORIGIN = "https://order.example.com"
VERSION = "7k2mq9xw4t"
CSP = "default-src 'none'; script-src {}; style-src 'self'; img-src 'self'; manifest-src 'self'; connect-src 'self' "

Fault = Literal["forbidden", "portal", "silent", "cut"]
"""What becomes of a request: S3's refusal, the sign-in page of a Wi-Fi in its place, no answer, a closed connection."""

_FORBIDDEN = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'
_PORTAL = b"<!doctype html><title>Welcome to our Wi-Fi</title><p>Please sign in."


def build_fair(project: Path, sale: str) -> Path:
    """Build the YAML `sale`, whose id is `fair`, in the empty folder `project`. Returns the folder of the build."""
    config = project / "sale_configs" / "fair.yaml"
    config.parent.mkdir(exist_ok=True)
    config.write_text(sale, encoding="utf-8")
    build_sale(config, project, project / "build", 1)
    return project / "build"


def pointer(state: str = "scheduled", **changed: Any) -> bytes:
    """A pointer's bytes: an ordinary sale in `state`, with the fields in `changed` replaced."""
    fields: dict[str, Any] = {
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
        fields["order"] = {"path": "/o/to.ken-_", "origins": [ORIGIN]}
    fields |= changed
    # Fresh for each set of fields, as a real nonce is for each write.
    nonce = hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:16]
    return call({"nonce": nonce, **fields})


def call(fields: object) -> bytes:
    """A pointer file: one call with `fields` as JSON."""
    return b"flashgen(" + json.dumps(fields).encode() + b")\n"


@dataclass
class Storefront:
    """What the server answers. `pointers` are by version; `polls` are the versions of all requests, in order.

    `faults` break the network for files whose names begin so, such as `page.` or `unlock.`.
    """

    folder: Path
    origin: str = ""
    order_origins: tuple[str, ...] = (ORIGIN,)
    pointers: dict[str, bytes] = field(default_factory=lambda: {VERSION: pointer()})
    polls: list[str] = field(default_factory=list)
    status: int = 200
    faults: dict[str, Fault] = field(default_factory=dict)
    scripts_allowed: str = "'self'"
    exact_clock: bool = True
    dated: bool = True
    age_seconds: int = 0
    _ahead_seconds: float = 0

    def set_clock(self, seconds_after_start: float) -> None:
        """Set the server's clock to so many seconds after the sale's start; negative means before it."""
        self._ahead_seconds = STARTS_AT.timestamp() + seconds_after_start - time.time()

    def now(self) -> float:
        """The server's time in seconds since the epoch."""
        return time.time() + self._ahead_seconds

    def url(self, page: str = "") -> str:
        """The URL of a page of the sale."""
        return f"{self.origin}/fair/{page}"

    def clock_headers(self) -> Mapping[str, str]:
        """`x-now` as our edge sends it, or what any other sends: a `Date` as old as `Age`; or neither."""
        if self.exact_clock:
            return {"x-now": str(int(self.now() * 1000))}
        if not self.dated:
            return {}
        return {"Date": formatdate(self.now() - self.age_seconds, usegmt=True), "Age": str(self.age_seconds)}

    def fault(self, path: str) -> Fault | None:
        """What befalls requests for a URL's path."""
        name = path.rsplit("/", 1)[-1]
        return next((fault for prefix, fault in self.faults.items() if name.startswith(prefix)), None)

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a URL's path."""
        name = path.rsplit("/", 1)[-1]
        if name.startswith("unlock."):
            version = name.split(".")[1]
            self.polls.append(version)
        if self.fault(path) == "forbidden":
            return 403, "application/xml", _FORBIDDEN
        if self.fault(path) == "portal":
            return 200, "text/html", _PORTAL
        if name.startswith("unlock."):
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
            path = urlsplit(self.path).path
            while front.fault(path) == "silent":
                time.sleep(0.02)
            if front.fault(path) == "cut":
                self.close_connection = True
                return
            status, content_type, body = front.answer(path)
            self.send_response_only(status)
            policy = CSP.format(front.scripts_allowed) + " ".join(front.order_origins)
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
        front.faults.clear()
        server.shutdown()
        thread.join()
        server.server_close()


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
