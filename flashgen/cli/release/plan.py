"""The plans of `plan` and `push`: made, saved, read from a file, printed, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from flashgen import timestamps
from flashgen.cli.release.build import build_all, built_sites
from flashgen.cli.release.plan_text import plan_lines, respelled
from flashgen.cli.runtime import now, operator
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.files import replace_file
from flashgen.page.site import Site
from flashgen.release.drift import find_drift
from flashgen.release.freeze import freeze_window_of
from flashgen.release.host import HostPlan
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Plan, Wave, make_plan
from flashgen.release.saved_plan import (
    SavedPlan,
    is_carried_out,
    is_plan,
    make_saved_plan,
    parse_plan,
    plan_again,
    render_plan,
)

UNTRACKED_NAMED = 5


def make_plans(session: Session, sales: Sequence[str], *, build: bool, refresh: bool = False) -> list[Plan]:
    """A plan for each sale against the chosen target. With `refresh` the objects in the store are checked for drift."""
    if build:
        sites = [one.site for one in build_all(session, sales, session.project.build_folder, None)]
    else:
        sites = built_sites(session, sales)
    return [_plan(session, _for_target(session, site), refresh=refresh) for site in sites]


def _for_target(session: Session, site: Site) -> Site:
    return site.with_page_cache(session.project.page_cache(session.target_name))


def _plan(session: Session, site: Site, *, refresh: bool) -> Plan:
    base = read_manifest(session.store, site.sale)
    if not refresh:
        return make_plan(site, base)
    drift = find_drift(site, base, session.store)
    if untracked := drift.untracked:
        names = ", ".join(untracked if session.verbose else untracked[:UNTRACKED_NAMED])
        more = "" if session.verbose or len(untracked) <= UNTRACKED_NAMED else ", …"
        count = "1 untracked object" if len(untracked) == 1 else f"{len(untracked):,} untracked objects"
        session.note(f"{site.sale}: {count}, left alone: {names}{more}")
    return make_plan(site, base, drift.reasons)


def save_plans(session: Session, plans: Sequence[Plan], path: Path) -> None:
    """Write plans into a file for `push`. Raises Refused if another kind of file is there."""
    if path.exists() and not (path.is_file() and is_plan(path.read_bytes())):
        raise Refused(f"{path} is there already, and is no plan", "give another name: -o tonight.json")
    if not path.parent.is_dir():
        raise Refused(f"{path}: there is no folder {path.parent}", "make it, or give another name")
    name, target = session.project.target(session.target_name)
    replace_file(path, render_plan(make_saved_plan(plans, name, target.store, operator(), now())))


def read_plans(session: Session, path: Path) -> list[Plan]:
    """The plans of a file that are not carried out yet; for the others a line is printed.

    Without `--target` the plan's own target is chosen. Raises LostRace and Refused as `plan_again` does.
    """
    saved = parse_plan(path.read_bytes(), str(path))
    _choose_target(session, saved, path)
    store = session.store
    plans = []
    for sale in saved.sales:
        current = read_manifest(store, sale.sale)
        if is_carried_out(sale, saved.when, current):
            session.say(f"{sale.sale}: already pushed; {path} is carried out")
        else:
            (site,) = built_sites(session, [sale.sale])
            plans.append(plan_again(sale, _for_target(session, site), current, str(path)))
    return plans


def _choose_target(session: Session, saved: SavedPlan, path: Path) -> None:
    if session.target_name not in (None, saved.target):
        raise Refused(
            f"{path} was made for target `{saved.target}`, not for `{session.target_name}`",
            "push it there: leave --target out; or plan it again: "
            f"flashgen plan --target {session.target_name} -o {path}",
        )
    session.target_name = saved.target
    store = session.project.target(saved.target)[1].store
    if store != saved.store:
        raise Refused(
            f"{path} was made for {saved.store}; the store of target `{saved.target}` is now {store}",
            f"correct `store:` in flashgen.yaml, or plan it again: flashgen plan --target {saved.target} -o {path}",
        )


def print_plans(session: Session, plans: Sequence[Plan]) -> None:
    """The target, then each sale's changes with their reasons. Long runs with one reason are cut, except with -v."""
    print_target(session)
    for plan in plans:
        if not plan.is_noop:
            session.say()
        for line in plan_lines(plan, all_rows=session.verbose > 0):
            session.say(line)


def print_target(session: Session) -> None:
    """One line: the target's name, its store, and its public URL."""
    name, target = session.project.target(session.target_name)
    places = [session.store.url, *([target.url] if target.url else [])]
    session.say("  ".join([click.style(name, bold=True), *places]))


def freeze_window(session: Session) -> tuple[timedelta, timedelta]:
    """How long before and after the start of a sale no push and no prune runs."""
    freeze = session.project.settings.freeze
    return timedelta(seconds=freeze.before), timedelta(seconds=freeze.after)


def check_freezes(session: Session, plans: Sequence[Plan]) -> None:
    """Raises Refused around the start that a site was built with, and around the one that was pushed.

    A missing pointer may be put again at any time: without it no shopper can buy.
    """
    for plan in plans:
        if all(change.wave is Wave.POINTER and change.is_drift for change in plan.changes):
            continue
        freeze_window_of(plan.base.manifest, plan.site.pointer.state.starts_at, *freeze_window(session)).check(now())


def plans_to_json(session: Session, plans: Sequence[Plan], host: HostPlan) -> dict[str, Any]:
    """For `--json`: the plans of sales, and that of the host's root."""
    name, target = session.project.target(session.target_name)
    changes = [*(change for plan in plans for change in plan.changes), *host.changes]
    return {
        "target": name,
        "store": target.store,
        "is_noop": host.is_noop and all(plan.is_noop for plan in plans),
        "changes": [{"op": change.op.value, "key": change.key, "reason": change.reason} for change in changes],
        "others_at_root": list(host.others),
        "unchanged": sum(plan.unchanged for plan in plans),
        "sales": [_sale_json(plan) for plan in plans],
    }


def _sale_json(plan: Plan) -> dict[str, Any]:
    before = plan.base.manifest
    when = timestamps.to_text(before.when) if before.when else None
    base = {"etag": plan.base.etag, "who": before.who or None, "when": when}
    return {
        "sale": plan.site.sale,
        "is_noop": plan.is_noop,
        "unchanged": plan.unchanged,
        "base": base,
        "respelled": respelled(plan),
    }
