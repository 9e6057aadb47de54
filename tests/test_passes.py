"""Passes: what is accepted, and what nobody can make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from flashgen.errors import Refused
from flashgen.passes import (
    MAX_CHARACTERS,
    MAX_WITHDRAWN,
    BadPass,
    Pass,
    PassFault,
    PassKeys,
    Withdrawn,
    parse_withdrawn,
)
from flashgen.typed_json import Damaged

OLD, NEW = "o" * 32, "n" * 32
PAIR = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE = PAIR.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = PAIR.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ADA = Pass("ada@example.com", "night", 1000, 0, 2000, "id-1")
CLAIMS: dict[str, Any] = {"sub": "ada", "aud": "night", "iat": 1000, "exp": 2000}


def fault(text: str, *keys: str) -> PassFault:
    """Why it is refused."""
    with pytest.raises(BadPass) as refused:
        PassKeys(keys or (NEW,)).read(text)
    return refused.value.fault


def signed(claims: dict[str, Any], key: Any = NEW, algorithm: str = "HS256", **header: Any) -> str:
    """A pass as a shop's own code makes it."""
    return jwt.encode(claims, key, algorithm, header)


def unsigned(header: dict[str, Any], signature: str = "") -> str:
    """A pass that nobody signed."""
    parts = (json.dumps(header), json.dumps(CLAIMS))
    return ".".join((*(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts), signature))


@pytest.mark.parametrize("key", [NEW, PRIVATE], ids=["shared", "pair"])
def test_what_is_issued_is_read(key: str) -> None:
    """With either kind of key."""
    keys = PassKeys([key])
    assert ADA == keys.read(keys.issue(ADA))


def test_a_public_key_reads_what_the_private_one_signed() -> None:
    """So a gate can hold nothing that signs."""
    assert ADA == PassKeys([PUBLIC]).read(PassKeys([PRIVATE]).issue(ADA))
    with pytest.raises(Refused, match="public keys alone"):
        PassKeys([PUBLIC]).issue(ADA)


def test_keys_rotate() -> None:
    """The newest signs, each is accepted, and one that is gone is not."""
    old = PassKeys([OLD]).issue(ADA)
    both = PassKeys([NEW, OLD])
    assert (ADA, ADA) == (both.read(old), PassKeys([NEW]).read(both.issue(ADA)))
    assert PassFault.UNKNOWN_KEY == fault(old)


def test_the_key_decides_the_algorithm() -> None:
    """No pass without a signature, and none that was signed with a public key as if it were a secret."""
    for alg in ("none", "None", "HS384", "RS256", 1, None):
        assert fault(unsigned({"alg": alg, "typ": "JWT"}, "AAAA")) in (PassFault.UNKNOWN_KEY, PassFault.UNREADABLE)
    assert PassFault.UNREADABLE == fault(unsigned({"alg": "none"}))
    head, body = unsigned({"alg": "HS256"}, "x").rsplit(".", 1)[0].split(".")
    mac = hmac.digest(PUBLIC.strip().encode(), f"{head}.{body}".encode(), hashlib.sha256)
    forged = f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert PassFault.UNKNOWN_KEY == fault(forged, PUBLIC)


def test_extensions_are_refused() -> None:
    """A header that changes what a signature means (RFC 7515, 4.1.11; RFC 7797)."""
    assert PassFault.UNREADABLE == fault(signed(CLAIMS, crit=["exp"]))
    assert PassFault.UNREADABLE == fault(signed(CLAIMS, b64=False))


@pytest.mark.parametrize(
    "change",
    [
        *({"sub": ""}, {"sub": "x" * 201}, {"sub": "a\nb"}, {"sub": None}, {"sub": " a"}),
        *({"aud": ["night", "day"]}, {"aud": None}, {"exp": "2000"}, {"exp": None}, {"exp": -1}, {"exp": True}),
        *({"iat": None}, {"exp": 1e300}, {"jti": 5}, {"jti": "x" * 65}, {"nbf": "soon"}),
    ],
    ids=str,
)
def test_odd_claims_are_none(change: dict[str, Any]) -> None:
    """A pass is whole or refused."""
    claims = {key: value for key, value in {**CLAIMS, **change}.items() if value is not None}
    assert PassFault.UNREADABLE == fault(signed(claims))


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é.b.c", "a.b.c.d", "x" * 5000, "a" * MAX_CHARACTERS + ".b.c"])
def test_what_is_no_jwt_is_refused(text: str) -> None:
    """Nothing raises anything else."""
    assert PassFault.UNREADABLE == fault(text)


def test_times_and_withdrawals() -> None:
    """A pass ends at `exp`, begins at `nbf`, and is withdrawn by its subject or its id."""
    nothing = Withdrawn()
    assert (None, PassFault.EXPIRED) == (ADA.fault(1999.9, nothing), ADA.fault(2000, nothing))
    early = PassKeys([NEW]).read(signed({**CLAIMS, "nbf": 1500}))
    assert (PassFault.EARLY, None) == (early.fault(1439, nothing), early.fault(1440, nothing))
    for gone in (nothing.adding(["ada@example.com"], []), nothing.adding([], ["id-1"])):
        assert PassFault.WITHDRAWN == ADA.fault(1500, gone)
    assert None is ADA.fault(1500, nothing.adding(["id-1"], ["ada@example.com"]))
    assert None is early.fault(1600, nothing.adding([], [""]))


def test_withdrawals_are_kept_without_addresses() -> None:
    """The object holds digests; it is read back as it was, and anything else is damaged."""
    gone = Withdrawn().adding(["ada@example.com"], ["id-1"])
    assert b"ada" not in gone.render()
    assert gone == parse_withdrawn(gone.render(), "passes.json")
    with pytest.raises(Damaged):
        parse_withdrawn(b'{"digests": [1]}', "passes.json")


def test_withdrawals_are_bounded() -> None:
    """More than so many are a matter of a new key."""
    with pytest.raises(Refused, match="at most 10,000"):
        Withdrawn().adding(map(str, range(MAX_WITHDRAWN + 1)), [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("short", "has 5 bytes; it needs 32"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "not an Ed25519 key"),
        (
            generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "not an Ed25519 key",
        ),
    ],
    ids=["short", "broken", "ecdsa"],
)
def test_a_bad_key_is_named_by_its_place(text: str, message: str) -> None:
    """And never quoted."""
    with pytest.raises(Refused, match=message) as refused:
        PassKeys([NEW, text])
    assert "key 2" in refused.value.message
    assert text not in refused.value.message
    with pytest.raises(Refused, match="no key for passes"):
        PassKeys([])
