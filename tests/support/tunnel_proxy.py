"""A company's HTTP proxy on this machine, which looks up hosts itself, and lets TLS through to one server."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from selectors import EVENT_READ, DefaultSelector
from threading import Thread


@dataclass
class TunnelProxy:
    """`asked` is what was to be connected to, with the credentials that came along; all of it leads to `port`."""

    url: str
    port: int
    refusal: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def tunnel_proxy(port: int) -> Iterator[TunnelProxy]:
    """Run one before the server at `port`."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            proxy.asked.append((self.path, self.headers.get("Proxy-Authorization", "")))
            if proxy.refusal:
                self.send_error(proxy.refusal)
                return
            with socket.create_connection(("127.0.0.1", proxy.port)) as server, DefaultSelector() as ready:
                self.send_response(200)
                self.end_headers()
                ready.register(self.connection, EVENT_READ, server)
                ready.register(server, EVENT_READ, self.connection)
                with contextlib.suppress(OSError):
                    while all(self._carry(key.fileobj, key.data) for key, _ in ready.select()):
                        pass

        def _carry(self, source: object, target: socket.socket) -> bool:
            heard = source.recv(65_536) if isinstance(source, socket.socket) else b""
            target.sendall(heard)
            return bool(heard)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy = TunnelProxy(f"http://127.0.0.1:{server.server_port}", port)
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield proxy
        server.shutdown()
        thread.join()
