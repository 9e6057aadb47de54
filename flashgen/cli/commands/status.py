"""`flashgen status`: the state of each sale, who made it so, what the public sees, and drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError, InvalidInput, Problem

if TYPE_CHECKING:
    from flashgen.cli.status.model import SaleStatus
    from flashgen.sale.model import Header


@command("status")
@sales_argument
@click.option(
    "--watch", is_flag=True, help="Poll every 2 s until Ctrl-C; without a terminal print a line for each change."
)
def status(session: Session, sales: tuple[str, ...], watch: bool) -> dict[str, Any]:
    """Show state, revision, who and when, what the edge shows, and drift.

    Of one sale, or with -v, also the history, and attempts that came to nothing.
    """
    from flashgen.cli.status.model import to_json
    from flashgen.cli.status.read import read_statuses
    from flashgen.cli.status.watch import watch_sales

    if watch and session.as_json:
        raise click.UsageError("--watch never ends: there is no JSON document to print")
    headers, problems = _headers(session, sales)
    if watch:
        if problems:
            raise InvalidInput(problems)
        watch_sales(session, headers)
        return {}
    in_depth = len(headers) == 1 or session.verbose > 0
    found = read_statuses(session, headers, in_depth=in_depth)
    errors = [one for one in found if isinstance(one, FlashgenError)]
    rows = [one for one in found if not isinstance(one, FlashgenError)]
    for row in rows:
        _print(session, row, in_depth=in_depth)
    _raise(session, [*errors, InvalidInput(problems)] if problems else errors)
    return {"sales": [to_json(row) for row in rows]}


def _headers(session: Session, sales: tuple[str, ...]) -> tuple[list[Header], list[Problem]]:
    """The headers that can be read, and the problems of the others."""
    from flashgen.cli.runtime import open_header

    headers: list[Header] = []
    problems: list[Problem] = []
    for path in session.project.sale_paths(sales):
        try:
            headers.append(open_header(session, path.stem))
        except InvalidInput as invalid:
            problems += invalid.problems
    return headers, problems


def _print(session: Session, row: SaleStatus, *, in_depth: bool) -> None:
    from flashgen.cli.status.text import lines, required_action

    for line in lines(row, with_history=in_depth):
        session.say(line)
    if step := required_action(row):
        session.next_step(step)


def _raise(session: Session, errors: list[FlashgenError]) -> None:
    """Print every error but the last, which ends the command."""
    from flashgen.cli.failure import explain

    for error in errors[:-1]:
        session.alert(explain(error, session).text)
    if errors:
        raise errors[-1]
