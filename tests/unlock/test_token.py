"""The order token: one spelling, our keys, its own window."""

from __future__ import annotations

import hmac
import json
import string
from base64 import urlsafe_b64encode
from dataclasses import asdict, replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.operators import ENDS_AT, SALE, SECRET, STARTS_AT

from flashgen.errors import Refused
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.token import BadToken, Claims, TokenSigner, claims_of, parse_keys, unverified_claims

LIVE = SaleState(State.LIVE, STARTS_AT, ENDS_AT, STARTS_AT, 3, "abcdefghijkl")
CLAIMS = claims_of(SALE, LIVE)
SIGNER = TokenSigner([SECRET])
TOKEN = SIGNER.sign(CLAIMS)
OTHER = b"another key of more than 32 bytes, older"
BASE64URL = string.ascii_letters + string.digits + "-_"


def _is_accepted(token: str, signer: TokenSigner = SIGNER) -> bool:
    """Whether it is read; anything but BadToken fails the test."""
    try:
        signer.read(token)
    except BadToken:
        return False
    return True


def test_what_is_signed_is_read() -> None:
    """Claims come back, and the token is as long as the pointer allows, safe in a URL's path."""
    assert CLAIMS == SIGNER.read(TOKEN)
    assert len(TOKEN) <= 200
    assert set(TOKEN) <= {*BASE64URL, "."}


def test_the_same_claims_have_the_same_token() -> None:
    """So every rewrite of the pointer copies it."""
    assert TOKEN == TokenSigner([SECRET]).sign(claims_of(SALE, LIVE))


def _signed(payload: bytes) -> str:
    """A token, made by the standard library alone, as its format is written down."""
    encoded = urlsafe_b64encode(payload).rstrip(b"=")
    key = hmac.digest(SECRET, b"flashgen.order-token.v1", "sha256")
    return (encoded + b"." + urlsafe_b64encode(hmac.digest(key, encoded, "sha256")).rstrip(b"=")).decode()


def test_a_token_is_what_its_format_says() -> None:
    """Pages of one version meet gates of another: compact JSON with sorted names, HMAC-SHA256, a key for this alone."""
    facts = asdict(CLAIMS)
    assert TOKEN == _signed(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode())
    assert not _is_accepted(_signed(json.dumps(facts, sort_keys=True).encode()))
    odd = _signed(json.dumps(facts | {"epoch": "3"}, sort_keys=True, separators=(",", ":")).encode())
    assert (False, None) == (_is_accepted(odd), unverified_claims(odd))


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_every_character_counts(place: int) -> None:
    """Whatever stands in its place. The last ones hold spare bits that base64 itself ignores."""
    for other in (*BASE64URL, ".", "=", " ", "\n", "é", "\udcff", ""):
        if other != TOKEN[place]:
            assert not _is_accepted(TOKEN[:place] + other + TOKEN[place + 1 :])


@pytest.mark.parametrize("extra", ["=", "==", " ", "\n", ".", "A", "%3D"])
def test_nothing_may_be_added(extra: str) -> None:
    """Before, after, or between payload and signature."""
    payload, _, signature = TOKEN.partition(".")
    for token in (extra + TOKEN, TOKEN + extra, f"{payload}{extra}.{signature}", f"{payload}.{extra}{signature}"):
        assert not _is_accepted(token)


def test_no_mutated_token_of_10_000_is_accepted() -> None:
    """Characters replaced, removed, doubled and swapped, up to five times over."""
    random = Random(2026)
    for _ in range(10_000):
        letters = list(TOKEN)
        for _ in range(random.randint(1, 5)):
            place = random.randrange(len(letters))
            letters[place] = random.choice([random.choice(BASE64URL), "", letters[place] * 2, letters[-1]])
        mutated = "".join(letters)
        assert mutated == TOKEN or not _is_accepted(mutated)


@given(st.text(max_size=200))
def test_no_text_is_accepted(text: str) -> None:
    """Nor does any raise another error."""
    assert not _is_accepted(text)
    unverified_claims(text)


