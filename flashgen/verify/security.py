"""The security headers of a page, as a viewer got it or as a distribution is set up to add them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flashgen.edge.rules.security import content_security_policy, security_headers
from flashgen.finding import Finding, Level
from flashgen.verify.content_policy import blocked, blocked_extras, excess
from flashgen.verify.model import EdgeConfig

CSP = "content-security-policy"

HSTS_SECONDS_MIN = 31_536_000
"""A year: what browsers' preload lists ask for (https://hstspreload.org)."""

_MAX_AGE = re.compile(r'max-age="?([0-9]{1,10})', re.IGNORECASE)


def security_findings(fields: Mapping[str, str], edge: EdgeConfig, origins: tuple[str, ...]) -> Iterator[Finding]:
    """What is missing, weak or in the way among `fields` of a page that asks the order servers at `origins`.

    flashgen's own distribution says what the local edge says, to the letter; but the policy may name the order servers
    of other sales too, and HSTS hold for subdomains. On any other edge, other values may mean the same.
    """
    policy = content_security_policy(origins)
    for name, value in security_headers(policy, https=edge.is_https):
        found, hint = fields.get(name.lower(), ""), f"let the edge add `{name}: {value}`"
        if not found:
            yield Finding(edge.duty, name.lower(), "expected, and not there", hint)
        elif name.lower() == CSP:
            yield from _policy(found, edge, origins, hint)
        elif fault := _difference(found, value) if edge.distribution else _weakness(name.lower(), found):
            yield Finding(edge.duty, name.lower(), fault, hint)


def _policy(found: str, edge: EdgeConfig, origins: tuple[str, ...], hint: str) -> Iterator[Finding]:
    """A policy that keeps pages from an order server keeps shoppers from buying, whatever the edge."""
    if wide := excess(found, edge.origin):
        yield Finding(edge.duty, CSP, f"lets in more than pages need: {'; '.join(wide)}", hint)
    for what in blocked(found, edge.origin, origins):
        yield Finding(Level.FAIL, CSP, f"keeps pages from {what}", hint)
    for what in blocked_extras(found, edge.origin):
        yield Finding(Level.WARN, CSP, f"keeps pages from {what}", hint)


def _difference(found: str, value: str) -> str:
    is_same = _directives(found) - {"includesubdomains"} == _directives(value)
    return "" if is_same else f"expected {value}, found {found}"


def _weakness(name: str, found: str) -> str:
    """What is wrong with a header's value; empty if nothing is."""
    if name == "x-content-type-options":
        return "" if found.lower() == "nosniff" else f"expected nosniff, found {found}"
    if name == "referrer-policy":
        return "expected one that keeps paths private, found unsafe-url" if "unsafe-url" in found.lower() else ""
    lasts = _MAX_AGE.search(found)
    is_long = lasts is not None and int(lasts[1]) >= HSTS_SECONDS_MIN
    return "" if is_long else f"expected a max-age of a year or more, found {found}"


def _directives(value: str) -> frozenset[str]:
    """In whatever order and case an edge repeats them."""
    return frozenset(part.strip().lower() for part in value.split(";") if part.strip())
