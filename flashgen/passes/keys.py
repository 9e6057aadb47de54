"""A pass: a JWT (RFC 7519) by which a shop vouches for a buyer of one sale.

Its claims: `sub` who it is for, `aud` the sale's id, `iat` and `exp`, and `jti`, by which one pass can be withdrawn.
It is signed with HS256 (a key that both sides have) or EdDSA (Ed25519: the shop signs, the gate has the public key).
The key decides which of them is accepted, never the pass (RFC 8725, 3.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from flashgen.errors import Refused
from flashgen.passes.withdrawal import Withdrawn

MAX_CHARACTERS = 4096
"""Of a pass in a URL: servers refuse longer request lines."""
MAX_SUBJECT = 200
MAX_ID = 64
KEY_BYTES_MIN = 32
"""As long as the digest's output: RFC 7518, 3.2."""
LEEWAY_SECONDS = 60
"""How far the shop's clock may be ahead of the gate's, for a pass that is valid from now on."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MAKE_ONE = "make one with `openssl rand -hex 32`, or a key pair with `openssl genpkey -algorithm ed25519`"
_LATEST = 253_402_300_799  # the last second that a datetime can be


class PassFault(Enum):
    """Why a pass is not accepted, in words for people."""

    UNREADABLE = "it is not a whole pass"
    UNKNOWN_KEY = "none of `pass_keys` signed it"
    EXPIRED = "it has expired"
    EARLY = "it is not valid yet"
    OTHER_SALE = "it is for another sale"
    WITHDRAWN = "it was withdrawn"


class BadPass(Refused):
    """A pass that is not accepted. Its message quotes nothing of the pass."""

    def __init__(self, fault: PassFault) -> None:
        super().__init__(f"the pass is refused: {fault.value}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass says. Times are seconds since the Unix epoch; `id` is empty where there is no `jti`."""

    subject: str
    sale: str
    issued_at: int
    not_before: int
    expires_at: int
    id: str = ""

    def fault(self, now: float, withdrawn: Withdrawn) -> PassFault | None:
        """Why it would not be accepted at `now`, seconds since the Unix epoch."""
        if now >= self.expires_at:
            return PassFault.EXPIRED
        if now < self.not_before - LEEWAY_SECONDS:
            return PassFault.EARLY
        return PassFault.WITHDRAWN if withdrawn.has(self.subject, self.id) else None


@dataclass(frozen=True, slots=True)
class PassKey:
    """A key and the one algorithm that it is for. `verifying` and `signing` are as PyJWT takes them."""

    algorithm: str
    verifying: Any = field(repr=False)
    signing: Any = field(repr=False)


