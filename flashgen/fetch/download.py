"""Downloads one picture: over https, from a checked address, with limits of size, time and redirects."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from urllib3 import ProxyManager
from urllib3 import exceptions as known
from urllib3.connection import HTTPSConnection
from urllib3.response import BaseHTTPResponse

from flashgen import __version__
from flashgen.fetch.public_address import Unfetchable, check_name, public_addresses
from flashgen.page.pictures.image_file import FILE_BYTES_MAX, extension_of
from flashgen.proxies import proxy_for

REDIRECTS_MAX = 5
SILENCE_SECONDS = 10.0
"""How long a server may take to accept a connection, or to send its next bytes."""

TOTAL_SECONDS = 60.0
"""How long one picture may take, redirects included."""

_CHUNK_BYTES = 65_536
_REDIRECTS = (301, 302, 303, 307, 308)
_SAFE = "/%:@!$&'()*+,;=~?[]"
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_TRY_AGAIN = "run it again: what was fetched stays"
_HEADERS = {"User-Agent": f"flashgen/{__version__}", "Accept": "image/*", "Accept-Encoding": "identity"}

Resolve = Callable[[str, int], tuple[str, ...]]
"""The addresses to connect to, for a host and a port. Raises Unfetchable for those that are not allowed."""


@dataclass(frozen=True)
class Download:
    """Downloads pictures. Threads may share one. The limits are parameters for tests.

    Where the environment names a proxy, that one looks up the host: of names only what `check_name` knows is refused
    here, and it is the proxy's to keep private networks closed. The certificate of the host is verified all the same.
    """

    resolve: Resolve = public_addresses
    tls: ssl.SSLContext | None = None
    silence_seconds: float = SILENCE_SECONDS
    total_seconds: float = TOTAL_SECONDS
    max_bytes: int = FILE_BYTES_MAX

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self.tls or ssl.create_default_context()

    def picture(self, url: str) -> tuple[str, bytes]:
        """The extension and the bytes of a URL's picture. Raises Unfetchable."""
        deadline, place = time.monotonic() + self.total_seconds, url
        for _ in range(REDIRECTS_MAX + 1):
            answer = self._get(place, deadline)
            if isinstance(answer, bytes):
                if not (extension := extension_of(answer)):
                    raise Unfetchable("the server sent no picture", "open the URL in a browser; it may need a log-in")
                return extension, answer
            try:
                place = urljoin(place, answer)
            except ValueError:
                raise Unfetchable("the server redirects to what is no URL", "open the URL in a browser") from None
        raise Unfetchable(f"there are more than {REDIRECTS_MAX} redirects", "name the URL where they end")

    def _get(self, url: str, deadline: float) -> bytes | str:
        """The body, or where a redirect leads to."""
        host, port, target = _parts(url)
        failure: Unfetchable | None = None
        for connection in self._connections(host, port):
            try:
                return self._get_over(connection, host, port, target, deadline)
            except _NotConnected as error:
                failure = error
        raise failure or Unfetchable(f"the host {host} has no address")

    def _connections(self, host: str, port: int) -> Iterator[HTTPSConnection]:
        """One to each address of the host, or the one through the proxy. They are not open yet."""
        name = f"[{host}]" if ":" in host else host
        settings: Any = {"timeout": self.silence_seconds, "ssl_context": self._tls, "server_hostname": host}
        if proxy := proxy_for(f"https://{name}:{port}"):
            check_name(host)
            manager, parts = ProxyManager(proxy.url), urlsplit(proxy.url)
            settings |= {"proxy": manager.proxy, "proxy_config": manager.proxy_config}
            connection = HTTPSConnection(parts.hostname or "", manager.proxy and manager.proxy.port, **settings)
            connection.set_tunnel(host, port, proxy.headers, parts.scheme)
            yield connection
        else:
            yield from (HTTPSConnection(address, port, **settings) for address in self.resolve(host, port))

    def _get_over(self, connection: HTTPSConnection, host: str, port: int, target: str, deadline: float) -> bytes | str:
        # A server that sends a byte now and then is never silent, not even in its headers.
        limit = Timer(max(0.0, deadline - time.monotonic()), _shut_down, (connection,))
        limit.daemon = True
        limit.start()
        is_connected = connection.proxy is None
        try:
            connection.connect()
            is_connected = True
            headers = {**_HEADERS, "Host": host if port == 443 else f"{host}:{port}"}
            connection.request("GET", target, headers=headers, preload_content=False)
            with contextlib.closing(connection.getresponse()) as response:
                return self._answer(response, deadline)
        except (OSError, HTTPException, known.HTTPError) as error:
            if not is_connected and not isinstance(error, ssl.SSLError | known.SSLError):
                hint = "check HTTPS_PROXY and NO_PROXY in this environment"
                raise Unfetchable(f"no way through the proxy: {_reason(error)}", hint) from error
            raise self._explained(error, host, deadline) from error
        finally:
            limit.cancel()
            connection.close()

    def _answer(self, response: BaseHTTPResponse, deadline: float) -> bytes | str:
        location = response.headers.get("Location")
        if response.status in _REDIRECTS and location:
            return location
        if response.status != 200:
            raise Unfetchable(f"the server answered {response.status}", "correct the URL, or try again later")
        body = bytearray()
        while chunk := response.read1(_CHUNK_BYTES):
            body += chunk
            if len(body) > self.max_bytes:
                raise Unfetchable(f"it has more than {self.max_bytes // 1024**2} MiB", "name a smaller one")
            if time.monotonic() >= deadline:
                break
        if time.monotonic() >= deadline:
            raise self._too_slow()  # the end may be that of the time, not of the picture
        return bytes(body)

    def _explained(self, error: Exception, host: str, deadline: float) -> Unfetchable:
        """What happened. The order counts: one kind of error is another's ancestor."""
        if time.monotonic() >= deadline:
            return self._too_slow()
        match error:
            case ssl.SSLError() | known.SSLError():
                return Unfetchable(f"TLS with {host} failed: {_reason(error)}", "correct the URL")
            case known.NewConnectionError() | known.ConnectTimeoutError():
                return _NotConnected(f"{host} does not accept connections", _TRY_AGAIN)
            case TimeoutError() | known.TimeoutError():
                return Unfetchable(f"{host} sent nothing for {self.silence_seconds:.0f} s", _TRY_AGAIN)
        return Unfetchable(f"{host} ended the connection: {_reason(error)}", _TRY_AGAIN)

    def _too_slow(self) -> Unfetchable:
        return Unfetchable(f"it took more than {self.total_seconds:.0f} s", _TRY_AGAIN)


def _shut_down(connection: HTTPSConnection) -> None:
    """End what another thread waits for."""
    with contextlib.suppress(OSError, AttributeError):  # it may not be connected yet, or no longer
        connection.sock.shutdown(socket.SHUT_RDWR)


class _NotConnected(Unfetchable):
    """Nothing was sent: another address of the host may work."""


def _parts(url: str) -> tuple[str, int, str]:
    """Host, port and target of a request. Raises Unfetchable for a URL that is not fetched."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port or 443
    except ValueError:
        raise Unfetchable("it is no valid URL", "correct it") from None
    if parts.scheme != "https":
        raise Unfetchable(f"it leads to {parts.scheme or 'no scheme'}, and only https is fetched", "write https://")
    if parts.username is not None:
        raise Unfetchable("it holds a user name", "put the file beside the YAML")
    if not host:
        raise Unfetchable("it names no host", "correct it")
    return host, port, _target(parts)


def _target(parts: SplitResult) -> str:
    text = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(text, safe=_SAFE)


def _reason(error: Exception) -> str:
    return _CONTROL.sub(" ", str(error)).strip()[:120]
