"""Only addresses of the public internet are connected to."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from flashgen.fetch.public_address import Unfetchable, is_public, public_addresses

PUBLIC = ["93.184.215.14", "2606:4700::6810:84e5", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"]

NOT_PUBLIC = [
    *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
    *("168.63.129.16", "192.0.0.192", "::ffff:168.63.129.16", "64:ff9b::a83f:8110"),
    *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fec0::1", "fc00::1", "ff02::1", "2001:db8::1", "::127.0.0.1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a01:203::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    """Also inside of one of IPv6."""
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_any_other_address_is_not(address: str) -> None:
    """This machine, its network, a cloud's metadata service; also inside of one of IPv6."""
    assert not is_public(address)


def answering(*addresses: str) -> Callable[..., list[object]]:
    """A look-up that finds these."""
    return lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]


def test_a_host_with_public_addresses_has_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the system's order."""
    monkeypatch.setattr(socket, "getaddrinfo", answering("93.184.215.14", "1.1.1.1", "93.184.215.14"))
    assert ("93.184.215.14", "1.1.1.1") == public_addresses("cdn.example.com", 443)


def test_one_private_address_is_enough_to_refuse_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second could be the one that is used."""
    monkeypatch.setattr(socket, "getaddrinfo", answering("93.184.215.14", "169.254.169.254"))
    with pytest.raises(Unfetchable, match=r"has the address 169\.254\.169\.254, which is not of the public internet"):
        public_addresses("cdn.example.com", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_is_refused(host: str) -> None:
    """By name and by address."""
    with pytest.raises(Unfetchable):
        public_addresses(host, 443)


def test_a_host_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As what it is."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unfetchable, match=r"the host nowhere\.example has no address"):
        public_addresses("nowhere.example", 443)
