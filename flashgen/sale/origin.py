"""Addresses a sale names: gate origins, the order subsystem's URL, proxies."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale.text import given

MAX_URL = 500
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?")
_URL = re.compile(r"[\x21-\x7e]+")
_HINT = "write it as https://order.example.com"


def origin(value: object) -> str:
    """`scheme://host[:port]` and nothing more, in lower case (RFC 6454, 6.1)."""
    text = given(value)
    found = _ORIGIN.match(text.lower())
    if not found:
        raise InvalidValue(f"must be an https origin, found {quoted(text)}", _HINT)
    _check_secure(found[1], found[2], text)
    _check_host(found[2], found[3], text)
    if found.end() != len(text):
        hint = f"write it as {found.group()}" if text[found.end()] in "/?#" else _HINT
        raise InvalidValue(f"must be an origin and nothing more, found {quoted(text)}", hint)
    return found.group()


def url(value: object) -> str:
    """An https URL in ASCII, without user name and fragment."""
    text = given(value)
    found = _ORIGIN.match(text.lower())
    if not found or not _URL.fullmatch(text) or text[found.end() : found.end() + 1] not in {"", "/", "?"}:
        raise InvalidValue(
            f"must be an https URL, found {quoted(text)}", "write it as https://orders.example.com/api/orders"
        )
    _check_secure(found[1], found[2], text)
    _check_host(found[2], found[3], text)
    if urlsplit(text).fragment or len(text) > MAX_URL:
        raise InvalidValue(f"must have no fragment, and at most {MAX_URL} characters, found {quoted(text)}")
    return text


def network(value: object) -> str:
    """An IP address or a network in CIDR notation."""
    text = given(value)
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError:
        raise InvalidValue(
            f"must be an IP address or network, found {quoted(text)}", "write it as 10.0.0.0/8"
        ) from None


def _check_secure(scheme: str, host: str, text: str) -> None:
    if scheme == "http" and host not in _LOOPBACK:
        hint = f"write it as https://{host}; http is for this machine only"
        raise InvalidValue(f"must be https, found {quoted(text)}", hint)


def _check_host(host: str, port: str | None, text: str) -> None:
    if port is not None and not 1 <= int(port) <= 65535:
        raise InvalidValue(f"must have a port from 1 to 65535, found {quoted(text)}")
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            raise InvalidValue(f"must have a host, found {quoted(text)}", _HINT) from None
