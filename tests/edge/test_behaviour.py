"""Which path is kept for how long."""

from __future__ import annotations

import pytest

from flashgen.cache_control import parse
from flashgen.edge.rules.behaviour import DEFAULT, FONTS, POINTER, Behaviour, Lifetime, behaviour_for, lifetime, matches
from flashgen.unlock.pointer import pointer_headers, pointer_key

DAY = 86_400
YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("*", "", True),
        ("*", "a/b/c.html", True),
        ("/*", "a/b/c.html", True),
        ("a/*.html", "/a/b/c.html", True),
        ("a/?.html", "a/b.html", True),
        ("a/?.html", "a/bb.html", False),
        ("a/b.html", "a/bxhtml", False),
        ("a/b", "a/b/c", False),
        ("a/[b]", "a/b", False),
        ("a/[b]", "a/[b]", True),
        ("A/*", "a/b", False),
        ("*", "a\nb", True),
    ],
)
def test_patterns_fit_as_cloudfront_says(pattern: str, key: str, expected: bool) -> None:
    """Only `*` and `?` mean anything, and case matters."""
    assert expected == matches(pattern, key)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (pointer_key("black-friday", "7k2mq9xw4t"), POINTER),
        ("black-friday/index.html", DEFAULT),
        ("black-friday/assets/page.0123.js", DEFAULT),
        ("unlock.x.js", DEFAULT),
        ("black-friday/assets/text.0123.woff2", FONTS),
        ("black-friday/assets/text.0123.js", DEFAULT),
    ],
)
def test_pointers_and_fonts_have_behaviours_of_their_own(key: str, expected: Behaviour) -> None:
    """By the names that `unlock` and a build give them."""
    assert expected == behaviour_for(key)


def test_the_first_pattern_that_fits_counts() -> None:
    """The rest is for what no pattern fits."""
    one, two = (Behaviour(pattern, 1, 1, 1) for pattern in ("a/*", "a/b"))
    assert one == behaviour_for("a/b", (one, two))
    assert DEFAULT == behaviour_for("b", (one, two))


@pytest.mark.parametrize(
    ("behaviour", "said", "expected"),
    [
        (DEFAULT, "", Lifetime(DAY)),
        (DEFAULT, "max-age=60", Lifetime(60)),
        (DEFAULT, "max-age=60, s-maxage=5", Lifetime(5)),
        (DEFAULT, "max-age=0", Lifetime(1)),
        (DEFAULT, "max-age=99999999", Lifetime(YEAR)),
        (DEFAULT, "s-maxage=9, stale-while-revalidate=7, stale-if-error=8", Lifetime(9, 7, 8)),
        (DEFAULT, "s-maxage=9, stale-while-revalidate=7, must-revalidate", Lifetime(9)),
        (DEFAULT, "no-store", None),
        (DEFAULT, "private, max-age=60", None),
        (POINTER, "", Lifetime(1)),
        (POINTER, pointer_headers(1).cache_control, Lifetime(1)),
        (POINTER, pointer_headers(2).cache_control, Lifetime(2)),
        (POINTER, "s-maxage=60", Lifetime(2)),
        (POINTER, pointer_headers(0).cache_control, None),
    ],
)
def test_the_origin_decides_within_bounds(behaviour: Behaviour, said: str, expected: Lifetime | None) -> None:
    """MinTTL, DefaultTTL and MaxTTL, and what must not be kept."""
    assert expected == lifetime(behaviour, 200, parse(said))


@pytest.mark.parametrize("status", [403, 404, 500, 502, 503])
@pytest.mark.parametrize("said", ["", "max-age=600", "no-store"])
def test_errors_are_kept_for_a_second(status: int, said: str) -> None:
    """So that a crowd at a missing page does not reach the origin, and a page is there a second after its put."""
    assert Lifetime(1) == lifetime(DEFAULT, status, parse(said))
