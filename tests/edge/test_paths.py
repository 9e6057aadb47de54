"""From paths to keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.edge.rules.paths import ResolvedPath, public_path, resolve
from flashgen.store.keys import is_key


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ResolvedPath(key="index.html")),
        ("/sale/", ResolvedPath(key="sale/index.html")),
        ("/sale/index.html", ResolvedPath(key="sale/index.html")),
        ("/sale/unlock.7k2.js", ResolvedPath(key="sale/unlock.7k2.js")),
        ("/sale/café.html", ResolvedPath(key="sale/café.html")),
        ("/100%25.html", ResolvedPath(key="100%25.html")),
        ("/sale", ResolvedPath(location="/sale/")),
        ("/v1.0/sale", ResolvedPath(location="/v1.0/sale/")),
        ("/café", ResolvedPath(location="/caf%C3%A9/")),
        ("/a\r\nSet-Cookie:x", ResolvedPath(location="/a%0D%0ASet-Cookie%3Ax/")),
        ("/a?b", ResolvedPath(location="/a%3Fb/")),
    ],
)
def test_a_path_names_a_key_or_leads_elsewhere(path: str, expected: ResolvedPath) -> None:
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
    assert ResolvedPath() == resolve(path)


def test_a_redirect_keeps_the_query() -> None:
    """Campaign links stay what they are."""
    assert ResolvedPath(location="/sale/?from=mail&x=%2F") == resolve("/sale", b"from=mail&x=%2F")


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
