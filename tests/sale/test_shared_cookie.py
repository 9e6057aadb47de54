"""Names of several order servers: whether browsers show the same cookie to all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import REST, write_sale

from flashgen.gate.buyer import cookie_domain
from flashgen.sale.load import load_sale
from flashgen.sale.order import OrderSettings
from flashgen.sale.shared_cookie import HINT, doubt, shared_domain


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (["https://order.example.com"], ""),
        (["https://a.order.example.com", "https://b.order.example.com"], ""),
        (["https://a.example.com", "https://b.example.com"], ""),
        (["https://a.shop.de", "https://b.shop.de"], ""),
        (["https://a.example.co.uk", "https://b.example.co.uk"], ""),
        (["https://example.com", "https://order.example.com"], ""),
        (["http://127.0.0.1:8090", "http://127.0.0.1:8091"], ""),
        (["https://a.io", "https://b.io"], "share no domain"),
        (["https://a.example.com", "https://a.example.org"], "share no domain"),
        (["https://10.1.0.9", "https://10.2.0.9"], "share no domain"),
        (["http://localhost:8090", "http://127.0.0.1:8090"], "share no domain"),
        (["https://shop.co.uk", "https://deals.co.uk"], "share co.uk alone, which may be a public suffix"),
        (["https://shop.com.au", "https://a.deals.com.au"], "share com.au alone, which may be a public suffix"),
    ],
)
def test_servers_need_a_domain_of_their_own(servers: list[str], expected: str) -> None:
    """Ports make no difference to cookies."""
    said = doubt(OrderSettings.model_validate({"servers": servers}))
    assert (expected in said) if expected else said == ""


def test_a_proxy_s_header_is_the_same_everywhere() -> None:
    """No cookie, no doubt."""
    facts = {"servers": ["https://a.io", "https://b.io"], "buyer": "header:X-User", "trusted_proxies": ["10.0.0.1"]}
    assert "" == doubt(OrderSettings.model_validate(facts))


@pytest.mark.parametrize(
    "hosts", [("a.example.com", "b.example.com"), ("a.b.c", "x.b.c"), ("a.io", "b.io"), ("10.1.0.9", "10.2.0.9")]
)
def test_the_gate_sees_the_same_domain(hosts: tuple[str, ...]) -> None:
    """It gives that domain to the cookie."""
    assert cookie_domain([f"https://{host}" for host in hosts]) == shared_domain(hosts)


def test_check_warns_where_the_servers_are_written(tmp_path: Path) -> None:
    """The sale is valid all the same."""
    path = write_sale(tmp_path)
    servers = "servers: [https://a.io, https://b.io]"
    path.write_text(path.read_text().replace(REST.splitlines()[1].strip(), servers))
    (warning,) = load_sale(path, tmp_path).warnings
    assert ("order.servers", f"  {servers}", HINT) == (warning.path, warning.quote, warning.hint)
