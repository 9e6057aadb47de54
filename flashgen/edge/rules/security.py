"""The security headers of every page, for the local edge and for the distribution alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Two years, the usual recommendation. Subdomains only where the stack is asked for it: below a shop's domain there may
#: be hosts without https, which nobody could reach any more, for two years.
HSTS_SECONDS = 63_072_000
STRICT_TRANSPORT_SECURITY = f"max-age={HSTS_SECONDS}"

REFERRER_POLICY = "strict-origin-when-cross-origin"

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?|https?://\[[0-9A-Fa-f:]+\](:[0-9]+)?")


def content_security_policy(order_origins: Iterable[str]) -> str:
    """What a page may load: its own files, and answers of the order servers; nothing inline, no forms, no frames.

    `order_origins` are `https://host[:port]`, the union of all sales behind one edge. Raises ValueError for anything
    else, which could end the directive and begin another.
    """
    origins = sorted(set(order_origins))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"not an origin: {origin!r}")
    directives = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        " ".join(("connect-src 'self'", *origins)),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return "; ".join(directives)


def security_headers(policy: str, *, https: bool) -> tuple[tuple[str, str], ...]:
    """Names and values, around the Content-Security-Policy that is given.

    Strict-Transport-Security is for `https` only: over http it must not be sent (RFC 6797, 7.2).
    """
    headers = (
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", REFERRER_POLICY),
        ("X-Content-Type-Options", "nosniff"),
    )
    return (*headers, ("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY)) if https else headers
