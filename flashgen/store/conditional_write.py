"""A conditional write whose outcome is known.

A lost answer turns a won race into a 412: the write is sent again and meets itself. So after every answer but an etag,
and after no answer, the object is read back: the bytes and headers that are there decide. This needs bytes that nobody
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
"""After so long no further try is begun, even if few were made: a network that drops packets makes each try slow."""

SENT_SECONDS = PATIENCE_SECONDS + CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
"""So long after the first try the last one may still be on its way, over the connection with the longest time-outs."""


class WriteState(Enum):
    """Whose object is in the store after an attempt, as far as is known."""

    WRITTEN = "ours"
    OLD = "the one that was to be replaced, or none as before"
    OTHER = "somebody else's"
    UNKNOWN = "it could not be read back"


_UNSETTLED = (WriteState.OLD, WriteState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _WriteAttempt:
    """One PUT: the `etag` if it was WRITTEN, else the errors of the PUT and of reading back."""

    state: WriteState
    etag: str = ""
    put_error: StoreError | None = None
    read_error: StoreError | None = None

    @property
    def refusal(self) -> StoreError | None:
        """The store's refusal that another try would meet again; None if there is none."""
        errors = (self.put_error, self.read_error)
        return next((error for error in errors if error and not isinstance(error, Conflict | NoAnswer)), None)


@dataclass(frozen=True, slots=True)
class _Write:
    store: Store
    key: str
    body: bytes
    headers: Headers
    if_match: str | None

    def attempt(self) -> _WriteAttempt:
        """PUT, and read back unless the answer is an etag."""
        try:
            is_first = self.if_match is None
            etag = self.store.put(self.key, self.body, self.headers, if_match=self.if_match, if_absent=is_first)
            return _WriteAttempt(WriteState.WRITTEN, etag)
        except StoreError as error:
            return self._read_back(error)

    def _read_back(self, put_error: StoreError) -> _WriteAttempt:
        try:
            current = self.store.get(self.key)
        except StoreError as error:
            return _WriteAttempt(WriteState.UNKNOWN, put_error=put_error, read_error=error)
        if current and (current.body, current.headers) == (self.body, self.headers):
            return _WriteAttempt(WriteState.WRITTEN, current.etag)
        is_old = (current.etag if current else None) == self.if_match
        return _WriteAttempt(WriteState.OLD if is_old else WriteState.OTHER, put_error=put_error)


def put_settled(
    store: Store,
    key: str,
    body: bytes,
    headers: Headers,
    *,
    if_match: str | None,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float] = time.monotonic,
) -> str:
    """Write `body` if the object's etag is still `if_match` (None: if there is no object), and return the new etag.

    Raises Conflict when something else is there, NoAnswer when the outcome is unknown. What the store refuses at once
    was not written: that StoreError is raised as it is.
    """
    write = _Write(store, key, body, headers, if_match)
    give_up_at = monotonic() + PATIENCE_SECONDS
    attempt = write.attempt()
    if attempt.state in _UNSETTLED and attempt.put_error and attempt.put_error is attempt.refusal:
        raise attempt.put_error
    for wait in RETRY_WAITS:
        left = give_up_at - monotonic()
        if attempt.state not in _UNSETTLED or attempt.refusal or left <= 0:
            break
        sleep(min(wait, left))
        attempt = write.attempt()
    if attempt.state is WriteState.WRITTEN:
        return attempt.etag
    if attempt.state is WriteState.OTHER:
        raise Conflict(f"{key} was written by somebody else meanwhile")
    raise _unknown(write, attempt)


def _unknown(write: _Write, attempt: _WriteAttempt) -> NoAnswer:
    """With the last reason there was. That a later request is refused does not tell what the first one did."""
    reason = attempt.refusal or attempt.read_error or attempt.put_error
    if reason is None:
        raise ValueError("it is known")
    if isinstance(reason, Conflict):
        place = f"{write.store.url} goes on refusing to write {write.key}, which nobody else has written"
        return NoAnswer(f"{place}: {reason.message}", reason.hint)
    return NoAnswer(reason.message, reason.hint)
