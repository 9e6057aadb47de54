"""How orders are taken: the gate's servers, their slots, and the addresses to which orders go."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import instant, text

MAX_SERVERS = 64
MAX_URL = 500
_HEADER_NAME = re.compile(r"header:[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?")
_URL = re.compile(r"[\x21-\x7e]+")
_ORIGIN_HINT = "write it as https://order.example.com"


def origin(value: object) -> str:
    """`scheme://host[:port]` and nothing more, in lower case (RFC 6454, 6.1)."""
    written = text.given(value)
    found = _ORIGIN.match(written.lower())
    if not found:
        raise InvalidValue(f"must be an https origin, found {quoted(written)}", _ORIGIN_HINT)
    _check_secure(found[1], found[2], written)
    _check_host(found[2], found[3], written)
    if found.end() != len(written):
        hint = f"write it as {found.group()}" if written[found.end()] in "/?#" else _ORIGIN_HINT
        raise InvalidValue(f"must be an origin and nothing more, found {quoted(written)}", hint)
    return found.group()


def url(value: object) -> str:
    """An https URL in ASCII, without user name and fragment."""
    written = text.given(value)
    found = _ORIGIN.match(written.lower())
    if not found or not _URL.fullmatch(written) or written[found.end() : found.end() + 1] not in {"", "/", "?"}:
        raise InvalidValue(
            f"must be an https URL, found {quoted(written)}", "write it as https://orders.example.com/api/orders"
        )
    _check_secure(found[1], found[2], written)
    _check_host(found[2], found[3], written)
    if urlsplit(written).fragment or len(written) > MAX_URL:
        raise InvalidValue(f"must have no fragment, and at most {MAX_URL} characters, found {quoted(written)}")
    return written


def network(value: object) -> str:
    """An IP address or a network in CIDR notation."""
    written = text.given(value)
    try:
        return str(ipaddress.ip_network(written)) if "/" in written else str(ipaddress.ip_address(written))
    except ValueError:
        raise InvalidValue(
            f"must be an IP address or network, found {quoted(written)}", "write it as 10.0.0.0/8"
        ) from None


def _check_secure(scheme: str, host: str, written: str) -> None:
    if scheme == "http" and host not in _LOOPBACK:
        hint = f"write it as https://{host}; http is for this machine only"
        raise InvalidValue(f"must be https, found {quoted(written)}", hint)


def _check_host(host: str, port: str | None, written: str) -> None:
    if port is not None and not 1 <= int(port) <= 65535:
        raise InvalidValue(f"must have a port from 1 to 65535, found {quoted(written)}")
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            raise InvalidValue(f"must have a host, found {quoted(written)}", _ORIGIN_HINT) from None


class OrderSettings(Model):
    """How orders are taken. A sale without it can be built, and cannot go live."""

    servers: tuple[Annotated[str, BeforeValidator(origin)], ...] = Field(
        description="Origins of the order gate's servers; the page picks one at random.",
        examples=["[https://order.example.com]"],
    )
    slots_per_server: Annotated[int, text.whole(1, 10_000)] = Field(
        default=10, description="Buyers a server serves at the same time, 1 to 10,000.", examples=["10"]
    )
    lease_seconds: int = Field(
        default=180, alias="lease", description="How long a slot waits for its buyer, 10s to 1h.", examples=["3m"]
    )
    trusted_proxies: tuple[Annotated[str, BeforeValidator(network)], ...] = Field(
        default=(),
        description="Proxies whose buyer header is believed: addresses or networks.",
        examples=["[10.0.0.0/8]"],
    )
    buyer: str = Field(
        default="cookie",
        description="How a buyer is known: `cookie`, or `header:NAME` as set by a trusted proxy.",
        examples=["cookie", "header:X-User-Id"],
    )
    forward_to: Annotated[str, BeforeValidator(url)] | None = Field(
        default=None,
        description="Where accepted orders are sent.",
        examples=["https://orders.internal.example/api/orders"],
    )

    @field_validator("servers", "trusted_proxies", mode="before")
    @classmethod
    def _lists(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, str):
            example = "https://order.example.com" if info.field_name == "servers" else "10.0.0.0/8"
            raise InvalidValue(f"must be a list, found {quoted(value)}", f"write it as [{example}]")
        return value

    @field_validator("servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not 1 <= len(value) <= MAX_SERVERS:
            raise InvalidValue(f"must have 1 to {MAX_SERVERS} origins, found {len(value)}")
        for place, server in enumerate(value):
            if server in value[:place]:
                raise InvalidValue(f"must not name a server twice, found {server} again", "keep one of them")
        return value

    @field_validator("lease_seconds", mode="before")
    @classmethod
    def _lease(cls, value: object) -> int:
        return instant.seconds(value, 10, 3600)

    @field_validator("buyer", mode="before")
    @classmethod
    def _buyer(cls, value: object, info: ValidationInfo) -> str:
        written = text.given(value)
        if written != "cookie" and not _HEADER_NAME.fullmatch(written):
            raise InvalidValue(f"must be cookie or header:NAME, found {quoted(written)}", "write header:X-User-Id, say")
        if written != "cookie" and info.data.get("trusted_proxies") == ():
            hint = "add `trusted_proxies: [10.0.0.0/8]`, or write cookie"
            raise InvalidValue(f"must not be {written} without `trusted_proxies`: anyone can send a header", hint)
        return written
