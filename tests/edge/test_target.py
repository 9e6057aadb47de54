"""From paths to keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.edge.target import Target, public_path, resolve
from flashgen.store.keys import is_key


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", Target(key="index.html")),
        ("/sale/", Target(key="sale/index.html")),
        ("/sale/index.html", Target(key="sale/index.html")),
        ("/sale/unlock.7k2.js", Target(key="sale/unlock.7k2.js")),
        ("/sale/café.html", Target(key="sale/café.html")),
        ("/100%25.html", Target(key="100%25.html")),
        ("/sale", Target(location="/sale/")),
        ("/v1.0/sale", Target(location="/v1.0/sale/")),
        ("/café", Target(location="/caf%C3%A9/")),
        ("/a\r\nSet-Cookie:x", Target(location="/a%0D%0ASet-Cookie%3Ax/")),
        ("/a?b", Target(location="/a%3Fb/")),
    ],
)
def test_a_path_names_a_key_or_leads_elsewhere(path: str, expected: Target) -> None:
    """As the distribution's function has it; a location is encoded again."""
    assert expected == resolve(path)


@pytest.mark.parametrize(
    "path",
    [
        "", "*", "sale/", "http://elsewhere.example/", "//", "//elsewhere.example", "//elsewhere.example/x",
        "/sale//index.html", "/..", "/../x.html", "/a/../b.html", "/./a.html", "/a\\b.html", "/\\elsewhere.example",
        "/a\0.html", "/.meta/lock.x", "/.META/lock.x", "/" + "a" * 2000,
    ],
)  # fmt: skip
def test_what_cannot_be_a_key_is_nothing(path: str) -> None:
    """No way up, no way to the store's own files, no way to another host."""
    assert Target() == resolve(path)


def test_a_redirect_keeps_the_query() -> None:
    """Campaign links stay what they are."""
    assert Target(location="/sale/?from=mail&x=%2F") == resolve("/sale", b"from=mail&x=%2F")


@given(st.text())
def test_a_redirect_stays_on_its_host(path: str) -> None:
    """And a key is always one that a store takes."""
    target = resolve(f"/{path}")
    assert not target.key or is_key(target.key)
    assert not target.location or (target.location.isascii() and target.location[1] not in "/\\")


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("sale/index.html", "/sale/"),
        ("sale/lamp/index.html", "/sale/lamp/"),
        ("sale/assets/a b+ü.0123.css", "/sale/assets/a%20b%2B%C3%BC.0123.css"),
        ("sale/myindex.html", "/sale/myindex.html"),
    ],
)
def test_a_key_has_the_path_that_browsers_ask_for(key: str, path: str) -> None:
    """A page's folder, and everything percent-encoded."""
    assert path == public_path(key)
