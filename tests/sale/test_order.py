"""Names of several order servers: whether browsers show the same cookie to all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import REST, write_sale

from flashgen.addresses import shared_domain
from flashgen.gate.settings import cookie_domain
from flashgen.sale.load import load_sale
from flashgen.sale.order import COOKIE_HINT, OrderSettings, cookie_warning, pass_warning


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
        (["https://a.io", "https://b.io"], "share io alone, a public suffix"),
        (["https://a.example.com", "https://a.example.org"], "share no domain"),
        (["https://10.1.0.9", "https://10.2.0.9"], "share no domain"),
        (["http://localhost:8090", "http://127.0.0.1:8090"], "share no domain"),
        (["https://shop.co.uk", "https://deals.co.uk"], "share co.uk alone, a public suffix"),
        (["https://shop.com.au", "https://a.deals.com.au"], "share com.au alone, a public suffix"),
        (["https://gate-1.fly.dev", "https://gate-2.fly.dev"], "share fly.dev alone, a public suffix"),
        (["https://a.gate.fly.dev", "https://b.gate.fly.dev"], ""),
        (["https://a.ck", "https://b.ck"], "share ck alone, a public suffix"),
        (["https://a.any.ck", "https://b.any.ck"], "share any.ck alone, a public suffix"),
        (["https://a.www.ck", "https://b.www.ck"], ""),
    ],
)
def test_servers_need_a_domain_of_their_own(servers: list[str], expected: str) -> None:
    """Ports make no difference to cookies."""
    warning = cookie_warning(OrderSettings.model_validate({"servers": servers}))
    assert (expected in warning) if expected else warning == ""


def test_a_proxy_s_header_is_the_same_everywhere() -> None:
    """Without a cookie there is nothing to warn of."""
    section = {"servers": ["https://a.io", "https://b.io"], "buyer": "header:X-User", "trusted_proxies": ["10.0.0.1"]}
    assert "" == cookie_warning(OrderSettings.model_validate(section))


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
    assert ("order.servers", f"  {servers}", COOKIE_HINT) == (warning.path, warning.quote, warning.hint)


def test_a_sale_asks_for_passes() -> None:
    """And says where they are; what would not be shown, or leaves buyers without a way, is a warning."""
    servers = ["https://order.example.com"]
    section = {"servers": servers, "buyer": "pass", "pass_url": "https://shop.example.com/sign-in?for=night"}
    order = OrderSettings.model_validate(section)
    assert ("pass", section["pass_url"], "") == (order.buyer, order.pass_url, pass_warning(order))
    assert "does not say where" in pass_warning(OrderSettings.model_validate({"servers": servers, "buyer": "pass"}))
    unused = OrderSettings.model_validate({"servers": servers, "pass_url": section["pass_url"]})
    assert "is not shown" in pass_warning(unused)


def test_servers_without_a_domain_ask_for_a_pass_each() -> None:
    """A cookie is for one of them alone."""
    section = {"servers": ["https://a.example.com", "https://b.example.org"], "buyer": "pass"}
    assert "sent away by the others" in cookie_warning(OrderSettings.model_validate(section))
