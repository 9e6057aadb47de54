"""Passes, by which a shop vouches for the buyers of a sale: read, issued, withdrawn."""

from flashgen.passes.keys import (
    MAX_CHARACTERS,
    BadPass,
    Pass,
    PassFault,
    PassKeys,
    checked_subject,
    expiry_text,
    unverified,
)
from flashgen.passes.withdrawal import MAX_WITHDRAWN, NOTHING, Withdrawn, parse_withdrawn

__all__ = [
    "MAX_CHARACTERS",
    "MAX_WITHDRAWN",
    "NOTHING",
    "BadPass",
    "Pass",
    "PassFault",
    "PassKeys",
    "Withdrawn",
    "checked_subject",
    "expiry_text",
    "parse_withdrawn",
    "unverified",
]
