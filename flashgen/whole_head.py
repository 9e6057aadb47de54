"""Answers over HTTP that were cut off in their heads. Python takes them for whole ones with fewer headers.

A server that dies, or a proxy that is stopped, may leave `HTTP/1.1 200 OK` and no more: that is no answer.
"""

from __future__ import annotations

from http.client import HTTPResponse, RemoteDisconnected
from io import BufferedReader
from typing import Any


class WholeHeadResponse(HTTPResponse):
    """An `HTTPResponse` whose head ends with an empty line (RFC 9112, section 2.1).

    `begin` raises RemoteDisconnected for one whose connection ended before it.
    """

    def begin(self) -> None:
        """Read the head."""
        if self.headers is not None:
            return
        reader = self.fp
        lines: Any = _Lines(reader)
        self.fp = lines
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = reader
        if lines.last not in (b"\r\n", b"\n"):
            self.close()
            raise RemoteDisconnected("the connection was closed in the middle of an answer's head")


class _Lines:
    """The lines of a reader, and what the `last` one was: empty at the end of the connection."""

    def __init__(self, reader: BufferedReader) -> None:
        self._reader, self.last = reader, b""

    def readline(self, size: int = -1) -> bytes:
        """As the reader does."""
        self.last = self._reader.readline(size)
        return self.last

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()
