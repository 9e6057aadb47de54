"""Reading Cache-Control: the grammar of RFC 9111, and what is sent in spite of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.cache_control import CacheControl, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", CacheControl()),
        ("public", CacheControl()),
        ("max-age=60", CacheControl(max_age=60)),
        ("Max-Age=60,S-MAXAGE=1", CacheControl(max_age=60, s_maxage=1)),
        ("public, max-age=31536000, immutable", CacheControl(max_age=31536000)),
        ("no-store", CacheControl(no_store=True)),
        ("no-cache", CacheControl(no_cache=True)),
        ("private, no-store", CacheControl(private=True, no_store=True)),
        ('private="set-cookie, x", max-age=5', CacheControl(private=True, max_age=5)),
        ("must-revalidate", CacheControl(must_revalidate=True)),
        ("proxy-revalidate", CacheControl(must_revalidate=True)),
        (
            "stale-while-revalidate=60, stale-if-error=86400",
            CacheControl(stale_while_revalidate=60, stale_if_error=86400),
        ),
        (' ,, max-age = 60 , \tmax-age="7"', CacheControl(max_age=0)),
        ('max-age="60"', CacheControl(max_age=60)),
        ("max-age=60, max-age=1", CacheControl(max_age=60)),
        ("max-age=soon", CacheControl(max_age=0)),
        ("max-age=-1", CacheControl(max_age=0)),
        ("max-age=1.5", CacheControl(max_age=0)),
        ("max-age=٣", CacheControl(max_age=0)),
        ("max-age", CacheControl(max_age=0)),
        ("max-age=" + "9" * 5000, CacheControl(max_age=2**31)),
        ("max-age=2147483649", CacheControl(max_age=2**31)),
        ('extension="no-store", x-no-store', CacheControl()),
    ],
)
def test_directives_are_read(text: str, expected: CacheControl) -> None:
    """Case, order, quotes and nonsense."""
    assert expected == parse(text)


@given(st.text())
def test_anything_can_be_read(text: str) -> None:
    """No header takes the edge down."""
    assert 0 <= parse(text).stale_if_error


@pytest.mark.parametrize("text", ["no-store", "no-cache", "private", "max-age=60, private"])
def test_some_responses_must_not_be_kept(text: str) -> None:
    """Each directive alone is enough."""
    assert parse(text).forbids_keeping


def test_public_responses_may_be_kept() -> None:
    """Zero seconds are no ban."""
    assert not parse("public, max-age=0, s-maxage=0").forbids_keeping


@pytest.mark.parametrize(
    ("text", "expected"), [("", None), ("max-age=5", 5), ("max-age=5, s-maxage=0", 0), ("s-maxage=7", 7)]
)
def test_s_maxage_counts_more_for_a_shared_cache(text: str, expected: int | None) -> None:
    """RFC 9111, 4.2.1."""
    assert expected == parse(text).shared_seconds
