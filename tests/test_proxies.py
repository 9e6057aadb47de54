"""The proxies of the environment: which is used for a URL, and what is said of one that cannot be."""

from __future__ import annotations

import pytest

from flashgen.errors import Refused
from flashgen.proxies import Proxy, botocore_proxies, check_proxies, proxy_for

URL = "https://order.example.com/api"


@pytest.mark.parametrize(
    ("variables", "used"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTP_PROXY": "http://other.corp:1"}, None),
        ({"HTTPS_PROXY": "http://proxy.corp:3128"}, "http://proxy.corp:3128"),
        ({"HTTPS_PROXY": "http://proxy.corp:3128/"}, "http://proxy.corp:3128"),
        ({"HTTPS_PROXY": "proxy.corp:3128"}, "http://proxy.corp:3128"),
        ({"HTTPS_PROXY": "proxy.corp"}, "http://proxy.corp"),
        ({"HTTPS_PROXY": "https://[2001:db8::1]:3128"}, "https://[2001:db8::1]:3128"),
        ({"ALL_PROXY": "proxy.corp:3128"}, "http://proxy.corp:3128"),
        ({"ALL_PROXY": "all.corp:1", "HTTPS_PROXY": "proxy.corp:3128"}, "http://proxy.corp:3128"),
        ({"https_proxy": "lower.corp:1", "HTTPS_PROXY": "upper.corp:2"}, "http://lower.corp:1"),
    ],
)
def test_a_url_has_the_proxy_of_its_scheme(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], used: str | None
) -> None:
    set_variables(monkeypatch, variables)
    assert proxy_for(URL) == (Proxy(used) if used else None)


@pytest.mark.parametrize(
    ("excluded", "url", "is_direct"),
    [
        ("*", URL, True),
        ("order.example.com", URL, True),
        ("example.com", URL, True),
        (".example.com", URL, True),
        ("*.example.com", URL, True),
        ("ORDER.example.com", URL, True),
        ("a.test, example.com", URL, True),
        ("a.test example.com", URL, True),
        ("ample.com", URL, False),
        ("other.example.com", URL, False),
        ("example.com:443", URL, True),
        ("example.com:8443", URL, False),
        ("example.com:8443", "https://example.com:8443/", True),
        ("example.com:port", URL, False),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.1.2.3", "https://10.1.2.3/", True),
        ("10.1.2.3:443", "https://10.1.2.3/", True),
        ("10.1.2.3:80", "https://10.1.2.3/", False),
        ("10.0.0.0/8", "https://10.example.com/", False),
        ("2001:db8::/32", "https://[2001:db8::7]/", True),
        ("[2001:db8::7]", "https://[2001:db8::7]/", True),
        ("[2001:db8::7]:443", "https://[2001:db8::7]/", True),
        ("2001:db9::/32", "https://[2001:db8::7]/", False),
        (",", URL, False),
    ],
)
def test_no_proxy_names_hosts_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, excluded: str, url: str, is_direct: bool
) -> None:
    set_variables(monkeypatch, {"HTTPS_PROXY": "http://proxy.corp:3128", "NO_PROXY": excluded})
    assert (proxy_for(url) is None) == is_direct
    assert (botocore_proxies(url) == {}) == is_direct


@pytest.mark.parametrize(
    "value",
    ["socks5h://127.0.0.1:1080", "http://127.0.0.1:notaport", "http://127.0.0.1:65536", "http://", "http://p.corp/pac"],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    set_variables(monkeypatch, {name: value})
    with pytest.raises(Refused, match=f"^{name}: ") as caught:
        check_proxies()
    assert f"{name}=http://proxy.example.com:3128" in caught.value.hint


def test_a_password_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, {"HTTPS_PROXY": "ann:s%40crt@proxy.corp:3128"})
    proxy = proxy_for(URL)
    assert proxy
    assert proxy.headers == {"Proxy-Authorization": "Basic YW5uOnNAY3J0"}
    assert "crt" not in repr(proxy)
    assert botocore_proxies(URL) == {"https": "http://ann:s%40crt@proxy.corp:3128"}
    set_variables(monkeypatch, {"HTTPS_PROXY": "socks5://ann:s%40crt@proxy.corp:3128"})
    with pytest.raises(Refused) as caught:
        proxy_for(URL)
    assert "crt" not in f"{caught.value.message}{caught.value.hint}"


def test_a_header_that_cgi_turns_into_a_variable_is_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, {"HTTP_PROXY": "http://stranger.test:1", "REQUEST_METHOD": "GET"})
    assert proxy_for("http://order.example.com/") is None


def set_variables(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """These proxies and no others."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
