"""Order servers on this machine that nobody has started yet, which is easily forgotten before a first sale."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from flashgen.addresses import is_loopback
from flashgen.hint import Hint, command_line
from flashgen.sale.model import Header

LIMIT_SECONDS = 0.3


def silent_gates(header: Header) -> Iterator[str]:
    """A line for each gate of a sale that is to be here and is not; others are not asked, and cost no time."""
    for server in header.order_origins:
        if _is_silent(server):
            yield Hint(f"no gate answers at {server}: ", command_line(f"gate serve {header.id}"))


def _is_silent(server: str) -> bool:
    if not is_loopback(server):
        return False
    parts = urlsplit(server)
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), LIMIT_SECONDS):
            return False
    except OSError:
        return True
