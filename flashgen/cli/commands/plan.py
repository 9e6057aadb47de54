"""`flashgen plan`: what push would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session


@command("plan")
@sales_argument
@click.option("--no-build", is_flag=True, help="Compare build/ as it is.")
@click.option("--refresh", is_flag=True, help="Look at the store itself: what was changed or removed by hand?")
@click.option(
    "--out", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan, for `flashgen push FILE`."
)
def plan(session: Session, sales: tuple[str, ...], no_build: bool, refresh: bool, out: Path | None) -> dict[str, Any]:
    """Show what push would do, each change with its reason."""
    from flashgen.cli.release.plan import make_plans, plan_facts, save_plans, show_plans

    plans = make_plans(session, sales, build=not no_build, refresh=refresh)
    show_plans(session, plans)
    if out:
        save_plans(session, plans, out)
        session.note(f"saved in {out}: flashgen push {out} does this and nothing else")
    elif not all(one.is_noop for one in plans):
        target = ["--target", session.target_name] if session.target_name else []
        session.next_step(" ".join(["flashgen push", *sales, *target, *(["--refresh"] if refresh else [])]))
    return {**plan_facts(session, plans), "uploaded": 0, "saved": str(out) if out else None}
