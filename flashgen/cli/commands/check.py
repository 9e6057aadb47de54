"""`flashgen check`: everything a build does, but write."""

from __future__ import annotations

from typing import Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput, Problem


@command("check")
@sales_argument
def check(session: Session, sales: tuple[str, ...]) -> dict[str, Any]:
    """Validate YAML, feed, theme, images and budgets; write nothing."""
    from flashgen.cli.release.build import default_jobs, show_warnings
    from flashgen.page.check import check_sale

    problems: list[Problem] = []
    warnings: list[Problem] = []
    paths = session.project.sale_paths(sales)
    for path in paths:
        try:
            warnings += check_sale(path, session.project.root, default_jobs())
        except InvalidInput as invalid:
            problems += invalid.problems
    show_warnings(session, warnings)
    if problems:
        raise InvalidInput(problems)
    for path in paths:
        session.say(f"{path.stem}: {click.style('ok', fg='green')}")
    session.next_step("flashgen build")
    return {"sales": [path.stem for path in paths], "warnings": len(warnings)}
