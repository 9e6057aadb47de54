"""An ASGI app on a port of this machine, in a thread of this process."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

import uvicorn

from flashgen.errors import Refused

#: How long a stop waits for responses that are still being sent; endless streams are cut then.
GRACE_SECONDS = 1

#: As CDNs keep idle connections open; pages of an open sale poll every 10 s.
KEEP_ALIVE_SECONDS = 60

#: Connections that may wait to be accepted: a crowd arrives at once.
BACKLOG = 2048


class Serving:
    """A context manager that serves `app` until it is left; `url` is there from the beginning.

    `port` 0 is any free port. The port is taken at once: connections wait until the app is ready. Raises `Refused`
    when it is in use, cannot be used, or when the app does not start. `Date` and `Server` are the app's own affair.
    """

    def __init__(self, app: Any, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = listening(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._server = uvicorn.Server(_config(app))
        self._thread = threading.Thread(target=self._run, name="edge", daemon=True)

    def __enter__(self) -> Serving:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                self._socket.close()
                raise Refused(f"{self.url}: the app did not start")
            self._thread.join(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # What has to be cut is no error, and uvicorn would print a traceback of it.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        # uvicorn ends its process when the app does not start; here it has only a thread.
        with suppress(SystemExit):
            self._server.run([self._socket])


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        ws="none",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket that connections wait at; `port` 0 is any free one. Raises Refused when it is in use or cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise _refusal(host, port, error) from error
    # asyncio does this for sockets of its own making only; without it each response waits 40 ms for a delayed ACK.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def _refusal(host: str, port: int, error: OSError) -> Refused:
    if error.errno == errno.EADDRINUSE:
        return Refused(f"{host}:{port}: the port is in use", "stop what listens there, or choose another port")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        hint = "listen on 127.0.0.1, on 0.0.0.0 for all of this machine's addresses, or on one of them"
        return Refused(f"{host}:{port}: {host} is not an address of this machine", hint)
    reason = (error.strerror or str(error)).partition(" (while")[0].lower()  # create_server adds the address again
    return Refused(f"{host}:{port}: cannot listen there: {reason}", "choose another port")
