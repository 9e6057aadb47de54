"""The credentials for the store, and the signing secret that the order gate shares.

No message of this module holds any part of the secret.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from flashgen import timestamps
from flashgen.doctor.context import DoctorContext
from flashgen.finding import Finding, Level
from flashgen.passes import PassKeys

SOON = timedelta(hours=1)

BITS_MIN = 96.0
"""Below 128, as a random key shows a little less than it has: 32 random hex digits show about 115 on the average."""

MAKE_ONE = "make one with `openssl rand -hex 32`, put it before the old one, and take that away after the sale"

_PLACEHOLDERS = (b"changeme", b"change-me", b"change_me", b"password", b"example", b"replace", b"secret")


def check_account(context: DoctorContext) -> Iterator[Finding]:
    """Whose they are. They should last for an hour, and until the last start within a day."""
    assert context.identity  # noqa: S101  the check is made only then
    identity, now = context.identity(), context.now
    who = f"{identity.arn}, account {identity.account}" if identity.arn else "found"
    yield Finding(Level.PASS, "credentials", f"{who} (from {identity.source})")
    starts = (header.starts_at for header in context.headers if now < header.starts_at < now + timedelta(days=1))
    needed = max((now + SOON, *starts))
    if identity.expires_at and identity.expires_at < needed:
        yield Finding(
            Level.WARN,
            "credentials",
            f"they expire at {timestamps.to_text(identity.expires_at)}, and are needed until "
            f"{timestamps.to_text(needed)} at least",
            "get new ones before the sale, with `aws sso login` for instance",
        )


def check_secret(context: DoctorContext) -> Iterator[Finding]:
    """Whether it is there, may be read, is private, and every key is long enough. Raises Refused where it is not."""
    count = len(context.keys)
    keys = "one key" if count == 1 else f"{count} keys, the first signs"
    yield Finding(Level.PASS, "secret", f"{keys}, from {context.secret_source}")


def check_strength(context: DoctorContext) -> Iterator[Finding]:
    """Whether it looks random."""
    weak = [(place, why) for place, key in enumerate(context.keys, 1) if (why := weakness(key))]
    for place, why in weak:
        yield Finding(Level.FAIL, "strength", f"key {place} of the secret {why}", MAKE_ONE)
    if not weak:
        yield Finding(Level.PASS, "strength", "looks random")


def check_pass_keys(context: DoctorContext) -> Iterator[Finding]:
    """Whether the gate could read the passes of these sales. Raises Refused where a key is missing or bad."""
    texts = context.pass_keys()
    PassKeys(texts)
    count = "one key" if len(texts) == 1 else f"{len(texts)} keys"
    yield Finding(Level.PASS, "pass keys", f"{count}; passes of each are accepted")


def weakness(key: bytes) -> str:
    """What is weak about it, in words that quote nothing of it; empty for a key that looks random."""
    if any(word in key.lower() for word in _PLACEHOLDERS):
        return "reads like a placeholder"
    if _period(key) <= len(key) // 2:
        return "is one short text repeated"
    steps = sum(abs(after - before) <= 1 for before, after in pairwise(key))
    if steps > len(key) / 2:
        return "is a sequence, as on a keyboard or in the alphabet"
    if visible_bits(key) < BITS_MIN:
        return f"shows {visible_bits(key):.0f} bits of randomness, below {BITS_MIN:.0f}"
    return ""


def visible_bits(key: bytes) -> float:
    """Shannon's entropy of its bytes' frequencies, times its length: an upper bound on what is in it."""
    counts = Counter(key).values()
    return -sum(count * math.log2(count / len(key)) for count in counts)


def _period(key: bytes) -> int:
    """The length of the shortest text whose repetition, cut at the end, is the key."""
    lengths = range(1, len(key))
    return next((length for length in lengths if key[length:] == key[: len(key) - length]), len(key))
