"""The one boundary: runs a command, turns its result into a JSON document and every exception into text and exit code.

==== ==============================================
   0 done, or nothing to do
   1 expected failure: bad input, refused, failed check
   2 wrong usage
   3 a bug in flashgen
   4 another operator won; nothing was changed
 130 interrupted
==== ==============================================
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import json
import os
import select
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.app import app
from flashgen.cli.failure import INTERRUPTED, Failure, explain
from flashgen.cli.session import Session
from flashgen.errors import Refused

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

COLLECT_EVERY = 200_000
"""New objects between two garbage collections. Go-live makes fewer; with Python's default of 700 there would be 130."""

_OUTPUT_HINT = "have its output go elsewhere, or free some space"


def run() -> int:
    """Run flashgen as the whole process, with the process's arguments; return its exit code."""
    # Secrets, orders and pages: what is written here is not for everybody to change, whatever the shell's umask allows.
    os.umask(os.umask(0) | stat.S_IWOTH)
    gc.set_threshold(COLLECT_EVERY, 20, 20)
    # At exit Python would search all imported objects for cycles, although the system frees them with the process.
    atexit.register(gc.freeze)
    try:
        return main()
    except KeyboardInterrupt:
        # It came just before or after the command. Python would print a traceback and kill itself by SIGINT.
        return INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run flashgen with `arguments` (the process's own by default) and return its exit code.

    Raises KeyboardInterrupt only if it comes before the command begins, or while its end is reported.
    """
    typed = list(sys.argv[1:] if arguments is None else arguments)
    session = Session()
    _harden_streams()
    try:
        result = app.main(typed, "flashgen", standalone_mode=False, obj=session, color=_colour())
    except BaseException as error:  # noqa: BLE001  this is the boundary
        failure = explain(error, session)
        _fail(failure, session, as_json=session.as_json or "--json" in typed)
        return failure.exit_code
    if session.as_json and isinstance(result, dict):
        _print_document(session.exit_code == 0, session.command, result, [])
    return _exit_code(session)


def _exit_code(session: Session) -> int:
    """Of a command that came to its end. Output that is lost is a failure only if the command was run for it."""
    if (lost := _lost_output()) is None:
        return session.exit_code
    reason = "is closed" if lost.errno == errno.EBADF else f"has {(lost.strerror or str(lost)).lower()}"
    trouble = f"not all of the output was written: stdout {reason}"
    if session.has_begun:
        session.warn(f"done, but {trouble}", _OUTPUT_HINT)
        return session.exit_code
    failure = explain(Refused(trouble, _OUTPUT_HINT), session)
    _fail(failure, session, as_json=False)  # stdout is what failed
    return failure.exit_code


def _colour() -> bool | None:
    """Whether to write escape codes; None where that depends on the stream: they are for terminals.

    NO_COLOR and FORCE_COLOR count unless empty (https://no-color.org, https://force-color.org), as in rich.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def _fail(failure: Failure, session: Session, *, as_json: bool) -> None:
    if as_json:
        _print_document(False, session.command, failure.result, failure.problems)
    if failure.text and (not as_json or _lost_output()):
        click.echo(failure.text, err=True, color=_colour())


def _print_document(ok: bool, command: str, result: dict[str, Any], problems: list[dict[str, Any]]) -> None:
    document = {"ok": ok, "command": command, "result": result, "problems": problems}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _harden_streams() -> None:
    """Make the standard streams survive their readers, full disks and a shell that closed them (`>&-`).

    What stdout and stderr cannot encode is replaced. Streams that a test or `demo` has installed stay as they are.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  it stays open
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # It takes the lowest number that is free, the stream's own, before a file or connection gets it; what is
            # written to it fails, as to a stream that is closed.
            setattr(sys, name, _enduring(os.open(os.devnull, os.O_RDONLY), "utf-8", line_buffering=False))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
            if stream is getattr(sys, f"__{name}__"):
                stream.flush()
                at_once = stream.line_buffering or stream.write_through
                setattr(sys, name, _enduring(stream.fileno(), stream.encoding, line_buffering=at_once))


def _enduring(descriptor: int, encoding: str, *, line_buffering: bool) -> io.TextIOWrapper:
    raw = io.BufferedWriter(_Enduring(descriptor, "w", closefd=False))
    return io.TextIOWrapper(raw, encoding, "replace", line_buffering=line_buffering)


def _lost_output() -> OSError | None:
    """Why not all of stdout was written; None if it was, or if its reader went away."""
    stream: Any = sys.stdout
    stream.flush()
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw.lost if isinstance(raw, _Enduring) else None


class _Enduring(io.FileIO):
    """A file descriptor that never fails: what cannot be written is dropped, and all that follows.

    A push or a go-live runs to its end, and its exit code says what it did. `lost` is why output was dropped, but for
    a reader that has gone (`| head -1`): it had what it wanted.
    """

    lost: OSError | None = None

    def write(self, data: Buffer) -> int:
        """Write as usual, and wait if the descriptor would not; after a first failure to the null device."""
        try:
            # A shell or a CI runner may share a pipe that one of its programs has set to not block.
            while (written := super().write(data)) is None:
                select.select((), (self.fileno(),), ())
            return written
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.lost = error
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            return super().write(data)
