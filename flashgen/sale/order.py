"""The model of the section `order`: the gate's servers, their slots, and where orders are sent."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.addresses import SecretUrl, check_port, common_domain, is_host, is_loopback, shared_domain
from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import instant, text

MAX_SERVERS = 64
MAX_URL = 500
_HEADER_NAME = re.compile(r"header:[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?")
_URL = re.compile(r"[\x21-\x7e]+")
_HIDDEN_HINT = "such as https://a.example.com/api; http is for this machine only. It may hold a key, and is not shown"
_ORIGIN_HINT = "write it as https://order.example.com"

_LISTS = {
    "servers": "https://order.example.com",
    "trusted_proxies": "10.0.0.0/8",
    "contact": "email, name, address",
    "checkout_origins": "https://checkout.example.com",
}

VOUCHED = "pass"
"""The shop vouches for its buyers: `order.buyer`."""

ORDER_HINT = "add `order: {servers: [https://…]}` with the address of the order gate"
VOUCHED_HINT = "with `buyer: pass` add `pass_url: https://shop.example.com/sign-in`, or the address of your help"
CHECKOUT_HINT = "add `forward_to: https://…` with the address that takes orders"
COOKIE_HINT = "put them under one domain, such as https://a.order.example.com and https://b.order.example.com"


def origin(value: object) -> str:
    """An origin, `scheme://host[:port]` and nothing more, in lower case (RFC 6454, 6.1)."""
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
    """An https URL in ASCII, without a user name and a fragment."""
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


def secret_url(value: object) -> str:
    """The same, and no message shows it: a query, and many a path, is a key."""
    try:
        return url(value.reveal() if isinstance(value, SecretUrl) else value)
    except InvalidValue as invalid:
        raise InvalidValue(invalid.message.partition(", found ")[0], _HIDDEN_HINT, is_secret=True) from None


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
    if scheme == "http" and not is_loopback(written):
        hint = f"write it as https://{host}; http is for this machine only"
        raise InvalidValue(f"must be https, found {quoted(written)}", hint)


def _check_host(host: str, port: str | None, written: str) -> None:
    check_port(port, written)
    if not is_host(host):
        raise InvalidValue(f"must have a host, found {quoted(written)}", _ORIGIN_HINT)


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
        description="How a buyer is known: `cookie`, `pass`, or `header:NAME` as set by a trusted proxy.",
        examples=["cookie", "pass", "header:X-User-Id"],
    )
    pass_url: Annotated[str, BeforeValidator(url)] | None = Field(
        default=None,
        description="With `buyer: pass`: where a buyer gets a pass, such as the shop's sign-in.",
        examples=["https://shop.example.com/sign-in?for=night"],
    )
    contact: tuple[Literal["email", "name", "address", "phone"], ...] = Field(
        default=(),
        description="What the order form asks a guest for: any of email, name, address, phone.",
        examples=["[email, name, address]"],
    )
    contact_days: Annotated[int, text.whole(1, 3650)] = Field(
        default=30,
        description="Days after an order is settled until the gate deletes its contact, 1 to 3,650.",
        examples=["30"],
    )
    forward_to: Annotated[SecretUrl, BeforeValidator(secret_url)] | None = Field(
        default=None,
        description="Where accepted orders are sent.",
        examples=["https://orders.internal.example/api/orders"],
    )

    max_per_buyer: Annotated[int, text.whole(1, 1000)] | None = Field(
        default=None,
        description="Units that one buyer may have in the whole sale, beside one of each product.",
        examples=["2"],
    )
    checkout_origins: tuple[Annotated[str, BeforeValidator(origin)], ...] = Field(
        default=(),
        description="Where the order subsystem may send buyers to pay: origins of its `checkout_url`.",
        examples=["[https://checkout.example.com]"],
    )
    reservation_seconds: int | None = Field(
        default=None,
        alias="reservation",
        description="How long an accepted order waits to be paid, before the order subsystem is asked, 1m to 7 days.",
        examples=["15m"],
    )

    @field_validator("servers", "trusted_proxies", "contact", "checkout_origins", mode="before")
    @classmethod
    def _lists(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, str):
            raise InvalidValue(
                f"must be a list, found {quoted(value)}", f"write it as [{_LISTS[str(info.field_name)]}]"
            )
        return value

    @field_validator("contact")
    @classmethod
    def _contact(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for index, field in enumerate(value):
            if field in value[:index]:
                raise InvalidValue(f"must not name a field twice, found {field} again", "keep one of them")
        return value

    @field_validator("servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not 1 <= len(value) <= MAX_SERVERS:
            raise InvalidValue(f"must have 1 to {MAX_SERVERS} origins, found {len(value)}")
        for index, server in enumerate(value):
            if server in value[:index]:
                raise InvalidValue(f"must not name a server twice, found {server} again", "keep one of them")
        return value

    @field_validator("lease_seconds", mode="before")
    @classmethod
    def _lease(cls, value: object) -> int:
        return instant.seconds(value, 10, 3600)

    @field_validator("reservation_seconds", mode="before")
    @classmethod
    def _reservation(cls, value: object) -> int:
        return instant.seconds(value, 60, 7 * 86_400)

    @field_validator("buyer", mode="before")
    @classmethod
    def _buyer(cls, value: object, info: ValidationInfo) -> str:
        written = text.given(value)
        if written not in ("cookie", VOUCHED) and not _HEADER_NAME.fullmatch(written):
            hint = "write header:X-User-Id, say"
            raise InvalidValue(f"must be cookie, pass or header:NAME, found {quoted(written)}", hint)
        if written.startswith("header:") and info.data.get("trusted_proxies") == ():
            hint = "add `trusted_proxies: [10.0.0.0/8]`, or write cookie"
            raise InvalidValue(f"must not be {written} without `trusted_proxies`: anyone can send a header", hint)
        return written


def cookie_warning(order: OrderSettings) -> str:
    """Why browsers would not send one cookie to all servers; empty if they would, or if no cookie is used."""
    hosts = {urlsplit(server).hostname or "" for server in order.servers}
    if len(hosts) < 2 or order.buyer not in ("cookie", VOUCHED):
        return ""
    if shared_domain(tuple(hosts)):
        return ""
    two_buyers = "who comes to two of them is two buyers, and can order twice"
    if order.buyer == VOUCHED:
        two_buyers = "a buyer whose pass one of them knows is sent away by the others"
    if common := common_domain(tuple(hosts)):
        return f"`order.servers` share {common} alone, a public suffix, for which browsers keep no cookie: {two_buyers}"
    return f"`order.servers` share no domain: {two_buyers}"


def pass_warning(order: OrderSettings) -> str:
    """Why a buyer without a pass cannot get one, or a link that leads nowhere; empty if all is there."""
    if order.buyer == VOUCHED and order.pass_url is None:
        return "buyers need a pass, and `order.pass_url` does not say where they get one"
    if order.buyer != VOUCHED and order.pass_url is not None:
        return f"`order.pass_url` is not shown: with `buyer: {order.buyer}` nobody needs a pass"
    return ""


def checkout_warning(order: OrderSettings) -> str:
    """Why nobody can report a payment, or name a checkout; empty if all is there."""
    if order.forward_to is not None:
        return ""
    named = [
        name
        for name, value in (("reservation", order.reservation_seconds), ("checkout_origins", order.checkout_origins))
        if value
    ]
    return f"`order.{named[0]}` has no effect without `order.forward_to`: no order is sent to a shop" if named else ""
