"""What `plan` and `push` have in common: sites compared with a target's manifests, and how a plan is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from flashgen.cli.building import build_all, built_sites
from flashgen.cli.session import Session
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Op, Plan, make_plan

ROWS_SHOWN = 20
_COLOURS = {Op.CREATE: "green", Op.UPDATE: "yellow", Op.DROP: "red", Op.FORWARD: "cyan"}
_SIGNS = {Op.CREATE: "+", Op.UPDATE: "~", Op.DROP: "-", Op.FORWARD: ">"}


def make_plans(session: Session, sales: Sequence[str], *, build: bool) -> list[Plan]:
    """A plan for each sale against the chosen target."""
    if build:
        sites = [one.site for one in build_all(session, sales, session.project.build_folder, None)]
    else:
        sites = built_sites(session, sales)
    store = session.project.store(session.target_name)
    return [make_plan(site, read_manifest(store, site.sale)) for site in sites]


def show_plan(session: Session, plan: Plan) -> None:
    """Each change with its reason; a long plan is cut unless -v asks for all of it."""
    if plan.is_noop:
        session.say(f"{plan.site.sale}: nothing to do, {plan.unchanged:,} files are in place")
        return
    shown = plan.changes if session.verbose else plan.changes[:ROWS_SHOWN]
    for change in shown:
        sign = click.style(_SIGNS[change.op], fg=_COLOURS[change.op], bold=True)
        session.say(f"  {sign} {change.key}  ({change.reason})")
    if len(shown) < len(plan.changes):
        session.say(f"    … and {len(plan.changes) - len(shown):,} more (-v shows all)")
    counts = Counter(change.op for change in plan.changes)
    parts = [f"{counts[op]:,} to {op.value}" for op in Op if counts[op]]
    session.say(f"{plan.site.sale}: {', '.join(parts)}, {plan.unchanged:,} unchanged")


def plan_facts(plans: Sequence[Plan]) -> dict[str, Any]:
    """Plans as in `--json`."""
    return {
        "is_noop": all(plan.is_noop for plan in plans),
        "changes": [
            {"op": change.op.value, "key": change.key, "reason": change.reason}
            for plan in plans
            for change in plan.changes
        ],
    }
