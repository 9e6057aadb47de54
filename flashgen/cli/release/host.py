"""The host's root as `plan` and `push` show it, and carrying out its plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from flashgen.cli.release.plan_text import plan_row
from flashgen.cli.runtime import this_actor
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError
from flashgen.page.site import Site
from flashgen.release.host import HostPlan, plan_host, push_host


def make_host_plan(
    session: Session, sites: Iterable[Site], *, removed: Iterable[str] = (), refresh: bool = False
) -> HostPlan:
    """What pushing `sites`, or taking sales off, changes at the host's root, in the chosen target."""
    cache_control = session.project.page_cache(session.target_name)
    entries = [site.entry for site in sites]
    plan = plan_host(session.store, entries, cache_control, removed=removed, refresh=refresh)
    for key in plan.others:
        session.note(f"host's root: {key} is not flashgen's, and left alone")
    return plan


def print_host_plan(session: Session, plan: HostPlan) -> None:
    """Its changes with their reasons; nothing if there are none."""
    for line in _lines(plan):
        session.say(line)


def _lines(plan: HostPlan) -> Iterator[str]:
    if plan.changes:
        yield ""
        title = click.style("host's root", bold=True)
        yield f"{title}  shared by all sales on the host"
        column = max(len(change.key) for change in plan.changes)
        yield from (plan_row(change, column) for change in plan.changes)


def publish_host(session: Session, plan: HostPlan) -> int:
    """Carry it out; returns how many paths were put. Nothing is done if there is nothing to do."""
    if plan.is_noop:
        return 0
    try:
        paths = push_host(plan, session.store, this_actor(), session.cdn)
    except FlashgenError:
        up = "the sales are up, and " if plan.entries else ""
        session.alert(f"{up}the host's root is not yet what it should be: the same command finishes it")
        raise
    session.say("host's root: pushed")
    return len(paths)
