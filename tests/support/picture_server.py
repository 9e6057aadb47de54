"""A shop's picture server on this machine, which speaks TLS and does what tests want."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from support.projects import png
from support.self_signed import self_signed

HOST = "cdn.shop.example"


@dataclass
class PictureServer:
    """`redirects` are by path; `asked` are the hosts and paths that were asked for. `body` is what any path has."""

    port: int = 0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = png()
    status: int = 200
    chunk_seconds: float = 0.0
    endless_headers: bool = False

    def url(self, path: str) -> str:
        """The URL of a path, by a name that no look-up knows."""
        return f"https://{HOST}:{self.port}{path}"


@contextlib.contextmanager
def picture_server(folder: Path) -> Iterator[PictureServer]:
    """Run one; its `tls` trusts its certificate."""
    shop = PictureServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.asked.append((self.headers["Host"], self.path))
            with contextlib.suppress(OSError):  # the client may have had enough
                if place := shop.redirects.get(self.path):
                    self.send_response(302)
                    self.send_header("Location", place)
                    self.end_headers()
                    return
                self.send_response(shop.status)
                while shop.endless_headers:
                    self.wfile.write(b"x")
                    time.sleep(0.02)
                self.end_headers()
                step = 1 if shop.chunk_seconds else len(shop.body)
                for start in range(0, len(shop.body), step):
                    self.wfile.write(shop.body[start : start + step])
                    time.sleep(shop.chunk_seconds)

        def log_message(self, *_: object) -> None:
            pass

    certificate, key = self_signed(folder, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    shop.port = server.server_port
    shop.tls.load_verify_locations(certificate)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
