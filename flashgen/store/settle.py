"""A conditional write whose outcome is known.

A lost answer turns a won race into a 412: the write is sent again and meets itself. So after a conflict, or no answer,
the object is read back, and whose bytes and headers stand there decides. This needs bytes that nobody else would write:
a nonce.
"""

from __future__ import annotations

from collections.abc import Callable

from flashgen.errors import Conflict, NoAnswer
from flashgen.store.protocol import Headers, Store

RETRY_WAITS = (0.1, 0.3, 0.6, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0)
"""Seconds between tries while a store does not answer: 12 in all, so that a network gone for 10 s is survived."""


def put_settled(
    store: Store,
    key: str,
    body: bytes,
    headers: Headers,
    *,
    if_match: str | None,
    sleep: Callable[[float], None],
) -> str:
    """Write `body` if the object's etag is still `if_match` (None: if there is no object), and return the new etag.

    Raises Conflict when something else stands there, NoAnswer when the store stayed silent through all tries.
    """
    wanted = (body, headers)
    for wait in RETRY_WAITS:
        try:
            return store.put(key, body, headers, if_match=if_match, if_absent=if_match is None)
        except (Conflict, NoAnswer):
            pass
        try:
            current = store.get(key)
        except NoAnswer:
            sleep(wait)
            continue
        if current and (current.body, current.headers) == wanted:
            return current.etag
        if (current.etag if current else None) != if_match:
            raise Conflict(f"{key} was written by somebody else meanwhile")
        sleep(wait)
    raise NoAnswer(f"{store.url} does not answer")
