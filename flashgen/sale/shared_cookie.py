"""Whether several order servers know a buyer as one: browsers keep cookies by host, or for a domain that all share."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from flashgen.sale.order import OrderSettings

HINT = "put them under one domain, such as https://a.order.example.com and https://b.order.example.com"

# `co.uk`, `com.au`, `or.jp`. There is no list here (https://publicsuffix.org has one), so it is a guess.
_LIKE_A_PUBLIC_SUFFIX = re.compile(r"[a-z]{1,3}\.[a-z]{2}")


def doubt(order: OrderSettings) -> str:
    """What is wrong with the servers' names for buyers who are known by a cookie; empty if nothing is."""
    hosts = {urlsplit(server).hostname or "" for server in order.servers}
    if len(hosts) < 2 or order.buyer != "cookie":
        return ""
    domain = shared_domain(tuple(hosts))
    if not domain:
        return "`order.servers` share no domain: who comes to two of them is two buyers, and can order twice"
    if _LIKE_A_PUBLIC_SUFFIX.fullmatch(domain):
        return (
            f"`order.servers` share {domain} alone, which may be a public suffix:"
            " browsers keep no cookie for one, and nobody could order"
        )
    return ""


def shared_domain(hosts: Sequence[str]) -> str:
    """The longest domain of two labels or more that all hosts are, or are below; empty if there is none."""
    if any(map(_is_address, hosts)):
        return ""
    shared: list[str] = []
    for labels in zip(*(reversed(host.split(".")) for host in hosts), strict=False):
        if len(set(labels)) > 1:
            break
        shared.insert(0, labels[0])
    return ".".join(shared) if len(shared) >= 2 else ""


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