@given(
    claims=st.builds(
        Claims,
        sale=st.text(max_size=40),
        epoch=st.integers(0, 2**53 - 1),
        nonce=st.text(max_size=40),
        not_before=st.integers(0, 2**40),
        expires=st.integers(0, 2**40),
    ),
    place=st.integers(0, 10_000),
    letter=st.sampled_from(BASE64URL),
)
def test_claims_of_any_kind(claims: Claims, place: int, letter: str) -> None:
    """What is signed is read; with another character anywhere it is not."""
    token = SIGNER.sign(claims)
    assert claims == SIGNER.read(token)
    at = place % len(token)
    mutated = f"{token[:at]}{letter}{token[at + 1 :]}"
    assert mutated == token or not _is_accepted(mutated)


def test_another_key_is_refused() -> None:
    """And so is a key that only looks like ours."""
    assert not _is_accepted(TOKEN, TokenSigner([OTHER]))
    assert not _is_accepted(TOKEN, TokenSigner([SECRET[:-1]]))


def test_a_refusal_never_quotes_the_token() -> None:
    """It ends up in logs, and may be good elsewhere."""
    with pytest.raises(BadToken) as refused:
        TokenSigner([OTHER]).read(TOKEN)
    assert not any(part in repr(refused.value) for part in TOKEN.split("."))


def test_a_signature_of_other_claims_is_refused() -> None:
    """Signatures cannot be moved from token to token."""
    other = SIGNER.sign(replace(CLAIMS, epoch=4))
    assert not _is_accepted(other.partition(".")[0] + "." + TOKEN.partition(".")[2])


def test_keys_rotate_newest_first() -> None:
    """The first signs; all are accepted; what the new one signs is foreign to those who have only the old."""
    both, old = TokenSigner([OTHER, SECRET]), TokenSigner([SECRET])
    assert CLAIMS == both.read(TOKEN)
    assert TokenSigner([OTHER]).sign(CLAIMS) == both.sign(CLAIMS)
    assert not _is_accepted(both.sign(CLAIMS), old)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (STARTS_AT - timedelta(microseconds=1), "not valid before 2026-11-27 08:00:00 UTC"),
        (STARTS_AT, ""),
        (ENDS_AT + timedelta(seconds=59), ""),
        (ENDS_AT + timedelta(seconds=60), "expired at 2026-11-27 20:01:00 UTC"),
    ],
)
def test_a_token_has_a_window(offset: object, expected: str) -> None:
    """No leeway before, since `--lead` publishes it early; a minute after."""
    assert expected == CLAIMS.refusal(offset)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [{"closed": frozenset({"A"})}, {"sold": frozenset({"A"})}, {"state": State.PAUSED}],
)
def test_what_else_changes_leaves_the_token(change: dict[str, object]) -> None:
    """So that buyers on their way are not thrown out."""
    assert CLAIMS == claims_of(SALE, replace(LIVE, **change))  # type: ignore[arg-type]


def test_a_sale_that_never_opened_has_no_token() -> None:
    """There is nothing to claim."""
    with pytest.raises(ValueError, match="never opened"):
        claims_of(SALE, SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT))


def test_anybody_can_look_into_a_token() -> None:
    """Without a key, and without any promise."""
    payload = TOKEN.partition(".")[0]
    assert CLAIMS == unverified_claims(TOKEN) == unverified_claims(f"{payload}.forged")
    assert unverified_claims("junk") is None


def test_keys_are_separated_by_white_space_or_commas() -> None:
    """Newest first, as they stand in a secret."""
    new, old, older = "n" * 32, "o" * 40, "p" * 32
    assert (new.encode(), old.encode(), older.encode()) == parse_keys(f"\n{new} ,\t{old}\n{older}\n")


@pytest.mark.parametrize("secret", ["", " ,\n", "hunter2", "k" * 32 + " hunter2"])
def test_a_bad_secret_is_refused_and_never_quoted(secret: str) -> None:
    """Errors end up in CI logs."""
    with pytest.raises(Refused) as refused:
        parse_keys(secret)
    assert "hunter2" not in f"{refused.value.message}{refused.value.hint}{refused.value!r}"


def test_claims_have_exactly_their_fields() -> None:
    """What another program of ours signed with the same key is no order token."""
    signer = TokenSigner([SECRET])
    assert {"sale", "epoch", "nonce", "not_before", "expires"} == set(Claims.__slots__)
    with pytest.raises(BadToken):
        signer.read(signer._signer.sign(b"eyJhIjoxfQ").decode())
