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

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from flashgen.cli.app import app
from flashgen.cli.failure import Failure, explain
from flashgen.cli.session import Session
from flashgen.cli.streams import harden_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run flashgen with `arguments` (the process's own by default) and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    session = Session()
    harden_streams()
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
