"""`flashgen push`: put the pages into the store, wave by wave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument, yes_option
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.release.plan import Plan


@command("push")
@sales_argument
@click.option("--no-build", is_flag=True, help="Push build/ as it is.")
@click.option("--take-over", is_flag=True, help="Break the claim of a push that died.")
@click.option("--force", is_flag=True, help="Push although a sale is about to start.")
@yes_option
def push(
    session: Session, sales: tuple[str, ...], no_build: bool, take_over: bool, force: bool, yes: bool
) -> dict[str, Any]:
    """Put what changed into the store: assets, the unlock script, pages."""
    from flashgen.cli.planning import make_plans, plan_facts, show_plan
    from flashgen.cli.pushing import publish
    from flashgen.release.plan import Op

    plans = make_plans(session, sales, build=not no_build)
    to_do = [plan for plan in plans if not plan.is_noop]
    for plan in plans:
        show_plan(session, plan)
    if to_do:
        if not force:
            _check_freeze(session, to_do)
        session.confirm(f"push this to {session.project.store(session.target_name).url}?", yes)
    for plan in to_do:
        publish(session, plan, take_over=take_over)
        session.say(f"{plan.site.sale}: pushed")
    for plan in to_do[:1]:
        session.next_step(f"flashgen go-live {plan.site.sale} --at start")
    return {
        **plan_facts(plans),
        "uploaded": sum(change.op in (Op.CREATE, Op.UPDATE) for plan in plans for change in plan.changes),
        "unchanged": sum(plan.unchanged for plan in plans),
    }


def _check_freeze(session: Session, plans: Sequence[Plan]) -> None:
    from flashgen.cli.operating import now
    from flashgen.release.freeze import check_freeze

    freeze = session.project.settings.freeze
    before, after = timedelta(seconds=freeze.before), timedelta(seconds=freeze.after)
    for plan in plans:
        pushed = plan.base.manifest.pointer
        starts = {plan.site.pointer.state.starts_at, *([pushed.starts_at] if pushed else [])}
        for starts_at in sorted(starts):
            check_freeze(plan.site.sale, starts_at, now(), before, after)
