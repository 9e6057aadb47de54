"""One range of bytes out of a body (RFC 9110, 14)."""

from __future__ import annotations

import re

_SINGLE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


def wanted_range(header: str, body_bytes: int) -> range | None:
    """The positions that a Range header asks for; None where it is to be ignored, empty where none can be given.

    Ignored are several ranges, other units and what makes no sense, as RFC 9110 (14.2) allows: the viewer gets all.
    """
    found = _SINGLE.fullmatch(header)
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, body_bytes - int(last)), body_bytes)
    if last and int(last) < int(first):
        return None
    stop = min(int(last) + 1, body_bytes) if last else body_bytes
    return range(int(first), max(int(first), stop))
