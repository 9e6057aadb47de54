"""Every exception as text and as JSON: what went wrong, where, and the fix."""

from __future__ import annotations

import errno
import os
import tempfile
import traceback
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flashgen.cli.session import Session
from flashgen.errors import FlashgenError, InvalidInput, LostRace, NotSeen, Problem

INTERRUPTED = 130
"""As shells report Ctrl-C: 128 and SIGINT's number."""

_BUG_REPORT = "please report it to flashgen's makers with that file; check first what it holds"
_NO_LOG = "set TMPDIR to a folder that can be written, and run it again"

_OS_HINTS = {
    errno.ENOSPC: "free some space, then run the same command again",
    errno.EDQUOT: "free some of your quota, then run the same command again",
    errno.EACCES: "check who owns it and its mode",
    errno.EPERM: "check who owns it and its mode",
    errno.EROFS: "write somewhere else: build takes -o DIR, a store its `dir:` in flashgen.yaml",
}


@dataclass(frozen=True)
class Failure:
    """What to print and how to exit."""

    text: str
    exit_code: int
    problems: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)


def explain(error: BaseException, session: Session) -> Failure:
    """What to print for an exception, and the exit code."""
    match error:
        case InvalidInput():
            text = "\n\n".join(problem_text(problem, "error") for problem in error.problems)
            return Failure(text, error.exit_code, [problem_to_json(problem) for problem in error.problems])
        case LostRace():
            result = {"winner": error.winner, "changed": False}
            return _simple(error.message, session.aimed(error.hint), error.exit_code, result)
        case NotSeen():
            return _simple(error.message, session.aimed(error.hint), error.exit_code, session.result)
        case FlashgenError():
            return _simple(error.message, session.aimed(error.hint), error.exit_code)
        case click.exceptions.Exit():
            return Failure("", error.exit_code)
        case click.exceptions.NoArgsIsHelpError():
            return Failure(error.message, error.exit_code)
        case click.ClickException():
            message = error.format_message()
            failure = _simple((message[:1].lower() + message[1:]).rstrip("."), "", 2)  # in our style, not click's
            context = getattr(error, "ctx", None)
            return replace(failure, text=f"{context.get_usage()}\n\n{failure.text}" if context else failure.text)
        case click.Abort() if error.__cause__ is None:
            return _simple("not confirmed: nothing was changed", "", INTERRUPTED)
        case KeyboardInterrupt() | click.Abort():
            if session.is_watching:
                return Failure("", INTERRUPTED)
            unchanged = "" if session.has_begun else ": nothing public was changed"
            return _simple(f"interrupted{unchanged}", "", INTERRUPTED)
        case OSError() if error.strerror:
            name = error.filename or error.filename2 or "flashgen"
            hint = _OS_HINTS.get(error.errno or 0, "")
            return _simple(f"{_short(Path(os.fsdecode(name)))}: {error.strerror.lower()}", hint, 1)
        case _:
            return _bug(error, session)


def problem_text(problem: Problem, severity: str) -> str:
    """A problem as text: place and message, the line of the file, the fix."""
    where = problem.where
    place = replace(where, file=Path(_short(where.file)))
    head = click.style(severity, fg="red" if severity == "error" else "yellow", bold=True)
    lines = [f"{head}: {place}: {problem.message}"]
    if problem.quote:
        lines += [f"{where.line:>5} | {problem.quote}"]
    if problem.hint:
        lines += ["", f"hint: {problem.hint}"]
    return "\n".join(lines)


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """For `--json`; `line` and `col` are null for a problem of the whole file."""
    return {
        "file": _short(problem.where.file),
        "line": problem.where.line or None,
        "col": problem.where.column or None,
        "path": problem.path or None,
        "message": problem.message,
        "hint": problem.hint or None,
    }


def _simple(message: str, hint: str, exit_code: int, result: dict[str, Any] | None = None) -> Failure:
    text = f"{click.style('error', fg='red', bold=True)}: {message}" + (f"\n\nhint: {hint}" if hint else "")
    problem = {"file": None, "line": None, "col": None, "path": None, "message": message, "hint": hint or None}
    return Failure(text, exit_code, [problem], result or {})


def _bug(error: BaseException, session: Session) -> Failure:
    """Write the traceback into a log file. Without local variables, because they hold keys."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    what = f"a bug in flashgen ({type(error).__name__})"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix=f"flashgen-{stamp}-", suffix=".log", delete=False, encoding="utf-8"
        ) as log:
            log.write(f"flashgen {session.command}\n")
            log.writelines(traceback.format_exception(error))
    except OSError as full:
        reason = (full.strerror or str(full)).lower()
        return _simple(f"{what}; no file could be written with its traceback: {reason}", _NO_LOG, 3)
    return _simple(f"{what}; the traceback is in {log.name}", _BUG_REPORT, 3)


def _short(path: Path) -> str:
    """Relative to the working directory, if it is below; there may be none any more."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
