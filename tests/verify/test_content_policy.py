"""A Content-Security-Policy as browsers read it."""

from __future__ import annotations

import pytest

from flashgen.edge.rules.security import content_security_policy
from flashgen.verify.content_policy import blocked, blocked_extras, excess

SITE, ORDER = "https://sale.example.com", "https://order.example.com"
OURS = content_security_policy([ORDER])
POLLING, ORDERING = "polling the unlock script", f"asking the order server {ORDER}"
SCRIPT, STYLE, PICTURES = "running their script", "loading their style sheet", "showing their pictures"

FONTS, MANIFEST = "loading their brand's fonts", "reading their web manifest"


def connecting(*sources: str) -> str:
    """Our policy with other sources for connections."""
    return OURS.replace(f"connect-src 'self' {ORDER}", " ".join(("connect-src", *sources)))


def scripts(*sources: str) -> str:
    """Our policy with more sources for scripts."""
    return OURS.replace("script-src 'self'", " ".join(("script-src 'self'", *sources)))


def test_ours_is_as_wide_as_pages_need() -> None:
    """Neither a word too many nor one too few."""
    assert ((), (), ()) == (blocked(OURS, SITE, [ORDER]), blocked_extras(OURS, SITE), excess(OURS, SITE))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src 'self'", ()),
        (OURS.replace("manifest-src 'self'; ", ""), (MANIFEST,)),
        (OURS.replace("font-src 'self'; ", ""), (FONTS,)),
        ("default-src 'none'", (FONTS, MANIFEST)),
    ],
)
def test_what_pages_can_do_without(policy: str, expected: tuple[str, ...]) -> None:
    """A distribution of before knows no web manifest."""
    assert expected == blocked_extras(policy, SITE)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", ()),
        ("upgrade-insecure-requests", ()),
        ("default-src *", ()),
        ("default-src 'none'", (SCRIPT, STYLE, PICTURES, POLLING, ORDERING)),
        ("default-src 'self'", (ORDERING,)),
        ("default-src https:", ()),
        ("default-src http:", ()),
        ("default-src 'none'; default-src *", (SCRIPT, STYLE, PICTURES, POLLING, ORDERING)),
        (OURS.replace("script-src 'self'", "script-src 'none'"), (SCRIPT,)),
        (OURS.replace("script-src 'self'", "script-src-elem 'none'; script-src 'self'"), (SCRIPT,)),
        (scripts("'nonce-a'", "'strict-dynamic'"), (SCRIPT,)),
        (OURS.replace("style-src 'self'", "style-src"), (STYLE,)),
        (OURS.replace("img-src 'self'", "img-src data:"), (PICTURES,)),
        (f"{OURS}; sandbox allow-scripts", (SCRIPT, STYLE, PICTURES, POLLING, ORDERING)),
        (f"{OURS}; sandbox allow-scripts allow-same-origin", ()),
        (f"{OURS}, connect-src 'self'", (ORDERING,)),
        (f"connect-src 'self', {OURS}", (ORDERING,)),
    ],
)
def test_what_pages_could_not_do(policy: str, expected: tuple[str, ...]) -> None:
    """By the directive that is in force; of several policies each has to agree."""
    assert expected == blocked(policy, SITE, [ORDER])


@pytest.mark.parametrize(
    "source",
    [
        "*", "https:", "HTTPS:", "http:", "https://order.example.com", "http://order.example.com",
        "https://Order.Example.com", "order.example.com", "https://order.example.com/", "https://order.example.com:443",
        "https://order.example.com:*", "http://order.example.com:80", "https://*.example.com", "*.example.com",
        "https://*.com", "https://order.example.com/readyz",
    ],
)  # fmt: skip
def test_sources_that_allow_an_order_server(source: str) -> None:
    """CSP 3, 6.7.2.8."""
    assert () == blocked(connecting("'self'", source), SITE, [ORDER])


@pytest.mark.parametrize(
    "source",
    [
        "'none'", "wss:", "https://example.com", "https://*.order.example.com", "https://order.example.com:8443",
        "https://order.example.com/o/", "https://order.example.com/ready", "https://border.example.com",
        "https://order.example.com.evil.example", "'order.example.com'", "https://",
    ],
)  # fmt: skip
def test_sources_that_do_not_allow_it(source: str) -> None:
    """Nearly the same is another."""
    assert (ORDERING,) == blocked(connecting("'self'", source), SITE, [ORDER])


@pytest.mark.parametrize("source", ["'self'", "'SELF'", SITE, "sale.example.com", "https:", "*.example.com", "*"])
def test_sources_that_allow_polling(source: str) -> None:
    """Pages poll their own origin, in whatever words."""
    assert () == blocked(connecting(source, ORDER), SITE, [ORDER])


def test_a_gate_behind_the_same_address_is_allowed_with_the_page() -> None:
    """Its origin is `'self'`."""
    assert () == blocked(content_security_policy([]), SITE, [SITE])


@pytest.mark.parametrize(
    ("page", "source", "is_allowed"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8090", True),
        ("http://127.0.0.1:8080", "127.0.0.1:8090", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1", False),
        ("http://127.0.0.1:8080", "https:", False),
        ("https://sale.example.com", "127.0.0.1:8090", False),
        ("http://127.0.0.1:8080", "http://127.0.0.1:*", True),
    ],
)
def test_ports_and_schemes_on_this_machine(page: str, source: str, is_allowed: bool) -> None:
    """A source without a scheme has the page's."""
    found = blocked(connecting("'self'", source), page, ["http://127.0.0.1:8090"])
    assert is_allowed is (found == ())


def test_an_ipv6_address_is_its_own_source() -> None:
    """As our own policy names it."""
    server = "http://[::1]:8090"
    assert () == blocked(content_security_policy([server]), "http://[::1]:8080", [server])


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", ("no default-src",)),
        ("upgrade-insecure-requests", ("no default-src",)),
        ("script-src 'self'; connect-src 'self'", ("no default-src",)),
        ("default-src *", ("default-src *",)),
        ("default-src 'self' https:", ("default-src https:",)),
        ("default-src 'self' https://sale.example.com", ()),
        (
            "default-src 'self' https://evil.example; connect-src https:",
            ("default-src https://evil.example", "connect-src https:"),
        ),
        (scripts("'unsafe-inline'"), ("script-src 'unsafe-inline'",)),
        (scripts("data:", "'unsafe-eval'"), ("script-src data: 'unsafe-eval'",)),
        (scripts("https://cdn.example"), ("script-src https://cdn.example",)),
        (scripts("'sha256-abc='", "'nonce-x'"), ()),
        (f"default-src *, {OURS}", ()),
        ("default-src *, script-src 'self'; connect-src 'self'", ("default-src *",)),
    ],
)  # fmt: skip
def test_what_is_wider_than_pages_need(policy: str, expected: tuple[str, ...]) -> None:
    """What one of several policies forbids is forbidden."""
    assert expected == excess(policy, SITE)


@pytest.mark.parametrize(
    ("source", "is_fine"),
    [("*", False), ("https:", False), ("https://*", False), ("https://*.com", False), ("*:443", False),
     ("https://*.example.com", True), ("https://of-another-sale.example", True), ("http://127.0.0.1:8090", True),
     ("'unsafe-hashes'", False), ("wss:", False)],
)  # fmt: skip
def test_connections_go_to_hosts_with_names(source: str, is_fine: bool) -> None:
    """Which ones, other sales behind the same edge have a say in."""
    assert is_fine is (excess(connecting("'self'", ORDER, source), SITE) == ())
