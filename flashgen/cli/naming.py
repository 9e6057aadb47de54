"""Random names that go into git."""

from __future__ import annotations

import secrets

VERSION_LENGTH = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without 0, 1, l and o, which people mistake for one another: 32 letters, 50 random bits a version."""


def new_version() -> str:
    """A version for a pointer's name."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(VERSION_LENGTH))
