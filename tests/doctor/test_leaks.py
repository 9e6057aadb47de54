"""A key is found in whatever spelling it leaks."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.doctor.leaks import secret_in, spellings, tokens_in
from flashgen.unlock.token import Claims, TokenSigner

KEY = b"f3b1c09a7d5e4826b0c8d7e6a5948372615f4e3d2c1b0a99e8d7c6b5a4938271"
RAW = bytes.fromhex(KEY.decode())
SIGNER = TokenSigner([KEY])
CLAIMS = Claims("night", 1, "n", 0, 2**33)


@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        (KEY, "as it is"),
        (RAW, "as it is"),
        (KEY.upper(), "in hex"),
        (binascii.hexlify(KEY), "in hex"),
        (base64.b64encode(KEY), "in base64"),
        (base64.b64encode(RAW), "in base64"),
        (base64.urlsafe_b64encode(RAW), "in base64"),
    ],
)
def test_each_spelling_is_found(leak: bytes, expected: str) -> None:
    """Inside other text."""
    assert expected == secret_in(b"<!-- " + leak + b" -->", [spellings(KEY)])


def test_a_key_in_base64_is_found_by_what_it_stands_for() -> None:
    """Somebody may decode it first, and write it in hex."""
    key = base64.b64encode(RAW).rstrip(b"=")
    assert "in hex" == secret_in(RAW.hex().encode(), [spellings(key)])


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), url_safe=st.booleans())
def test_a_key_inside_something_encoded_is_found(before: bytes, after: bytes, url_safe: bool) -> None:
    """Wherever it begins, and whatever is around it."""
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    for key in (KEY, RAW):
        assert secret_in(encode(before + key + after), [spellings(key)])


@given(st.binary(max_size=2000))
def test_nothing_is_found_where_nothing_is(body: bytes) -> None:
    """Neither a key nor a token."""
    assert "" == secret_in(body, [spellings(KEY)])
    assert [] == list(tokens_in(body, SIGNER))


@pytest.mark.parametrize("around", ["{}", '"/o/{}"', "x{}", "https://h/o/{}?a=b", ".{}.", "{0} {0}"], ids=str)
def test_tokens_are_found_in_any_text(around: str) -> None:
    """Where something stands right before it, it is no token: nothing would accept that."""
    found = list(tokens_in(around.format(SIGNER.sign(CLAIMS)).encode(), SIGNER))
    assert ([] if around == "x{}" else [CLAIMS] * around.count("{")) == found


def test_tokens_of_others_are_none_of_ours() -> None:
    """They look the same."""
    body = TokenSigner([b"k" * 32]).sign(CLAIMS).encode()
    assert [] == list(tokens_in(body, SIGNER))


def test_a_long_line_takes_no_long_time() -> None:
    """A search that began anew at each character would take minutes."""
    assert [] == list(tokens_in(b"a" * 8_000_000 + b".", SIGNER))