class PassKeys:
    """Reads passes with every key, and issues them with the first one that can sign; `texts` are newest first.

    Each text is a shared secret of 32 bytes or more, or an Ed25519 key as PEM: public, to read passes that the shop
    signed, or private, to issue them here. Raises Refused, which quotes no key.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._keys = tuple(_key(text.strip(), place) for place, text in enumerate(texts, 1))
        if not self._keys:
            raise Refused("there is no key for passes", _missing_keys_hint())

    def issue(self, given: Pass) -> str:
        """The pass as text. Raises Refused if there are public keys alone."""
        key = next((key for key in self._keys if key.signing is not None), None)
        if key is None:
            hint = "sign passes where the private key is, or add that to `pass_keys` here"
            raise Refused("`pass_keys` has public keys alone, which cannot sign", hint)
        claims = {"sub": given.subject, "aud": given.sale, "iat": given.issued_at, "exp": given.expires_at}
        return str(_jwt().encode({**claims, "jti": given.id}, key.signing, algorithm=key.algorithm))

    def read(self, text: str) -> Pass:
        """What a pass says, if one of the keys signed it. Times and sale are not judged here. Raises BadPass."""
        jwt = _jwt()
        if len(text) > MAX_CHARACTERS or not _COMPACT.fullmatch(text):
            raise BadPass(PassFault.UNREADABLE)
        try:
            header = jwt.get_unverified_header(text)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise BadPass(PassFault.UNREADABLE) from None
        for key in self._keys:
            if header.get("alg") != key.algorithm:
                continue
            try:
                claims = jwt.decode(text, key.verifying, algorithms=[key.algorithm], options=_SIGNATURE_ALONE)
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError, RecursionError):
                raise BadPass(PassFault.UNREADABLE) from None
            return _pass(claims)
        raise BadPass(PassFault.UNKNOWN_KEY)


def unverified(text: str) -> Mapping[str, Any]:
    """What a pass claims, with any signature; empty if it is none. To show to people, never for a decision."""
    jwt = _jwt()
    try:
        claims = jwt.decode(text, options={**_SIGNATURE_ALONE, "verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return {}
    return dict(claims)


def checked_subject(text: str) -> str:
    """Who a pass may be for: 1 to 200 printable characters. Raises ValueError."""
    if not 0 < len(text) <= MAX_SUBJECT or not text.isprintable() or text != text.strip():
        raise ValueError("1 to 200 printable characters")
    return text


_SIGNATURE_ALONE = {
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_iss"), False),
    **dict.fromkeys(("verify_sub", "verify_jti"), False),
}
"""Claims are judged here: by the gate's clock, and with reasons."""


def _pass(claims: Mapping[str, Any]) -> Pass:
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    expires, issued = claims.get("exp"), claims.get("iat")
    not_before, pass_id = claims.get("nbf", 0), claims.get("jti", "")
    try:
        subject = checked_subject(claims["sub"]) if isinstance(claims.get("sub"), str) else None
    except ValueError:
        subject = None
    if subject is None or not isinstance(audience, str) or not isinstance(pass_id, str) or len(pass_id) > MAX_ID:
        raise BadPass(PassFault.UNREADABLE)
    if not all(_is_time(value) for value in (expires, issued, not_before)):
        raise BadPass(PassFault.UNREADABLE)
    return Pass(subject, audience, int(issued or 0), int(not_before), int(expires or 0), pass_id)


def _is_time(value: object) -> bool:
    """NumericDate of RFC 7519, 2: whole or not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


def _key(text: str, place: int) -> PassKey:
    if text.startswith("-----BEGIN"):
        return _ed25519(text.encode(), place)
    secret = text.encode()
    if len(secret) < KEY_BYTES_MIN:
        message = f"key {place} of `pass_keys` has {len(secret)} bytes; it needs {KEY_BYTES_MIN} or more"
        raise Refused(message, _MAKE_ONE)
    return PassKey("HS256", secret, secret)


def _ed25519(pem: bytes, place: int) -> PassKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

    try:
        loaded = load_pem_public_key(pem) if b"BEGIN PUBLIC" in pem else load_pem_private_key(pem, None)
    except (ValueError, TypeError):  # broken, or with a password; the cause may quote it
        loaded = None
    if isinstance(loaded, Ed25519PrivateKey):
        return PassKey("EdDSA", loaded.public_key(), loaded)
    if isinstance(loaded, Ed25519PublicKey):
        return PassKey("EdDSA", loaded, None)
    message = f"key {place} of `pass_keys` is PEM, and not an Ed25519 key without a password"
    raise Refused(
        message, "make one with `openssl genpkey -algorithm ed25519`, and its public key with `openssl pkey -pubout`"
    )


def _missing_keys_hint() -> str:
    return "add `pass_keys: [env:FLASHGEN_PASS_KEY]` to flashgen.yaml; " + _MAKE_ONE


def _jwt() -> Any:
    """PyJWT, imported when the first pass is read: most sales have none."""
    import jwt

    return jwt


def expiry_text(seconds: float) -> str:
    """An instant of a pass, for people: `2027-11-27 09:00:00 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
