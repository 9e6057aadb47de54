"""Etags, and the conditions that a write puts on them (RFC 9110, 8.8.3 and 13.1)."""

from __future__ import annotations

import hashlib
from typing import Final

from flashgen.errors import Conflict

#: What to do about a lost conditional write.
DECIDE_AGAIN: Final = "read it again, then decide"


def etag_of(body: bytes) -> str:
    """A strong entity tag: the body's SHA-256 in quotes, so identical bodies have identical etags."""
    return f'"{hashlib.sha256(body).hexdigest()}"'


def strong_etag(etag: str) -> str:
    """The etag that the store gave. A proxy that compresses makes it a weak one (`W/"…"`), which no If-Match meets."""
    return etag.removeprefix("W/")


def check_precondition(place: str, found: str | None, *, if_match: str | None, if_absent: bool) -> None:
    """Raise `Conflict` unless the etag found at `place` (None: no object) is what the writer expects."""
    if if_absent and found is not None:
        raise conflict(place, "there is an object already")
    if if_match is not None and found != if_match:
        raise conflict(place, "it was changed or removed since it was read")


def conflict(place: str, found: str) -> Conflict:
    """The error of a lost conditional write."""
    return Conflict(f"{place}: not written, {found}", DECIDE_AGAIN)
