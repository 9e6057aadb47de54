"""A Content-Security-Policy as browsers read it: what it keeps our pages from, and what more than they need it lets in.

The rules are those of https://www.w3.org/TR/CSP3/, by section. Policies of several fields, or parted by commas, hold
all at once. A page's own paths are not compared with those in sources: order servers' are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

Policy = Mapping[str, tuple[str, ...]]

#: What each kind of request goes by: the first that the policy has (6.8.3).
SCRIPTS = ("script-src-elem", "script-src", "default-src")
STYLES = ("style-src-elem", "style-src", "default-src")
PICTURES = ("img-src", "default-src")
CONNECTIONS = ("connect-src", "default-src")
FONTS = ("font-src", "default-src")
MANIFESTS = ("manifest-src", "default-src")
ALL_ELSE = ("default-src",)

#: What pages ask an order server for from within: whether it is ready.
READINESS_PATH = "/readyz"

_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[^/:*\[\]']+|\[[0-9a-f:]+\])(?::([0-9]+|\*))?(/.*)?", re.IGNORECASE
)
_NAMED = re.compile(r"(\*\.[^.]+\.)?[^*]+")
_OF_ONE_SCRIPT = ("'nonce-", "'sha256-", "'sha384-", "'sha512-")
_HARMLESS = ("'none'", "'self'", "'report-sample'")


def blocked(text: str, page: str, order_origins: Iterable[str]) -> tuple[str, ...]:
    """What pages of the origin `page` could not do that they have to, as `polling the unlock script`."""
    return _refused(
        text,
        page,
        ("running their script", SCRIPTS, page),
        ("loading their style sheet", STYLES, page),
        ("showing their pictures", PICTURES, page),
        ("polling the unlock script", CONNECTIONS, page),
        *((f"asking the order server {one}", CONNECTIONS, one + READINESS_PATH) for one in order_origins),
    )


def blocked_extras(text: str, page: str) -> tuple[str, ...]:
    """As `blocked`: what they can do without."""
    extras = (("loading their brand's fonts", FONTS, page), ("reading their web manifest", MANIFESTS, page))
    return _refused(text, page, *extras)


def _refused(text: str, page: str, *needs: tuple[str, tuple[str, ...], str]) -> tuple[str, ...]:
    policies = tuple(_policies(text))
    return tuple(
        what for what, names, url in needs if not all(_allows(policy, names, url, page) for policy in policies)
    )


def excess(text: str, page: str) -> tuple[str, ...]:
    """The directives that let in more than pages need, each with what that is: `script-src 'unsafe-eval'`.

    Scripts and all else come from `page` alone, or are named one by one; connections go to hosts that are named, as
    other sales behind the same edge have order servers of their own.
    """
    policies = tuple(_policies(text))
    limits = ((ALL_ELSE, _is_own), (SCRIPTS, _is_script), (CONNECTIONS, _is_named))
    found: dict[str, None] = {}
    for names, is_fit in limits:
        wide = [_too_wide(policy, names, is_fit, page) for policy in policies]
        if all(wide):
            found[wide[0]] = None
    return tuple(found)


def _policies(text: str) -> Iterator[Policy]:
    """Of a directive that comes twice the first counts (2.2.1)."""
    for serialized in text.split(","):
        policy: dict[str, tuple[str, ...]] = {}
        for directive in filter(str.strip, serialized.split(";")):
            name, *sources = directive.split()
            policy.setdefault(name.lower(), tuple(sources))
        yield policy


def _allows(policy: Policy, names: tuple[str, ...], url: str, page: str) -> bool:
    if "sandbox" in policy and not {"allow-scripts", "allow-same-origin"} <= set(policy["sandbox"]):
        return False
    name = _in_force(policy, names)
    if name is None:
        return True
    if names is SCRIPTS and "'strict-dynamic'" in policy[name]:
        return False  # it takes neither 'self' nor hosts (8.2), and our script has no nonce
    return any(_matches(source, url, page) for source in policy[name])


def _too_wide(policy: Policy, names: tuple[str, ...], is_fit: Callable[[str, str], bool], page: str) -> str:
    """The directive that lets in too much; empty if none does."""
    name = _in_force(policy, names)
    if name is None:
        return f"no {names[-1]}"
    wide = [source for source in policy[name] if not is_fit(source, page)]
    return f"{name} {' '.join(wide)}" if wide else ""


def _in_force(policy: Policy, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in policy), None)


def _is_own(source: str, page: str) -> bool:
    return source.lower() in _HARMLESS or source.lower().rstrip("/") in (page, urlsplit(page).netloc)


def _is_script(source: str, page: str) -> bool:
    return _is_own(source, page) or source.lower().startswith(_OF_ONE_SCRIPT)


def _is_named(source: str, page: str) -> bool:
    """A host with a name, or those below one that is no top-level domain."""
    host = _HOST.fullmatch(source)
    return _is_own(source, page) or bool(host and _NAMED.fullmatch(host[2]))


def _matches(source: str, url: str, page: str) -> bool:
    """Whether a source expression lets `url` through (6.7.2.8)."""
    asked = urlsplit(url)
    if source == "*":
        return True  # of any scheme that a browser fetches from the net
    if scheme := _SCHEME.fullmatch(source):
        return _scheme_fits(scheme[1].lower(), asked.scheme)
    host = _HOST.fullmatch(page if source.lower() == "'self'" else source)
    return (
        host is not None
        and _scheme_fits((host[1] or urlsplit(page).scheme).lower(), asked.scheme)
        and _host_fits(host[2].lower(), asked.netloc.rpartition(":")[0] if asked.port else asked.netloc)
        and _port_fits(host[3], asked.scheme, asked.port or _PORTS[asked.scheme])
        and _path_fits(host[4] or "", asked.path)
    )


def _scheme_fits(allowed: str, asked: str) -> bool:
    """http covers https too."""
    return allowed == asked or (allowed, asked) == ("http", "https")


def _host_fits(allowed: str, asked: str) -> bool:
    """`*.example.com` covers what is below it, however deep, and not itself."""
    return allowed in ("*", asked) or (allowed.startswith("*.") and asked.endswith(allowed[1:]))


def _port_fits(allowed: str | None, scheme: str, asked: int) -> bool:
    if allowed is None:
        return asked == _PORTS[scheme]
    return allowed in ("*", str(asked)) or (allowed, asked) == ("80", 443)


def _path_fits(allowed: str, asked: str) -> bool:
    if allowed in ("", "/") or not asked:
        return True
    return asked.startswith(allowed) if allowed.endswith("/") else asked == allowed
