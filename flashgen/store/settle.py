"""A conditional write whose outcome is known.

A lost answer turns a won race into a 412: the write is sent again and meets itself. So after every answer but an etag,
and after none, the object is read back, and whose bytes and headers stand there decides. This needs bytes that nobody
else would write: a nonce.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from flashgen.aws.clients import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from flashgen.errors import Conflict, NoAnswer, StoreError
from flashgen.store.protocol import Headers, Store

RETRY_WAITS = (0.1, 0.3, 0.6, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0)
"""Seconds between tries while a store does not answer: 12 in all, so that a network gone for 10 s is survived."""

PATIENCE_SECONDS = sum(RETRY_WAITS)
"""After so long no other try is begun, also where each takes its time: a network that swallows packets refuses none."""

SENT_SECONDS = PATIENCE_SECONDS + CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
"""So long after the first try the last may still be on its way, over the line with the most patience."""


class WriteState(Enum):
    """Whose object it is that stands there, as far as the store tells."""

    WRITTEN = "ours"
    OLD = "the one that was to be replaced, or none as before"
    OTHER = "somebody else's"
    UNKNOWN = "nobody could look"


_UNSETTLED = (WriteState.OLD, WriteState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Try:
    """What came of one PUT: its `etag` if it was WRITTEN; what was heard, if not that, of the PUT and of the look."""

    standing: WriteState
    etag: str = ""
    put_error: StoreError | None = None
    look_error: StoreError | None = None

    @property
    def refusal(self) -> StoreError | None:
        """What the store said if the same again would be refused again."""
        errors = (self.put_error, self.look_error)
        return next((error for error in errors if error and not isinstance(error, Conflict | NoAnswer)), None)


@dataclass(frozen=True, slots=True)
class _Write:
    store: Store
    key: str
    body: bytes
    headers: Headers
    if_match: str | None

    def tried(self) -> _Try:
        """A PUT and, unless that is enough, a look."""
        try:
            is_first = self.if_match is None
            etag = self.store.put(self.key, self.body, self.headers, if_match=self.if_match, if_absent=is_first)
            return _Try(WriteState.WRITTEN, etag)
        except StoreError as error:
            return self._looked_at(error)

    def _looked_at(self, put_error: StoreError) -> _Try:
        try:
            current = self.store.get(self.key)
        except StoreError as error:
            return _Try(WriteState.UNKNOWN, put_error=put_error, look_error=error)
        if current and (current.body, current.headers) == (self.body, self.headers):
            return _Try(WriteState.WRITTEN, current.etag)
        is_old = (current.etag if current else None) == self.if_match
        return _Try(WriteState.OLD if is_old else WriteState.OTHER, put_error=put_error)


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

    Raises Conflict when something else stands there, NoAnswer when nobody knows what came of it. What the store refuses
    at once was not written: that StoreError is raised as it is.
    """
    write = _Write(store, key, body, headers, if_match)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    tried = write.tried()
    if tried.standing in _UNSETTLED and tried.put_error and tried.put_error is tried.refusal:
        raise tried.put_error
    for wait in RETRY_WAITS:
        left = give_up_at - time.monotonic()
        if tried.standing not in _UNSETTLED or tried.refusal or left <= 0:
            break
        sleep(min(wait, left))
        tried = write.tried()
    if tried.standing is WriteState.WRITTEN:
        return tried.etag
    if tried.standing is WriteState.OTHER:
        raise Conflict(f"{key} was written by somebody else meanwhile")
    raise _unknown(write, tried)


def _unknown(write: _Write, tried: _Try) -> NoAnswer:
    """For the last reason there was. That a later request is refused does not say what came of the first."""
    reason = tried.refusal or tried.look_error or tried.put_error
    if reason is None:
        raise ValueError("it is known")
    if isinstance(reason, Conflict):
        place = f"{write.store.url} goes on refusing to write {write.key}, which nobody else has written"
        return NoAnswer(f"{place}: {reason.message}", reason.hint)
    return NoAnswer(reason.message, reason.hint)
