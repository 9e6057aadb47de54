"""A conditional write whose outcome is known.

A lost answer turns a won race into a 412: the write is sent again and meets itself. So after a conflict, or no answer,
the object is read back, and whose bytes and headers stand there decides. This needs bytes that nobody else would write:
a nonce.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from flashgen.errors import Conflict, NoAnswer, StoreError
from flashgen.store.protocol import Headers, Store

RETRY_WAITS = (0.1, 0.3, 0.6, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0)
"""Seconds between tries while a store does not answer: 12 in all, so that a network gone for 10 s is survived."""

PATIENCE_SECONDS = sum(RETRY_WAITS)
"""After so long no other try is begun, also where each takes its time: a network that swallows packets refuses none."""


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

    Raises Conflict when something else stands there, NoAnswer when the store stayed silent through all tries, or let
    nobody see what came of the first. What it refuses at once was not written: that StoreError is raised as it is.
    """

    def put() -> str | None:
        try:
            return store.put(key, body, headers, if_match=if_match, if_absent=if_match is None)
        except (Conflict, NoAnswer):
            return None

    def written() -> str | None:
        return _written(store, key, (body, headers), if_match)

    give_up_at = time.monotonic() + PATIENCE_SECONDS
    etag = _unless_written(put, written)
    for wait in RETRY_WAITS:
        if etag := etag or _or_unknown(written):
            return etag
        if time.monotonic() > give_up_at:
            break
        sleep(wait)
        etag = _or_unknown(put)
    if etag:
        return etag
    raise NoAnswer(f"{store.url} does not answer")


def _written(store: Store, key: str, wanted: tuple[bytes, Headers], if_match: str | None) -> str | None:
    """The etag of what is `wanted`, if it is there; None if the old object is, or the store does not say."""
    try:
        current = store.get(key)
    except NoAnswer:
        return None
    if current and (current.body, current.headers) == wanted:
        return current.etag
    if (current.etag if current else None) != if_match:
        raise Conflict(f"{key} was written by somebody else meanwhile")
    return None


def _unless_written(put: Callable[[], str | None], written: Callable[[], str | None]) -> str | None:
    """The first try. What is refused was not written; but a proxy may spoil the answer to a write that was."""
    try:
        return put()
    except StoreError:
        with suppress(StoreError):
            if etag := written():
                return etag
        raise


def _or_unknown(request: Callable[[], str | None]) -> str | None:
    """A later request. That it is refused does not say what came of the first."""
    try:
        return request()
    except Conflict:
        raise
    except StoreError as refusal:
        raise NoAnswer(refusal.message, refusal.hint) from refusal
