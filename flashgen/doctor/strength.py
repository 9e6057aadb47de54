"""How hard a key is to guess, as far as one can see by looking at it. Whoever guesses it can sign order tokens."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

BITS_MIN = 96.0
"""Below 128, as a random key shows a little less than it has: 32 random hex digits show about 115 on the average."""

_PLACEHOLDERS = (
    b"changeme",
    b"change-me",
    b"change_me",
    b"password",
    b"example",
    b"replace",
    b"your-secret",
    b"secret",
)


def weakness(key: bytes) -> str:
    """What is weak about it, in words that hold nothing of it; empty for a key that looks random."""
    if any(word in key.lower() for word in _PLACEHOLDERS):
        return "reads like a placeholder"
    if _period(key) <= len(key) // 2:
        return "is one short text repeated"
    if _steps(key) > len(key) / 2:
        return "is a sequence, as on a keyboard or in the alphabet"
    if shown_bits(key) < BITS_MIN:
        return f"shows {shown_bits(key):.0f} bits of randomness, below {BITS_MIN:.0f}"
    return ""


def shown_bits(key: bytes) -> float:
    """Shannon's entropy of its bytes' frequencies, times its length: an upper bound on what is in it."""
    counts = Counter(key).values()
    return -sum(count * math.log2(count / len(key)) for count in counts)


def _period(key: bytes) -> int:
    """The length of the shortest text whose repetition, cut at the end, is the key."""
    lengths = range(1, len(key))
    return next((length for length in lengths if key[length:] == key[: len(key) - length]), len(key))


def _steps(key: bytes) -> int:
    """How many bytes follow from the one before, by 0, 1 or -1."""
    return sum(abs(after - before) <= 1 for before, after in pairwise(key))
