"""What `plan` and `push` have in common: sites compared with a target's manifests, saved plans, what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from flashgen import timestamps
from flashgen.cli.release.build import build_all, built_sites
from flashgen.cli.release.plan_text import plan_lines
from flashgen.cli.runtime import now, operator
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.page.output import replace_file
from flashgen.page.site import Site
from flashgen.release.drift import find_drift
from flashgen.release.freeze import freeze_window_of
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Plan, Wave, make_plan
from flashgen.release.saved_plan import SavedPlan, is_carried_out, is_plan, parse_plan, plan_again, render_plan, save
from flashgen.store import Store

UNTRACKED_NAMED = 5


def make_plans(session: Session, sales: Sequence[str], *, build: bool, refresh: bool = False) -> list[Plan]:
    """A plan for each sale against the chosen target; with `refresh` the store itself is looked at, too."""
    if build:
        sites = [one.site for one in build_all(session, sales, session.project.build_folder, None)]
    else:
        sites = built_sites(session, sales)
    store = session.project.store(session.target_name)
    return [_plan(session, _for_target(session, site), store, refresh=refresh) for site in sites]


def _for_target(session: Session, site: Site) -> Site:
    return site.with_page_cache(session.project.page_cache(session.target_name))


def _plan(session: Session, site: Site, store: Store, *, refresh: bool) -> Plan:
    base = read_manifest(store, site.sale)
    if not refresh:
        return make_plan(site, base)
    drift = find_drift(site, base, store)
    _note_untracked(session, site.sale, drift.untracked)
    return make_plan(site, base, drift.reasons)


def _note_untracked(session: Session, sale: str, untracked: Sequence[str]) -> None:
    if untracked:
        names = ", ".join(untracked if session.verbose else untracked[:UNTRACKED_NAMED])
        more = "" if session.verbose or len(untracked) <= UNTRACKED_NAMED else ", …"
        count = "1 untracked object" if len(untracked) == 1 else f"{len(untracked):,} untracked objects"
        session.note(f"{sale}: {count}, left alone: {names}{more}")


def save_plans(session: Session, plans: Sequence[Plan], path: Path) -> None:
    """Write plans into a file for `push`. Raises Refused rather than write over something else."""
    if path.exists() and not (path.is_file() and is_plan(path.read_bytes())):
        raise Refused(f"{path} is there already, and is no plan", "give another name: -o tonight.json")
    if not path.parent.is_dir():
        raise Refused(f"{path}: there is no folder {path.parent}", "make it, or give another name")
    name, target = session.project.target(session.target_name)
    replace_file(path, render_plan(save(plans, name, target.store, operator(), now())))


def read_plans(session: Session, path: Path) -> list[Plan]:
    """The plans of a file, where they still hold; those that were carried out already are only told of.

    Without `--target` the plan's own is chosen. Raises LostRace and Refused as `plan_again` does.
    """
    saved = parse_plan(path.read_bytes(), str(path))
    _choose_target(session, saved, path)
    store = session.project.store(session.target_name)
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
            f"push it there: leave --target out; or plan anew: flashgen plan --target {session.target_name} -o {path}",
        )
    session.target_name = saved.target
    store = session.project.target(saved.target)[1].store
    if store != saved.store:
        raise Refused(
            f"{path} was made for {saved.store}; the store of target `{saved.target}` is now {store}",
            f"correct `store:` in flashgen.yaml, or plan anew: flashgen plan --target {saved.target} -o {path}",
        )


def show_plans(session: Session, plans: Sequence[Plan]) -> None:
    """Where it goes, then each sale's changes with their reasons; runs of the like are cut unless -v is given."""
    show_target(session)
    for plan in plans:
        if not plan.is_noop:
            session.say()
        for line in plan_lines(plan, all_shown=session.verbose > 0):
            session.say(line)


def show_target(session: Session) -> None:
    """One line: the target's name, its store, and where the public sees it."""
    name, target = session.project.target(session.target_name)
    places = [session.project.store(session.target_name).url, *([target.url] if target.url else [])]
    session.say("  ".join([click.style(name, bold=True), *places]))


def freeze_window(session: Session) -> tuple[timedelta, timedelta]:
    """How long before and after the start of a sale nothing is pushed or pruned."""
    freeze = session.project.settings.freeze
    return timedelta(seconds=freeze.before), timedelta(seconds=freeze.after)


def check_freezes(session: Session, plans: Sequence[Plan]) -> None:
    """Raises Refused around the start that a site was built with, and the one that was pushed.

    A pointer that is gone is put again at any time: without it nobody can buy.
    """
    for plan in plans:
        if all(change.wave is Wave.POINTER and change.is_drift for change in plan.changes):
            continue
        freeze_window_of(plan.base.manifest, plan.site.pointer.state.starts_at, *freeze_window(session)).check(now())


def plan_facts(session: Session, plans: Sequence[Plan]) -> dict[str, Any]:
    """Plans as in `--json`."""
    name, target = session.project.target(session.target_name)
    return {
        "target": name,
        "store": target.store,
        "is_noop": all(plan.is_noop for plan in plans),
        "changes": [
            {"op": change.op.value, "key": change.key, "reason": change.reason}
            for plan in plans
            for change in plan.changes
        ],
        "unchanged": sum(plan.unchanged for plan in plans),
        "sales": [_sale_facts(plan) for plan in plans],
    }


def _sale_facts(plan: Plan) -> dict[str, Any]:
    before = plan.base.manifest
    when = timestamps.to_text(before.when) if before.when else None
    base = {"etag": plan.base.etag, "who": before.who or None, "when": when}
    return {"sale": plan.site.sale, "is_noop": plan.is_noop, "unchanged": plan.unchanged, "base": base}
