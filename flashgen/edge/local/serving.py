"""An ASGI app on a port of this machine, in a thread of this process."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Any

import uvicorn

from flashgen.errors import Refused
from flashgen.http_server import listening, uvicorn_config

#: How long a stop waits for responses that are still being sent; endless streams are cut then.
GRACE_SECONDS = 1

#: As CDNs keep idle connections open; pages of an open sale poll every 10 s.
KEEP_ALIVE_SECONDS = 60


class Serving:
    """A context manager that serves `app` until it is left; `url` is there from the beginning.

    `port` 0 is any free port. The port is taken at once: connections wait until the app is ready. Raises `Refused`
    when it is in use, cannot be used, or when the app does not start. `Date` and `Server` are the app's own affair.
    """

    def __init__(self, app: Any, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = listening(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        config = uvicorn_config(
            app,
            log_level="error",
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="edge", daemon=True)

    def __enter__(self) -> Serving:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                self._socket.close()
                raise Refused(f"{self.url}: the app did not start")
            self._thread.join(0.005)
        return self

    def __exit__(self, *error: object) -> None:
        # What has to be cut is no error, and uvicorn would print a traceback of it.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        # uvicorn ends its process when the app does not start; here it has only a thread.
        with suppress(SystemExit):
            self._server.run([self._socket])
