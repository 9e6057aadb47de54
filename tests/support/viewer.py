"""A viewer: one request over a connection of its own, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Seen:
    """A response; names of `fields` are in lower case."""

    status: int
    fields: Mapping[str, str]
    body: bytes


def look(url: str, path: str, method: str = "GET", sends: Mapping[str, str] | None = None) -> Seen:
    """Send a request with the path as it is written, and read the whole answer; no redirect is followed.

    An answer with a header field twice is refused: of two dates nobody knows which counts.
    """
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path, headers={"Accept-Encoding": "identity", **(sends or {})})
        response = connection.getresponse()
        pairs = [(name.lower(), value) for name, value in response.getheaders()]
        assert len(dict(pairs)) == len(pairs), f"a field comes twice: {pairs}"
        return Seen(response.status, dict(pairs), response.read())
    finally:
        connection.close()
