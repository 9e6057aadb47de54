"""What the store has of a sale, by its manifest; whether a push is due, and whether there is time for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flashgen import timestamps
from flashgen.doctor.context import DoctorContext
from flashgen.doctor.sale import in_words
from flashgen.finding import Finding, Level
from flashgen.release.freeze import freeze_window_of
from flashgen.release.manifest import Claim, read_manifest
from flashgen.release.plan import Plan, make_plan
from flashgen.sale.model import Header

FREEZE_SOON = timedelta(hours=6)
REASONS_SHOWN = 3


def check(header: Header, subject: DoctorContext) -> Iterator[Finding]:
    """Whether the store has what was built."""
    name = f"{header.id}: push"
    seen, site = read_manifest(subject.store, header.id), subject.site(header.id)
    if seen.etag is None:
        message = f"it was never pushed to {subject.store.url}"
        yield Finding(Level.FAIL, name, message, f"flashgen push {header.id}")
    elif seen.manifest.claim:
        yield _unfinished(name, header.id, seen.manifest.claim)
    elif site:
        yield _due(name, make_plan(site, seen))


def _unfinished(name: str, sale: str, claim: Claim) -> Finding:
    began, finish = ("to prune", f"prune {sale}") if claim.is_prune else ("a push", f"push {sale} --take-over")
    since = f"{claim.who} began {began} at {timestamps.to_text(claim.when)} and has not finished it"
    return Finding(Level.FAIL, name, since, f"wait for it; if it died, `flashgen {finish}`")


def _due(name: str, plan: Plan) -> Finding:
    if plan.is_noop:
        return Finding(Level.PASS, name, f"{plan.unchanged:,} files are in the store as they were built")
    first = ", ".join(f"{change.key} ({change.reason})" for change in plan.changes[:REASONS_SHOWN])
    more = f" and {len(plan.changes) - REASONS_SHOWN:,} more" if len(plan.changes) > REASONS_SHOWN else ""
    return Finding(Level.WARN, name, f"a push is due: {first}{more}", f"flashgen push {plan.site.sale}")


def check_freeze(header: Header, subject: DoctorContext) -> Iterator[Finding]:
    """When pushes close: around the start that the YAML says, and the one that was pushed. Then they need `--force`."""
    name, now = f"{header.id}: freeze", subject.now
    manifest = read_manifest(subject.store, header.id).manifest
    freeze = freeze_window_of(manifest, header.starts_at, subject.freeze_before, subject.freeze_after)
    if opens_at := freeze.opens_at(now):
        message = f"pushes are closed until {timestamps.to_text(opens_at)}"
        yield Finding(Level.WARN, name, message, "only `flashgen push --force` pushes now")
    elif closes_at := freeze.closes_at(now):
        soon = closes_at - now <= FREEZE_SOON
        hint = "push what has to be pushed now; `freeze` in flashgen.yaml sets the window" if soon else ""
        yield Finding(Level.WARN if soon else Level.PASS, name, f"pushes close in {in_words(closes_at - now)}", hint)
    else:
        yield Finding(Level.PASS, name, "over: pushes are open")
