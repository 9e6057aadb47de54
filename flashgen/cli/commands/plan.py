"""`flashgen plan`: what push would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session
from flashgen.hint import command_line


@command("plan")
@sales_argument
@click.option("--no-build", is_flag=True, help="Compare build/ as it is.")
@click.option("--refresh", is_flag=True, help="Check the store itself: what was changed or removed by hand?")
@click.option(
    "--out", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan, for `flashgen push FILE`."
)
def plan(session: Session, sales: tuple[str, ...], no_build: bool, refresh: bool, out: Path | None) -> dict[str, Any]:
    """Show what push would do, each change with its reason."""
    from flashgen.cli.release.host import make_host_plan, print_host_plan
    from flashgen.cli.release.plan import make_plans, plans_to_json, print_plans, save_plans

    plans = make_plans(session, sales, build=not no_build, refresh=refresh)
    host = make_host_plan(session, [one.site for one in plans], refresh=refresh)
    print_plans(session, plans)
    print_host_plan(session, host)
    if out:
        save_plans(session, plans, out)
        session.note(f"saved in {out}: flashgen push {out} does this and nothing else")
    elif not (host.is_noop and all(one.is_noop for one in plans)):
        session.next_step(command_line(" ".join(["push", *sales, *(["--refresh"] if refresh else [])])))
    return {**plans_to_json(session, plans, host), "uploaded": 0, "saved": str(out) if out else None}
