"""Who a request is of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.operators import SECRET
from support.running_gate import SERVER, SETTINGS, scope_of

from flashgen.gate.buyers.buyers import Buyers, buyers_of
from flashgen.gate.http.request import Message
from flashgen.gate.settings import cookie_domain
from flashgen.gate.signatures import COOKIE, LEASE, Signer

PROXY = "10.0.0.7"


PROOF = ("flashgen-origin-secret", "s" * 32)


def buyers(server: str = SERVER, **changes: Any) -> Buyers:
    """By cookie, unless said otherwise."""
    secrets = [b"s" * 32, b"t" * 32]
    return buyers_of(replace(SETTINGS, **changes), server, [SECRET], origin_secrets=secrets)


def cookie(server: str = SERVER, **changes: Any) -> str:
    """The value of Set-Cookie that makes a browser `ada`, for a minute."""
    return buyers(server, **changes).form_cookie("ada", 60) or ""


def by_header() -> Buyers:
    """By a header of proxies in 10.0.0.0/8 and fd00::/8."""
    return buyers(buyer="header:X-User-Id", trusted_proxies=("10.0.0.0/8", "fd00::/8"))


def come(*fields: tuple[str, str], peer: str = "203.0.113.9") -> Message:
    """A request with these header fields."""
    return scope_of("GET", "/o/x?sku=LAMP", fields, (peer, 1))


def test_a_cookie_is_its_buyers() -> None:
    """Also among others."""
    pair = cookie().partition(";")[0]
    assert "ada" == buyers().known(come(("cookie", pair)))
    assert "ada" == buyers().known(come(("cookie", f"a=b; {pair}; c=d")))
    assert "ada" == buyers().known(come(("cookie", "flashgen_buyer=eve.0123456789012345678901"), ("cookie", pair)))


@pytest.mark.parametrize(
    "change",
    [
        lambda pair: pair.replace("ada", "eve"),
        lambda pair: pair[:-1],
        lambda pair: pair + "x",
        lambda pair: "x" + pair,
        lambda pair: pair.swapcase(),
        lambda pair: pair.split("=")[0] + "=",
        lambda pair: pair.split(".")[0],
        lambda pair: f"flashgen_buyer=ada.{Signer([SECRET], LEASE).sign('ada')}",
        lambda pair: f"flashgen_buyer=ada.{Signer([b'x' * 32], COOKIE).sign('ada')}",
        lambda pair: "flashgen_buyer=" + "a" * 10_000,
        lambda pair: "\xff\xfe=;;;==",
    ],
)
def test_a_cookie_that_was_tampered_with_is_nobodys(change: Any) -> None:
    """Whoever sends it is new here."""
    pair = cookie().partition(";")[0]
    assert None is buyers().known(come(("cookie", change(pair))))


def test_a_cookie_is_for_the_server_alone() -> None:
    """Scripts cannot read it, other sites cannot send it, and on https it never travels in the clear."""
    assert "Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure" == cookie().partition("; ")[2]
    assert "Secure" not in cookie("http://127.0.0.1:8090")


def test_servers_share_a_cookie() -> None:
    """A page picks any of them."""
    servers = ("https://a.order.example.com", "https://b.order.example.com")
    assert "; Domain=order.example.com;" in cookie(servers=servers)


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (["https://o.example.com"], ""),
        (["https://o.example.com", "https://o.example.com:8443"], ""),
        (["https://o1.example.com", "https://o2.example.com"], "example.com"),
        (["https://example.com", "https://o2.example.com"], "example.com"),
        (["https://a.o.example.com", "https://b.o.example.com:81"], "o.example.com"),
        (["https://o.example.com", "https://o.example.net"], ""),
        (["https://one.com", "https://two.com"], ""),
        (["http://10.0.0.1:8090", "http://10.0.0.2:8090"], ""),
        (["http://[fd00::1]:8090", "https://o.example.com"], ""),
        (["http://localhost:1", "http://127.0.0.1:2"], ""),
    ],
)
def test_the_domain_is_what_servers_share(servers: list[str], expected: str) -> None:
    """Two labels at least; a browser would refuse a cookie for `com`."""
    assert expected == cookie_domain(servers)


def test_a_proxy_names_the_buyer() -> None:
    """In the header that the sale says."""
    assert "ada" == by_header().known(come(("x-user-id", " ada "), PROOF, peer=PROXY))
    assert "ada" == by_header().known(come(("x-user-id", "ada"), PROOF, peer="fd00::1"))
    assert "ada" == by_header().known(come(("x-user-id", "ada"), PROOF, peer="::ffff:10.0.0.7"))


@pytest.mark.parametrize("name", ["josé", "Łukasz", "à", "花子"])
def test_a_buyer_is_named_in_utf8(name: str) -> None:
    """So that the order subsystem knows them."""
    assert name == by_header().known(come(("x-user-id", name.encode().decode("latin-1")), PROOF, peer=PROXY))


@pytest.mark.parametrize(
    ("fields", "peer"),
    [
        ([("x-user-id", "ada")], "203.0.113.9"),
        ([("x-user-id", "ada")], "127.0.0.1"),
        ([("x-user-id", "ada"), ("x-forwarded-for", PROXY)], "203.0.113.9"),
        ([], PROXY),
        ([("x-user-id", "")], PROXY),
        ([("x-user-id", "  ")], PROXY),
        ([("x-user-id", "a" * 201)], PROXY),
        ([("x-user-id", "a\tb")], PROXY),
        ([("x-user-id", "jos\xe9")], PROXY),
        ([("x-user-id", "\xff")], PROXY),
        ([("x-user-id", "ada"), ("x-user-id", "eve")], PROXY),
    ],
)
def test_nobody_else_names_a_buyer(fields: list[tuple[str, str]], peer: str) -> None:
    """Neither strangers, nor a header that is empty, endless or there twice; a cookie does not help."""
    pair = cookie().partition(";")[0]
    assert None is by_header().known(come(*fields, PROOF, ("cookie", pair), peer=peer))


def test_a_peer_without_an_address_names_nobody() -> None:
    """It has gone already, or never had one."""
    assert None is by_header().known(scope_of("GET", "/", (("x-user-id", "ada"), PROOF), None))


def test_only_a_cookie_makes_anybody_a_buyer() -> None:
    """Who comes without a proxy's word, or without a pass, is nobody."""
    assert "new" == buyers().newcomer(lambda: "new")
    assert None is by_header().newcomer(lambda: "new")
    assert None is buyers(buyer="pass").newcomer(lambda: "new")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (["t" * 32], "ada"),
        ([], None),
        (["s" * 31], None),
        ([""], None),
        (["x" * 32], None),
        (["s" * 32, "s" * 32], None),
    ],
)
def test_a_proxy_without_the_secret_names_nobody(shown: list[str], expected: str | None) -> None:
    """Its address may be anybody's who uses the same CDN. Two secrets are good while they change."""
    fields = [("flashgen-origin-secret", value) for value in shown]
    assert expected == by_header().known(come(("x-user-id", "ada"), *fields, peer=PROXY))


def test_no_secret_is_not_an_empty_one() -> None:
    """A gate that has none believes nobody."""
    settings = replace(SETTINGS, buyer="header:X-User-Id", trusted_proxies=("10.0.0.0/8",))
    fields = ("x-user-id", "ada"), ("flashgen-origin-secret", "")
    assert None is buyers_of(settings, SERVER, [SECRET]).known(come(*fields, peer=PROXY))
