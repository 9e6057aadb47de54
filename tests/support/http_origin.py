"""A store over HTTP, as S3 answers a CDN that may read but not list. It stands behind a real cache."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from flashgen.errors import StoreError
from flashgen.store import Store


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a crowd arrives at once


@contextmanager
def http_origin(store: Store, *, bare_304: bool = True) -> Iterator[int]:
    """Serve `store` on a free port of this machine, which is given.

    403 for what is missing or below `_flashgen/`, 500 when the store fails. A 304 has an ETag and nothing else, as
    moto's: a cache has to know the rest. With `bare_304` False it has Cache-Control too (RFC 9110, 15.4.5).
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            key = unquote(urlsplit(self.path).path).removeprefix("/")
            try:
                found = None if key.startswith("_flashgen/") else store.get(key)
            except StoreError:
                return self._answer(500, {}, b"")
            if found is None:
                return self._answer(403, {"Content-Type": "application/xml"}, b"<Error/>")
            about = {"ETag": found.etag}
            if found.headers.cache_control:
                about["Cache-Control"] = found.headers.cache_control
            if self.headers.get("If-None-Match") == found.etag:
                return self._answer(304, {"ETag": found.etag} if bare_304 else about, b"")
            self._answer(200, about | {"Content-Type": found.headers.content_type}, found.body)

        def _answer(self, status: int, fields: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: stderr is for what went wrong."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
