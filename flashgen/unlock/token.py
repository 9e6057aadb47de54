"""The order token: proof that a sale is open, shared by all visitors.

`<base64url of canonical JSON>.<HMAC-SHA-256>` by itsdangerous. Policy (not-before, expires) is in the payload and
compared here, never in a signature's implicit timestamp. Each token has exactly one accepted spelling: base64 leaves
spare bits in a last character, so whatever is read is encoded again and compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from flashgen.errors import Refused
from flashgen.unlock.state import SaleState

KEY_BYTES_MIN = 32
"""As long as the digest's output: RFC 2104 section 3."""

EXPIRY_LEEWAY = timedelta(seconds=60)
"""A buyer who pressed the button in the last second still reaches the gate, whose own window is the authority."""

_SALT = b"flashgen.order-token.v1"


class BadToken(Refused):
    """Not a token that any of our keys signed, or not in its one spelling."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Times are seconds since the Unix epoch; valid while `not_before <= now < expires`."""

    sale: str
    epoch: int
    nonce: str
    not_before: int
    expires: int

    def refusal(self, now: datetime) -> str:
        """Why it would be refused at `now` (aware), or an empty string."""
        seconds = now.timestamp()
        if seconds < self.not_before:
            return f"not valid before {datetime.fromtimestamp(self.not_before, UTC):%Y-%m-%d %H:%M:%S} UTC"
        if seconds >= self.expires:
            return f"expired at {datetime.fromtimestamp(self.expires, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return ""


def claims_of(sale: str, state: SaleState) -> Claims:
    """What the token of a live sale says: a function of its state, so that every rewrite copies the token as it is."""
    if state.opens_at is None:
        raise ValueError("a sale that never opened has no token")
    return Claims(
        sale=sale,
        epoch=state.epoch,
        nonce=state.token_nonce,
        not_before=int(state.opens_at.timestamp()),
        expires=int((state.ends_at + EXPIRY_LEEWAY).timestamp()),
    )


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Signing keys from a secret's text: separated by white space or commas, newest first, 32 bytes or more each.

    Raises Refused without ever quoting a key.
    """
    keys = tuple(part.encode() for part in re.split(r"[\s,]+", text) if part)
    if not keys:
        raise Refused("the secret is empty", "make one with `openssl rand -hex 32`")
    for position, key in enumerate(keys, 1):
        if len(key) < KEY_BYTES_MIN:
            raise Refused(
                f"key {position} of the secret has {len(key)} bytes; it needs {KEY_BYTES_MIN} or more",
                "make one with `openssl rand -hex 32`",
            )
    return keys


class TokenSigner:
    """Signs with the newest key, accepts all. `keys` are newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        # itsdangerous wants them oldest first and signs with the last.
        self._signer = Signer(list(reversed(keys)), salt=_SALT, key_derivation="hmac", digest_method=hashlib.sha256)

    def sign(self, claims: Claims) -> str:
        """The token: about 150 URL-safe ASCII characters."""
        return self._signer.sign(_encode(claims)).decode("ascii")

    def read(self, token: str) -> Claims:
        """What a token says. Times are not judged here: see `Claims.refusal`. Raises BadToken."""
        try:
            payload = self._signer.unsign(token)
            claims = _decode(payload)
            signature = token.rpartition(".")[2].encode("ascii")
            if _encode(claims) != payload or base64_encode(base64_decode(signature)) != signature:
                raise BadToken("the token is not in its one spelling")
        except (BadData, ValueError, TypeError, RecursionError) as error:
            raise BadToken("the token was not signed by any of our keys") from error
        return claims


def unverified_claims(token: str) -> Claims | None:
    """What a token claims, with any signature; None if it is not one. To show to people, never for a decision."""
    try:
        return _decode(token.rpartition(".")[0].encode("ascii"))
    except (BadData, ValueError, TypeError, RecursionError):
        return None


_TYPES = {"sale": str, "epoch": int, "nonce": str, "not_before": int, "expires": int}


def _encode(claims: Claims) -> bytes:
    text = json.dumps(asdict(claims), separators=(",", ":"), sort_keys=True)
    return base64_encode(text)


def _decode(payload: bytes) -> Claims:
    data = json.loads(base64_decode(payload))
    if not isinstance(data, dict) or {name: type(value) for name, value in data.items()} != _TYPES:
        raise ValueError("other fields than a token has")
    return Claims(**data)
