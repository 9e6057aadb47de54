"""HTTP requests whose answers come in time or not at all, for servers of other people.

A time-out of a socket is from one byte to the next. Here it is for the whole answer, however it drips.
"""

from __future__ import annotations

import time
from contextlib import suppress
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any

import urllib3

from flashgen.proxies import proxy_for
from flashgen.whole_head import WholeHeadResponse

DRAIN_BYTES = 16 * 1024
"""What is read of an answer's body, to keep the connection for the next request; a longer one is not worth it."""

_READ_SECONDS = 10.0


def connections(url: str, connect_seconds: float, read_seconds: float, size: int) -> urllib3.PoolManager:
    """Connections to the server of `url`, at most `size`, through the environment's proxy if there is one for it.

    An answer has to be there `read_seconds` after it was asked for. Nothing is retried. Raises Refused for a proxy that
    cannot be used.
    """
    timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
    pool: urllib3.PoolManager
    if proxy := proxy_for(url):
        pool = urllib3.ProxyManager(
            proxy.url, 1, proxy_headers=proxy.headers, timeout=timeout, retries=False, maxsize=size
        )
    else:
        pool = urllib3.PoolManager(1, timeout=timeout, retries=False, maxsize=size)
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pool


def put_away(answer: urllib3.BaseHTTPResponse) -> bytes:
    """A connection that has been read to the end is kept for the next request; any other is closed.

    Returns the body as it was sent, without decoding; an empty one if it broke off or has DRAIN_BYTES or more.
    """
    body, is_read = b"", False
    with suppress(urllib3.exceptions.HTTPError, OSError):
        body = answer.read(DRAIN_BYTES, decode_content=False)
        # The second read raises if the body broke off: the first one returns what there was of it.
        is_read = len(body) < DRAIN_BYTES and not answer.read(1, decode_content=False)
    if not is_read:
        answer.close()
    answer.release_conn()
    return body if is_read else b""


def reason(error: BaseException) -> str:
    """Why there was no answer, in few words and without the address: it may hold a secret."""
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # first: urllib3 has it as a time-out, too
        return "cannot connect"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "timed out"
    return type(error).__name__


class _Arriving(RawIOBase):
    """What comes through a socket until `deadline` of the monotonic clock."""

    def __init__(self, raw: RawIOBase, connection: socket, deadline: float) -> None:
        self._raw = raw
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(WholeHeadResponse):
    """One that is there when the read timeout of its connection is over, or not at all."""

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(
            _Arriving(self.fp.detach(), sock, time.monotonic() + (sock.gettimeout() or _READ_SECONDS))
        )


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _Answer


class _TlsConnection(urllib3.connection.HTTPSConnection):
    response_class = _Answer


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
