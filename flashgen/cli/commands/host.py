"""`flashgen host`: which sales are at the host's root, and taking one off it."""

from __future__ import annotations

from typing import Any

import click

from flashgen.cli.options import command, sale_argument, yes_option
from flashgen.cli.session import Session


@click.group("host")
def host() -> None:
    """The host's root, which all sales of a store share."""


@command("list")
def list_entries(session: Session) -> dict[str, Any]:
    """List the sales at the root, from the one that starts first."""
    from flashgen.release.host_registry import read_registry

    registry = read_registry(session.store).registry
    entries = sorted(registry.entries.values(), key=lambda one: (one.starts_at, one.sale))
    width = max((len(one.sale) for one in entries), default=0)
    for one in entries:
        secret = "" if one.is_listed else "  (noindex: not shown)"
        session.say(f"{click.style(one.sale.ljust(width), bold=True)}  {one.starts_at}  {one.links[0].title}{secret}")
    if not entries:
        session.say(f"no sale is at the root of {session.store.url}")
    for key in registry.others:
        session.note(f"{key} is not flashgen's, and left alone")
    rows = [
        {"sale": one.sale, "title": one.links[0].title, "starts_at": one.starts_at, "is_listed": one.is_listed}
        for one in entries
    ]
    return {"sales": rows, "others": list(registry.others)}


@command("remove")
@sale_argument
@yes_option
def remove(session: Session, sale: str, yes: bool) -> dict[str, Any]:
    """Take a sale off the root: its list, sitemap and look. Its pages stay.

    The sale's YAML may be gone. The next push of the sale puts it back.
    """
    from flashgen.cli.release.host import make_host_plan, print_host_plan, publish_host
    from flashgen.cli.release.plan import print_target
    from flashgen.cli.runtime import check_conditions
    from flashgen.document.yaml_files import yaml_file
    from flashgen.release.host_registry import read_registry

    known = read_registry(session.store).registry.entries
    plan = make_host_plan(session, (), removed=[sale])
    if sale not in known:
        session.say(f"{sale} is not at the root of {session.store.url}")
        if known:
            session.note(f"there: {', '.join(sorted(known))}")
    if not plan.is_noop:
        print_target(session)
        print_host_plan(session, plan)
        doing = f"take {sale} off" if sale in known else "bring an unfinished push to its end at"
        session.confirm(f"{doing} the root of {session.store.url}?", yes)
        check_conditions(session, [sale])
        session.has_begun = True
        publish_host(session, plan)
    path = yaml_file(session.project.root / "sale_configs", sale)
    if sale in known and path.is_file():
        session.note(f"{path.relative_to(session.project.root)} is still there: the sale's next push puts it back")
    changes = [{"op": one.op.value, "key": one.key, "reason": one.reason} for one in plan.changes]
    return {"sale": sale, "removed": sale in known, "is_noop": plan.is_noop, "changes": changes}


for each in (list_entries, remove):
    host.add_command(each)
