"""Every exception as people read it: what went wrong, where, and the fix."""

from __future__ import annotations

import errno
import os
import tempfile
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flashgen.cli.session import Session
from flashgen.errors import FlashgenError, InvalidInput, LostRace, NotSeen, Problem

_BUG_REPORT = "please report it to flashgen's makers with that file; look first at what it holds"

_OS_HINTS = {
    errno.ENOSPC: "free some space, then run the same command again; what was there before is untouched",
    errno.EDQUOT: "free some of your quota, then run the same command again; what was there before is untouched",
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
    """The Failure of an exception."""
    match error:
        case InvalidInput():
            text = "\n\n".join(problem_text(problem, "error") for problem in error.problems)
            return Failure(text, error.exit_code, [problem_facts(problem) for problem in error.problems])
        case LostRace():
            facts = {"winner": error.winner, "changed": False}
            return _simple(error.message, session.aimed(error.hint), error.exit_code, facts)
        case NotSeen():
            return _simple(error.message, session.aimed(error.hint), error.exit_code, session.result)
        case FlashgenError():
            return _simple(error.message, session.aimed(error.hint), error.exit_code)
        case click.exceptions.Exit():
            return Failure("", error.exit_code)
        case click.exceptions.NoArgsIsHelpError():
            return Failure(error.message, error.exit_code)
        case click.ClickException():
            return _usage(error)
        case click.Abort() if error.__cause__ is None:
            return _simple("not confirmed: nothing was changed", "", 130)
        case KeyboardInterrupt() | click.Abort():
            return Failure("", 130) if session.is_watching else _simple("interrupted", "", 130)
        case OSError() if error.strerror:
            name = error.filename or error.filename2 or "flashgen"
            hint = _OS_HINTS.get(error.errno or 0, "")
            return _simple(f"{_short(Path(os.fsdecode(name)))}: {error.strerror.lower()}", hint, 1)
        case _:
            return _bug(error, session)


def problem_text(problem: Problem, severity: str) -> str:
    """A problem as on a terminal: place and message, the line in question, the fix."""
    where = problem.where
    place = ":".join(str(part) for part in (_short(where.file), where.line, where.column) if part)
    head = click.style(severity, fg="red" if severity == "error" else "yellow", bold=True)
    lines = [f"{head}: {place}: {problem.message}"]
    if problem.quote:
        lines += [f"{where.line:>5} | {problem.quote}"]
    if problem.hint:
        lines += ["", f"hint: {problem.hint}"]
    return "\n".join(lines)


def problem_facts(problem: Problem) -> dict[str, Any]:
    """A problem as in `--json`; `line` and `col` are null where the file as a whole is meant."""
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
    fact = {"file": None, "line": None, "col": None, "path": None, "message": message, "hint": hint or None}
    return Failure(text, exit_code, [fact], result or {})


def _usage(error: click.ClickException) -> Failure:
    failure = _simple(_lowered(error.format_message()), "", 2)
    context = getattr(error, "ctx", None)
    usage = f"{context.get_usage()}\n\n" if context else ""
    return Failure(usage + failure.text, failure.exit_code, failure.problems)


def _lowered(message: str) -> str:
    """Click ends its sentences; we do not."""
    return (message[:1].lower() + message[1:]).rstrip(".")


def _bug(error: BaseException, session: Session) -> Failure:
    """Write the traceback where it can be found. Without locals: they hold keys."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    with tempfile.NamedTemporaryFile(
        "w", prefix=f"flashgen-{stamp}-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write(f"flashgen {session.command}\n")
        log.writelines(traceback.format_exception(error))
    return _simple(f"a bug in flashgen ({type(error).__name__}); the traceback is in {log.name}", _BUG_REPORT, 3)


def _short(path: Path) -> str:
    """Relative to where the user stands, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
