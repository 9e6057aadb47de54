"""The proxies that the environment names, read in one way for every client that flashgen has.

`https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in lower case first, as curl and urllib do. A proxy without a
scheme is an http proxy. `no_proxy` has hosts (with those below them), `host:port`, addresses, networks such as
`10.0.0.0/8`, and `*`, separated by commas or spaces.
"""

from __future__ import annotations

import ipaddress
import os
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from flashgen.errors import Refused

_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "http://proxy.example.com:3128"


@dataclass(frozen=True, slots=True)
class Proxy:
    """An http or https proxy. `url` is without its user and password, which are percent-encoded in `credentials`."""

    url: str
    credentials: str = field(default="", repr=False)

    @property
    def url_with_credentials(self) -> str:
        """The URL as it was written, with user and password."""
        return self.url.replace("://", f"://{self.credentials}@") if self.credentials else self.url

    @property
    def headers(self) -> dict[str, str]:
        """What a request to the proxy itself needs."""
        if not self.credentials:
            return {}
        return {"Proxy-Authorization": f"Basic {b64encode(unquote(self.credentials).encode()).decode()}"}


def check_proxies() -> None:
    """Raises Refused, naming the variable, if a proxy in the environment cannot be used."""
    for scheme in _PORTS:
        _named(scheme)


def proxy_for(url: str) -> Proxy | None:
    """The proxy on the way to an http or https URL; None if it is reached without one.

    Raises Refused, naming the variable, for a proxy that cannot be used.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    return None if _is_excluded(host, port) else _named(parts.scheme)


def botocore_proxies(url: str) -> dict[str, str]:
    """`proxy_for`, as botocore has it: from the URL's scheme to the proxy's URL with its credentials."""
    proxy = proxy_for(url)
    return {urlsplit(url).scheme: proxy.url_with_credentials} if proxy else {}


def _named(scheme: str) -> Proxy | None:
    name, text = _variable(f"{scheme}_proxy", "all_proxy")
    if not text:
        return None
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(
            f"{name}: the port of the proxy is not a number from 0 to 65535", f"write {name}={_EXAMPLE}"
        ) from None
    if parts.scheme not in _PORTS:
        message = f"{name}: {parts.scheme}:// is no kind of proxy that flashgen can use"
        raise Refused(message, f"name an http proxy, such as {name}={_EXAMPLE}")
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise Refused(f"{name}: this is not the address of a proxy", f"write {name}={_EXAMPLE}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    return Proxy(place, parts.netloc.rpartition("@")[0])


def _variable(*names: str) -> tuple[str, str]:
    """The first of these variables that is set, in lower or upper case, and what it holds; empty if none is."""
    for name in names:
        # A server that runs scripts by CGI sets HTTP_PROXY from a header that anyone can send.
        spellings = (name,) if name == "http_proxy" and "REQUEST_METHOD" in os.environ else (name, name.upper())
        for spelling in spellings:
            if text := os.environ.get(spelling, "").strip():
                return spelling, text
    return "", ""


def _is_excluded(host: str, port: int) -> bool:
    _, text = _variable("no_proxy")
    return any(_covers(entry.lower(), host, port) for entry in text.replace(",", " ").split())


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of `no_proxy` means this host."""
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # one of the two is a name, or the entry has a port
        pass
    try:
        parts = urlsplit(f"//{entry}")
        wanted = parts.port
    except ValueError:
        return False
    name = (parts.hostname or "").removeprefix("*").lstrip(".")
    return wanted in (None, port) and bool(name) and (host == name or host.endswith(f".{name}"))
