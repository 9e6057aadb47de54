"""Order servers on this machine that nobody has started yet: a word in time, to whoever opens a first sale."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from flashgen.cli.session import Session
from flashgen.sale.model import Header

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LIMIT_SECONDS = 0.3


def warn_of_silence(session: Session, header: Header) -> None:
    """Name the gates of a sale that are to be here and are not; others are not asked, and cost no time."""
    for server in header.order_origins:
        if _is_silent(server):
            session.warn(session.aimed(f"no gate answers at {server}: flashgen gate serve {header.id}"))


def _is_silent(server: str) -> bool:
    parts = urlsplit(server)
    if parts.hostname not in LOOPBACK:
        return False
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), LIMIT_SECONDS):
            return False
    except OSError:
        return True
