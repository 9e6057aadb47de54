"""The security headers of the distribution."""

from __future__ import annotations

import pytest

from flashgen.edge.rules.security import content_security_policy, security_headers


def test_a_page_loads_its_own_files_and_nothing_inline() -> None:
    """The whole policy: a word too many is a hole, a word too few is a broken page."""
    expected = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "manifest-src 'self'; connect-src 'self' https://a.example https://b.example:8443; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert expected == content_security_policy(["https://b.example:8443", "https://a.example", "https://a.example"])


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8090", "http://[::1]:8090", "https://order.example.com"])
def test_order_servers_may_be_asked(origin: str) -> None:
    """In every form in which a sale may name them."""
    assert f"connect-src 'self' {origin}; " in content_security_policy([origin])


@pytest.mark.parametrize(
    "origin",
    ["", "*", "https:", "https://a.example/", "https://a.example; script-src *", "https://a.example 'unsafe-inline'",
     "https://a.example,x", "https://a.example\n", "ftp://a.example", "https://*.example"],
)  # fmt: skip
def test_an_origin_cannot_add_to_the_policy(origin: str) -> None:
    """A name from a file never becomes another directive."""
    with pytest.raises(ValueError, match="not an origin"):
        content_security_policy([origin])


def test_https_is_demanded_over_https_only() -> None:
    """RFC 6797, 7.2: the header must not be sent over http."""
    over_http, over_https = (security_headers("p", https=https) for https in (False, True))
    assert (("Strict-Transport-Security", "max-age=63072000"),) == over_https[len(over_http) :]
    assert over_http == over_https[: len(over_http)]
    assert {"Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"} == {name for name, _ in over_http}
