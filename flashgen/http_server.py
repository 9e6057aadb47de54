"""What every HTTP server of flashgen has in common: its listening socket, and uvicorn's settings."""

from __future__ import annotations

import errno
import socket
from typing import Any

import uvicorn

from flashgen.errors import Refused

BACKLOG = 2048
"""Connections that may wait to be accepted: a crowd arrives at once."""


def uvicorn_config(app: Any, **options: Any) -> uvicorn.Config:
    """uvicorn's settings for `app`: HTTP alone, nothing logged, no proxy trusted. `options` are uvicorn's, added."""
    return uvicorn.Config(
        app,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        **options,
    )


def listening(host: str, port: int, option: str = "--port") -> socket.socket:
    """A socket that connections wait at; `port` 0 is any free one. Raises Refused when it is in use or cannot be.

    `option` is what chooses another port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise _refusal(host, port, option, error) from error
    # asyncio does this for sockets of its own making only; without it each response waits 40 ms for a delayed ACK.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def _refusal(host: str, port: int, option: str, error: OSError) -> Refused:
    if error.errno == errno.EADDRINUSE:
        return Refused(f"{host}:{port}: the port is in use", f"stop what listens there, or choose another {option}")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        hint = "listen on 127.0.0.1, on 0.0.0.0 for all of this machine's addresses, or on one of them"
        return Refused(f"{host}:{port}: {host} is not an address of this machine", hint)
    reason = (error.strerror or str(error)).partition(" (while")[0].lower()  # create_server adds the address again
    return Refused(f"{host}:{port}: cannot listen there: {reason}", f"choose another {option}")
