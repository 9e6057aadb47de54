"""The security headers that a distribution adds to pages, against those of `flashgen.edge.security`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flashgen.edge.security import STRICT_TRANSPORT_SECURITY
from flashgen.finding import Finding, Level
from flashgen.store.distribution import HeadersPolicy, PathBehaviour

CHECK = "security"
APPLY = "`flashgen infra apply` makes the response headers policy anew"

HSTS_SECONDS_MIN = 31_536_000
"""A year: what browsers' preload lists ask for (https://hstspreload.org)."""


def judge(behaviour: PathBehaviour, order_origins: Sequence[str]) -> Iterator[Finding]:
    """What pages may do, and whether they may ask every order server."""
    if behaviour.headers is None:
        return
    found = [*_policy(behaviour.headers.content_security_policy, order_origins), *_others(behaviour.headers)]
    yield from found or [Finding(Level.PASS, CHECK, "CSP with every order server, HSTS, nosniff")]


def directives(policy: str) -> dict[str, tuple[str, ...]]:
    """A Content-Security-Policy by directive; the first of a name counts (CSP 3, 2.2.1)."""
    found: dict[str, tuple[str, ...]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        found.setdefault(name.lower(), tuple(sources))
    return found


def _policy(policy: str | None, order_origins: Sequence[str]) -> Iterator[Finding]:
    if policy is None:
        yield Finding(Level.WARN, CHECK, "pages have no Content-Security-Policy", APPLY)
        return
    found = directives(policy)
    if any("'unsafe-inline'" in sources for sources in found.values()):
        yield Finding(Level.WARN, CHECK, "the CSP allows 'unsafe-inline', which pages do not need", APPLY)
    allowed = found.get("connect-src", found.get("default-src", ("*",)))
    missing = [origin for origin in order_origins if origin not in allowed and "*" not in allowed]
    if missing:
        message = f"the CSP's connect-src lacks {', '.join(missing)}: pages may not ask it, nobody can order"
        yield Finding(Level.FAIL, CHECK, message, APPLY)
    if "'self'" not in allowed and "*" not in allowed:
        yield Finding(Level.FAIL, CHECK, "the CSP's connect-src lacks 'self': pages cannot poll, nothing opens", APPLY)


def _others(headers: HeadersPolicy) -> Iterator[Finding]:
    if (headers.hsts_seconds or 0) < HSTS_SECONDS_MIN:
        message = f"Strict-Transport-Security is {headers.hsts_seconds or 'not sent'}, below a year"
        yield Finding(Level.WARN, CHECK, message, f"make it `{STRICT_TRANSPORT_SECURITY}`; {APPLY}")
    if not headers.nosniff:
        yield Finding(Level.WARN, CHECK, "X-Content-Type-Options is not sent", APPLY)
