"""`flashgen prune`: delete what no cached page names any more."""

from __future__ import annotations

from typing import Any

import click

from flashgen.cli.options import command, sale_argument, yes_option
from flashgen.cli.session import Session


@command("prune")
@sale_argument
@click.option("--older-than", metavar="AGE", default="7d", show_default=True, help="Dropped at least this long ago.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted.")
@click.option("--force", is_flag=True, help="Although the sale is about to start, or pages may be cached for longer.")
@yes_option
def prune(session: Session, sale: str, older_than: str, dry_run: bool, force: bool, yes: bool) -> dict[str, Any]:
    """Delete pages and assets that left the sale so long ago that nothing cached needs them."""
    from flashgen.cli.release.prune import carry_out, check_age, check_freeze, print_plan, to_json
    from flashgen.cli.runtime import now, open_header
    from flashgen.cli.times import age
    from flashgen.release.prune import plan_prune

    header, span = open_header(session, sale), age(older_than)
    plan = plan_prune(session.store, sale, span, now())
    if not force:
        check_age(span)
    print_plan(session, plan, span)
    if plan.is_noop or dry_run:
        return to_json(plan, span, is_done=False)
    if not force:
        check_freeze(session, header, plan)
    session.confirm(f"delete this from {session.store.url}?", yes)
    carry_out(session, header, plan)
    return to_json(plan, span, is_done=True)
