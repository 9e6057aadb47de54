"""Ports of this machine that no other test gets, however many processes run tests.

A port that the system chooses may be given to somebody else before the test's program listens there. These lie below
those that systems choose, and each process that runs tests has blocks of them to itself: it listens at a block's first
port until it ends.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

FIRST, LAST = 15000, 31999
BLOCK = 200
_claims: list[socket.socket] = []


def free_port() -> int:
    """One that nobody listens at, nor at the next one: there a gate has its admin port."""
    return next(_pairs)


def _found() -> Iterator[int]:
    for block in range(FIRST, LAST, BLOCK):
        with suppress(OSError):
            _claims.append(socket.create_server(("127.0.0.1", block)))
            yield from (port for port in range(block + 2, block + BLOCK, 2) if _is_free(port) and _is_free(port + 1))
    raise AssertionError(f"no port between {FIRST} and {LAST} is free")


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


_pairs = _found()
