"""How the public sees a URL: one GET as a browser would send it, and everything that came back."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import IncompleteRead
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions as known
from urllib3.response import BaseHTTPResponse

from flashgen.errors import NoAnswer, Refused
from flashgen.proxies import proxy_for

#: A page or a picture is far below; a larger body is not from flashgen, and must not fill the memory.
MAX_BODY_BYTES = 64 * 2**20

_CHUNK_BYTES = 2**16
_CONNECTIONS = 16
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})
#: What OpenSSL puts around its words: `[SSL: CODE] … (_ssl.c:1006)`.
_OPENSSL_PLACE = re.compile(r"^\[SSL[^]]*\]|\(_ssl\.c:\d+\)")
_CHECK_URL = "check `url:` of this target in flashgen.yaml"


@dataclass(frozen=True, slots=True)
class PublicResponse:
    """A response. Names of `fields` are in lower case; a field that came twice is joined by commas.

    `body` is without its Content-Encoding, `wire_bytes` is its length with it. `asked_at` and `answered_at` (when the
    head was here) are seconds since the epoch by this machine's clock.
    """

    status: int
    fields: Mapping[str, str]
    body: bytes
    wire_bytes: int
    asked_at: float
    answered_at: float

    @property
    def age_seconds(self) -> int | None:
        """How long ago the edge asked the origin (`Age`); None if it does not send that."""
        text = self.fields.get("age", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


class Viewer:
    """Reads below `base_url` (`https://host[:port][/path]`); a context manager. Threads may share one.

    Connections are kept open, redirects are not followed, certificates are verified, and the proxies of the environment
    (`HTTPS_PROXY`, `NO_PROXY`) are used. `timeout_seconds` bounds each wait: for a connection, and for more of an
    answer. Raises Refused when `base_url` is no such URL, and for
    a proxy that cannot be used.
    """

    def __init__(self, base_url: str, timeout_seconds: float = 5.0, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.base_url = _checked(base_url)
        self._max_body_bytes = max_body_bytes
        self._timeout_seconds = timeout_seconds
        self._pool = _pool(self.base_url, timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        # Clearing alone leaves them open until their pool is collected.
        for key in self._pool.pools.keys():  # noqa: SIM118  it refuses to be iterated
            self._pool.pools[key].close()
        self._pool.clear()

    def get(self, path: str, fields: Mapping[str, str] = _NO_FIELDS) -> PublicResponse:
        """What `path` (from its `/` on, percent-encoded, with its query) answers to a request with `fields`.

        Any status is an answer. Raises NoAnswer without one: no such host, no connection, no valid certificate, nothing
        in time, or a body that ends early, cannot be decoded, or has more than `max_body_bytes`.
        """
        url = self.base_url + path
        try:
            try:
                return self._get(url, fields)
            except known.ProtocolError:
                # A server may close an idle connection just as we use it again (RFC 9112, 9.3.1).
                return self._get(url, fields)
        except known.HTTPError as error:
            why, hint = _explained(error, self._timeout_seconds)
            raise NoAnswer(f"{url}: {why}", hint) from error

    def _get(self, url: str, fields: Mapping[str, str]) -> PublicResponse:
        asked_at = time.time()
        response = self._pool.request("GET", url, headers=fields, redirect=False, retries=False, preload_content=False)
        answered_at = time.time()
        try:
            body = self._read(response, url)
        finally:
            # Once it was read to its end, the connection is back in the pool, and this closes nothing.
            response.close()
        names = {name.lower(): response.headers[name] for name in response.headers}
        return PublicResponse(response.status, MappingProxyType(names), body, response.tell(), asked_at, answered_at)

    def _read(self, response: BaseHTTPResponse, url: str) -> bytes:
        body = bytearray()
        while chunk := response.read(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._max_body_bytes:
                raise NoAnswer(f"{url}: the body has more than {self._max_body_bytes:,} bytes", _CHECK_URL)
        return bytes(body)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or "@" in parts.netloc or parts.query or parts.fragment:
        raise Refused("`url:` of this target is not where a browser could go", "write it as https://sale.example.com")
    return url.rstrip("/")


def _pool(url: str, timeout_seconds: float) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=timeout_seconds, read=timeout_seconds)
    if proxy := proxy_for(url):
        return urllib3.ProxyManager(proxy.url, proxy_headers=proxy.headers, timeout=timeout, maxsize=_CONNECTIONS)
    return urllib3.PoolManager(timeout=timeout, maxsize=_CONNECTIONS)


def _explained(error: known.HTTPError, timeout_seconds: float) -> tuple[str, str]:
    """What happened, and what to do about it. The order counts: one kind of error is another's ancestor."""
    reason = _reason(error)
    match error:
        case known.ProxyError():
            return f"no way through the proxy: {reason}", "check HTTPS_PROXY and NO_PROXY in this environment"
        case known.NameResolutionError():
            return f"no such host: {reason}", f"{_CHECK_URL}, and the DNS record of the host"
        case known.NewConnectionError():
            return f"no connection: {reason}", f"{_CHECK_URL}, and that the edge is up"
        case known.SSLError():
            return f"no trusted TLS connection: {reason}", "check the certificate of the edge, and the names in it"
        case known.TimeoutError():
            return f"no answer within {timeout_seconds:g} s", f"{_CHECK_URL}, and the network between"
        case known.DecodeError():
            return "the body is not encoded as its Content-Encoding says", "check what compresses it on its way"
        case known.ProtocolError():
            return f"the connection broke: {reason}", f"{_CHECK_URL}; http and https have ports of their own"
    return reason, _CHECK_URL


def _reason(error: BaseException) -> str:
    """The innermost error's own words in one line: the outer ones quote objects and their addresses."""
    inner: BaseException | None = error
    while inner is not None:
        error, inner = inner, inner.__cause__ or next((a for a in inner.args if isinstance(a, BaseException)), None)
    if isinstance(error, IncompleteRead):
        return "the body ended early"
    words = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    text = " ".join(_OPENSSL_PLACE.sub("", str(words)).split()).rstrip(".")
    return text[:1].lower() + text[1:]
