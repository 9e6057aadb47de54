"""The signing secret. No message of this module holds any part of it."""

from __future__ import annotations

from collections.abc import Iterator

from flashgen.doctor.strength import weakness
from flashgen.doctor.subject import Subject
from flashgen.finding import Finding, Level

MAKE_ONE = "make one with `openssl rand -hex 32`, put it before the old one, and take that away after the sale"


def check(subject: Subject) -> Iterator[Finding]:
    """Whether it is there, may be read, is private, and every key is long enough. Raises Refused where it is not."""
    count = len(subject.keys)
    keys = "one key" if count == 1 else f"{count} keys, the first signs"
    yield Finding(Level.PASS, "secret", f"{keys}, from {subject.secret_source}")


def check_strength(subject: Subject) -> Iterator[Finding]:
    """Whether it looks random."""
    weak = [(place, why) for place, key in enumerate(subject.keys, 1) if (why := weakness(key))]
    for place, why in weak:
        yield Finding(Level.FAIL, "strength", f"key {place} of the secret {why}", MAKE_ONE)
    if not weak:
        yield Finding(Level.PASS, "strength", "looks random")
