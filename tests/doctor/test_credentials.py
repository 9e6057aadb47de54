"""What can be seen of a key's strength by looking at it."""

from __future__ import annotations

import base64
import random
import secrets

import pytest

from flashgen.doctor.credentials import BITS_MIN, visible_bits, weakness

NOT_RANDOM = random.Random(7)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"a" * 32, "is one short text repeated"),
        (b"0" * 64, "is one short text repeated"),
        (b"deadbeef" * 8, "is one short text repeated"),
        (b"deadbeef" * 4 + b"dead", "is one short text repeated"),
        (b"changeme-changeme-before-going-live", "reads like a placeholder"),
        (b"MySuperPassword-for-the-summer-2026", "reads like a placeholder"),
        (b"abcdefghijklmnopqrstuvwxyz0123456789", "is a sequence, as on a keyboard or in the alphabet"),
        (b"9876543210987654321098765432109876543210xyz", "is a sequence, as on a keyboard or in the alphabet"),
        (b"01100101110010101011011001010110", "is a sequence, as on a keyboard or in the alphabet"),
    ],
)
def test_what_can_be_guessed_is_weak(key: bytes, expected: str) -> None:
    """Said in words that hold nothing of the key."""
    assert expected == weakness(key)


def test_few_different_letters_are_weak() -> None:
    """By the bits that they show."""
    key = b"xkxqkxxqkqxkkqxqkxqqxkxkqxxkqqxk"
    assert weakness(key).startswith("shows ")
    assert visible_bits(key) < BITS_MIN


@pytest.mark.parametrize(
    "make",
    [
        lambda: secrets.token_hex(32),
        lambda: secrets.token_hex(16),
        lambda: secrets.token_urlsafe(32),
        lambda: base64.b64encode(NOT_RANDOM.randbytes(32)).decode(),
        lambda: "correct horse battery staple and more of it".replace(" ", "-"),
    ],
    ids=["hex 64", "hex 32", "urlsafe", "base64", "passphrase"],
)
def test_random_keys_are_not_weak(make: object) -> None:
    """However often one is made."""
    assert callable(make)
    assert {""} == {weakness(make().encode()) for _ in range(200)}
