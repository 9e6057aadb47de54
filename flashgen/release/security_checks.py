"""The security headers of a page as a viewer got it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from flashgen.edge.security import content_security_policy, security_headers
from flashgen.finding import Finding, Level
from flashgen.release.observed import Front

CSP = "content-security-policy"
_UNSAFE = ("'unsafe-inline'", "'unsafe-eval'")
_MAX_AGE = re.compile(r'max-age="?0*([0-9]*)', re.IGNORECASE)


def security_findings(fields: Mapping[str, str], front: Front, origins: tuple[str, ...]) -> Iterator[Finding]:
    """What is missing or weak among `fields` of a page that asks the order servers at `origins`."""
    wanted = security_headers(content_security_policy(origins), https=front.is_https)
    for name, value in wanted:
        found = fields.get(name.lower(), "")
        if said := _weakness(name.lower(), found):
            yield Finding(front.duty, name.lower(), said, f"let the edge add `{name}: {value}`")
    yield from _order_servers(fields.get(CSP, ""), origins)


def _weakness(name: str, found: str) -> str:
    """What is wrong with a header's value; empty if nothing is."""
    if not found:
        return "expected, and not there"
    if name == CSP:
        unsafe = [word for word in _UNSAFE if word in found.lower()]
        return f"expected none of {', '.join(_UNSAFE)}, found {', '.join(unsafe)}" if unsafe else ""
    if name == "x-content-type-options":
        return "" if found.lower() == "nosniff" else f"expected nosniff, found {found}"
    if name == "referrer-policy":
        return "expected one that keeps paths private, found unsafe-url" if "unsafe-url" in found.lower() else ""
    lasts = _MAX_AGE.search(found)
    return "" if lasts and lasts[1] else f"expected a max-age above 0, found {found}"


def _order_servers(policy: str, origins: tuple[str, ...]) -> Iterator[Finding]:
    """A policy that keeps pages from an order server keeps shoppers from buying, whatever the edge."""
    sources = _sources(policy, "connect-src", "default-src")
    for origin in origins if policy and sources is not None else ():
        if not any(_allows(source, origin) for source in sources or ()):
            hint = f"let the edge send `connect-src 'self' {' '.join(origins)}`"
            yield Finding(Level.FAIL, CSP, f"keeps pages from asking the order server {origin}", hint)


def _sources(policy: str, *directives: str) -> list[str] | None:
    """The sources of the first of `directives` that the policy has; None if it has none of them."""
    parts = [part.split() for part in policy.lower().split(";") if part.strip()]
    said = {name: sources for name, *sources in reversed(parts)}
    return next((said[name] for name in directives if name in said), None)


def _allows(source: str, origin: str) -> bool:
    return source == f"{origin.partition(':')[0]}:" or fnmatchcase(origin, source.rstrip("/"))
