"""What is printed must not decide what happens: a reader that has gone, or a terminal that lacks a character."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer


class _Enduring(io.FileIO):
    """A file descriptor whose reader may go away (`| head -1`): what is written after that is lost, and nothing else.

    A push or a go-live in such a pipe has to come to its end, and its exit code to be that of what it did. A full disk
    is told, once.
    """

    def write(self, data: Buffer) -> int:
        """As usual; once it has failed, into nothing."""
        try:
            return super().write(data)
        except OSError as error:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            if not isinstance(error, BrokenPipeError):
                raise
            return super().write(data)


def harden_streams() -> None:
    """Make stdout and stderr outlive their readers, and replace what they cannot encode.

    Streams that somebody has put in their place (a test, `demo`) stay.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
            if stream is getattr(sys, f"__{name}__"):
                setattr(sys, name, _enduring(stream))


def _enduring(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    raw = _Enduring(stream.fileno(), "w", closefd=False)
    at_once = stream.line_buffering or stream.write_through
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, "replace", line_buffering=at_once)
