"""Order servers on this machine that nobody has started yet: a word in time, to whoever opens a first sale."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from flashgen.cli.session import Session
from flashgen.sale.model import Header

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LIMIT_SECONDS = 0.3


def told_of_silence(session: Session, header: Header) -> Iterator[str]:
    """A line for each gate of a sale that is to be here and is not; others are not asked, and cost no time."""
    for server in header.order_origins:
        if _is_silent(server):
            yield session.aimed(f"no gate answers at {server}: flashgen gate serve {header.id}")


def _is_silent(server: str) -> bool:
    parts = urlsplit(server)
    if parts.hostname not in LOOPBACK:
        return False
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), LIMIT_SECONDS):
            return False
    except OSError:
        return True
