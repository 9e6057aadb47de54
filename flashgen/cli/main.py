"""The one boundary: runs a command, turns its result into a JSON document and every exception into text and exit code.

==== ==============================================
   0 done, or nothing to do
   1 expected failure: bad input, refused, failed check
   2 wrong usage
   3 a bug in flashgen
   4 somebody else won; nothing was changed
 130 interrupted
==== ==============================================
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.app import app
from flashgen.cli.failure import Failure, explain
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

COLLECT_EVERY = 200_000
"""New objects between two garbage collections. Go-live makes fewer; with Python's own 700 it would have 130."""


def run() -> int:
    """Run flashgen as the whole process, with the process's arguments; return its exit code."""
    gc.set_threshold(COLLECT_EVERY, 20, 20)
    # At exit Python would search all imported objects for cycles, although the system frees them with the process.
    atexit.register(gc.freeze)
    return main()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run flashgen with `arguments` (the process's own by default) and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    session = Session()
    _harden_streams()
    colour = False if "NO_COLOR" in os.environ else None
    try:
        result = app.main(given, "flashgen", standalone_mode=False, obj=session, color=colour)
    except BaseException as error:  # noqa: BLE001  this is the boundary
        failure = explain(error, session)
        _fail(failure, session, as_json=session.as_json or "--json" in given)
        return failure.exit_code
    try:
        if session.as_json and isinstance(result, dict):
            _print_document(session.exit_code == 0, session.command, result, [])
        sys.stdout.flush()
    except OSError as error:
        failure = explain(error, session)
        _fail(failure, session, as_json=False)  # it is stdout that cannot take it
        return failure.exit_code
    return session.exit_code


def _fail(failure: Failure, session: Session, *, as_json: bool) -> None:
    if as_json:
        _print_document(False, session.command, failure.result, failure.problems)
    elif failure.text:
        click.echo(failure.text, err=True)


def _print_document(ok: bool, command: str, result: dict[str, Any], problems: list[dict[str, Any]]) -> None:
    document = {"ok": ok, "command": command, "result": result, "problems": problems}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _harden_streams() -> None:
    """Make stdout and stderr outlive their readers, and replace what they cannot encode.

    Streams that a test or `demo` has put in their place stay as they are.
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


class _Enduring(io.FileIO):
    """A file descriptor that survives its reader (`| head -1`): what is written after the reader has gone is dropped.

    A push or a go-live in such a pipe runs to its end, and its exit code says what it did. Other errors, such as a
    full disk, are raised once.
    """

    def write(self, data: Buffer) -> int:
        """Write as usual; after a first failure, to the null device."""
        try:
            return super().write(data)
        except OSError as error:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            if not isinstance(error, BrokenPipeError):
                raise
            return super().write(data)
