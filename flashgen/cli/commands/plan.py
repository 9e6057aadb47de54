"""`flashgen plan`: what push would do."""

from __future__ import annotations

from typing import Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session


@command("plan")
@sales_argument
@click.option("--no-build", is_flag=True, help="Compare build/ as it is.")
def plan(session: Session, sales: tuple[str, ...], no_build: bool) -> dict[str, Any]:
    """Show what push would do, each change with its reason."""
    from flashgen.cli.planning import make_plans, plan_facts, show_plan

    plans = make_plans(session, sales, build=not no_build)
    for one in plans:
        show_plan(session, one)
    if not all(one.is_noop for one in plans):
        session.next_step("flashgen push")
    return plan_facts(plans)
