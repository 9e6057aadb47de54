"""What the order gate alone reads, as it lies in the store: no edge shows it. Nothing is asked for here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from flashgen.finding import Finding, Level
from flashgen.layout import settings_key
from flashgen.release.manifest import Published
from flashgen.release.plan import header_reasons
from flashgen.store import Stored


def stored_findings(
    sale: str, pushed: Mapping[str, Published], found: Mapping[str, Stored | None]
) -> tuple[tuple[str, Finding], ...]:
    """One PASS for all that was pushed, or what is wrong with each, by key."""
    faults = {key: fault for key, one in sorted(pushed.items()) if (fault := _fault(one, found[key]))}
    hint = f"flashgen push {sale} --refresh puts it again"
    if faults:
        return tuple((key, Finding(Level.FAIL, "stored", fault, hint)) for key, fault in faults.items())
    return ((settings_key(sale), Finding(Level.PASS, "stored", f"{len(pushed)} files for the order gate")),)


def _fault(one: Published, stored: Stored | None) -> str:
    if stored is None:
        return "the store does not have it"
    if hashlib.sha256(stored.body).hexdigest() != one.sha256:
        return "the store holds other bytes than were pushed"
    reasons = header_reasons(one.headers, stored.headers)
    return f"the store has other {', '.join(reasons)}" if reasons else ""
