"""A guest's contact: what the form asks for, what of it can be used, and how it is sealed at rest.

Sealed text is AES-256-GCM with a key derived from the secret, bound to its order: URL-safe base64 of nonce and
ciphertext. Storages keep it without reading it.
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flashgen.gate.signatures import derived

PURPOSE = "flashgen.gate.contact.v1"
NONCE_BYTES = 12
"""As NIST SP 800-38D recommends for GCM, 8.2."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"\+?[\d\s()./-]+")
_UNSEEN = re.compile(r"[^\S\n]+|[\x00-\x09\x0b-\x1f\x7f-\x9f]")

Contact = Mapping[str, str]
"""What a guest typed, by the field's name."""


@dataclass(frozen=True, slots=True)
class ContactField:
    """One field: how many characters it takes, and whether a text is one. `autocomplete` is HTML's token for it."""

    longest: int
    autocomplete: str
    is_good: Callable[[str], object]


FIELDS: Mapping[str, ContactField] = {
    "email": ContactField(254, "email", _EMAIL.fullmatch),
    "name": ContactField(100, "name", lambda text: "\n" not in text),
    "address": ContactField(300, "street-address", lambda text: len(text) > 4),
    "phone": ContactField(30, "tel", lambda text: _PHONE.fullmatch(text) and sum(map(str.isdigit, text)) >= 5),
}
"""Limits are RFC 5321's for `email`, and for the others what a parcel's label takes, with room."""


def typed(find: Callable[[str], str | None], wanted: Sequence[str]) -> dict[str, str]:
    """What a form says in each field of `wanted`, without what cannot be seen; empty where it says nothing.

    `find` gives a field's value.
    """
    return {name: _cleaned(find(name) or "") for name in wanted}


def faults(contact: Contact) -> frozenset[str]:
    """The fields that are empty, too long, or not what they should be."""
    return frozenset(name for name, text in contact.items() if not _is_good(FIELDS[name], text))


class ContactSeal:
    """Seals with the newest of `keys`, the secret's, and opens with each of them; they are newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(derived(key, PURPOSE) for key in keys)

    def seal(self, order_id: str, contact: Contact) -> str:
        """What the storage keeps of it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = json.dumps(dict(contact), ensure_ascii=False).encode()
        return urlsafe_b64encode(nonce + _cipher(self._keys[0]).encrypt(nonce, plain, order_id.encode())).decode()

    def open(self, order_id: str, sealed: str) -> Contact | None:
        """What was sealed for that order; None if none of the keys did."""
        try:
            body = urlsafe_b64decode(sealed)
        except ValueError:
            return None
        for key in self._keys:
            plain = _opened(key, body, order_id)
            if plain is not None:
                found: dict[str, str] = json.loads(plain)
                return found
        return None


def _is_good(field: ContactField, text: str) -> bool:
    return bool(text) and len(text) <= field.longest and bool(field.is_good(text))


def _cleaned(text: str) -> str:
    lines = _UNSEEN.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(line for line in (line.strip() for line in lines) if line)


def _opened(key: bytes, body: bytes, order_id: str) -> bytes | None:
    from cryptography.exceptions import InvalidTag

    try:
        return bytes(_cipher(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], order_id.encode()))
    except (InvalidTag, ValueError):
        return None


@cache
def _cipher(key: bytes) -> Any:
    """Imported when the first contact is read or written."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
