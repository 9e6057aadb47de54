"""`flashgen push`: put the pages into the store, wave by wave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command, yes_option
from flashgen.cli.session import Session


@command("push")
@click.argument("sales", nargs=-1, metavar="[SALE]...|PLAN")
@click.option("--no-build", is_flag=True, help="Push build/ as it is.")
@click.option("--refresh", is_flag=True, help="Set right what was changed or removed in the store by hand, too.")
@click.option("--take-over", is_flag=True, help="Break the claim of a push or prune that died.")
@click.option("--force", is_flag=True, help="Push although a sale is about to start.")
@yes_option
def push(
    session: Session, sales: tuple[str, ...], no_build: bool, refresh: bool, take_over: bool, force: bool, yes: bool
) -> dict[str, Any]:
    """Put what changed into the store: assets, the unlock script, pages.

    PLAN is a file of `flashgen plan -o`: it is carried out as it is, or not at all.
    """
    from flashgen.cli.release.host import make_host_plan, print_host_plan, publish_host
    from flashgen.cli.release.plan import check_freezes, make_plans, plans_to_json, print_plans, read_plans
    from flashgen.cli.release.push import next_step, publish

    if path := _plan_file(session, sales):
        if refresh:
            raise click.UsageError("a saved plan was refreshed when it was made: --refresh goes with `flashgen plan`")
        plans = read_plans(session, path)
    else:
        plans = make_plans(session, sales, build=not no_build, refresh=refresh)
    host = make_host_plan(session, [plan.site for plan in plans], refresh=refresh)
    if plans:
        print_plans(session, plans)
        print_host_plan(session, host)
    to_do = [plan for plan in plans if not plan.is_noop]
    if to_do and not force:
        check_freezes(session, to_do)
    if to_do or not host.is_noop:
        session.confirm(f"push this to {session.store.url}?", yes)
    session.has_begun = True
    pushed = [publish(session, plan, take_over=take_over) for plan in to_do]
    publish_host(session, host)
    if to_do:
        session.next_step(next_step(session, to_do[0]))
    invalidations = [{"sale": one.sale, **one.invalidation_json} for one in pushed if one.invalidation_json]
    uploaded = sum(plan.uploads for plan in plans) + len(host.changes)
    return {**plans_to_json(session, plans, host), "uploaded": uploaded, "invalidations": invalidations}


def _plan_file(session: Session, arguments: Sequence[str]) -> Path | None:
    """The saved plan among the arguments. A sale's id has neither a dot nor a slash, and a sale goes before a file."""
    files = [one for one in arguments if "." in one or "/" in one or _is_only_a_file(session, one)]
    if files and len(arguments) > 1:
        raise click.UsageError(f"a saved plan is pushed by itself: `{files[0]}` stands beside other arguments")
    return Path(files[0]) if files else None


def _is_only_a_file(session: Session, argument: str) -> bool:
    if not Path(argument).is_file():
        return False
    from flashgen.document.yaml_files import yaml_file

    return not yaml_file(session.project.root / "sale_configs", argument).is_file()
