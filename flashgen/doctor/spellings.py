"""A secret in every spelling in which it could leak, and a search for it that needs no decoding."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from flashgen.unlock.token import BadToken, Claims, TokenSigner

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIGNATURE = re.compile(rb"\.[\w-]{43}(?![\w-])")
"""The end of a token: 32 bytes in base64url. Searching from there, and back, takes linear time in any text."""

_PAYLOAD_BYTES_MAX = 1024

_URL_SAFE, _STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")

_BYTES_MIN = 16
"""What decodes to less is not looked for: it would be found by chance."""


def spellings(key: bytes) -> Mapping[bytes, str]:
    """What to look for → how it is spelled. A key in hex or base64 is looked for by what it stands for too."""
    found: dict[bytes, str] = {}
    for meant in (key, *_decoded(key)):
        spelled = {meant: "as it is", meant.hex().encode(): "in hex", meant.hex().upper().encode(): "in hex"}
        for piece in _in_base64(meant):
            spelled |= dict.fromkeys((piece, piece.translate(_URL_SAFE)), "in base64")
        found = spelled | found
    return found


def secret_in(body: bytes, keys: Sequence[Mapping[bytes, str]]) -> str:
    """How a key is spelled in `body`; empty if none is there. `keys` are the spellings of each."""
    return next((how for key in keys for text, how in key.items() if text in body), "")


def tokens_in(body: bytes, signer: TokenSigner) -> Iterator[Claims]:
    """What the order tokens in `body` say that one of our keys signed."""
    for signature in _SIGNATURE.finditer(body):
        before = body[max(0, signature.start() - _PAYLOAD_BYTES_MAX) : signature.start()]
        payload = before[len(before.rstrip(_ALPHABET)) :]
        try:
            yield signer.read((payload + signature.group()).decode("ascii"))
        except BadToken:
            continue


def _decoded(key: bytes) -> Iterator[bytes]:
    with suppress(ValueError):
        yield from _long(bytes.fromhex(key.decode("ascii")))
    with suppress(binascii.Error):
        standard = key.translate(_STANDARD)
        yield from _long(base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True))


def _long(found: bytes) -> Iterator[bytes]:
    if len(found) >= _BYTES_MIN:
        yield found


def _in_base64(meant: bytes) -> Iterator[bytes]:
    """Its base64 inside that of a longer text, where it may begin at any of three places of a group of bytes.

    What the neighbours have a part in is cut off: a character for each begun group, at both ends.
    """
    for skipped in range(3):
        encoded = base64.b64encode(bytes(skipped) + meant).rstrip(b"=")
        first = (0, 2, 3)[skipped]
        last = len(encoded) - (1 if (skipped + len(meant)) % 3 else 0)
        yield encoded[first:last]
