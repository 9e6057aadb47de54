"""What the store has of a sale, by its manifest; whether a push is due, and whether there is time for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flashgen import timestamps
from flashgen.doctor.sale import in_words
from flashgen.doctor.subject import Subject
from flashgen.finding import Finding, Level
from flashgen.release.manifest import Claim, read_manifest
from flashgen.release.plan import Plan, make_plan
from flashgen.sale.model import Header

FREEZE_SOON = timedelta(hours=6)
REASONS_SHOWN = 3


def check(header: Header, subject: Subject) -> Iterator[Finding]:
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
    since = f"{claim.who} began a push at {timestamps.to_text(claim.when)} and has not finished it"
    return Finding(Level.FAIL, name, since, f"wait for it; if it died, `flashgen push {sale} --take-over`")


def _due(name: str, plan: Plan) -> Finding:
    if plan.is_noop:
        return Finding(Level.PASS, name, f"{plan.unchanged:,} files are in the store as they were built")
    first = ", ".join(f"{change.key} ({change.reason})" for change in plan.changes[:REASONS_SHOWN])
    more = f" and {len(plan.changes) - REASONS_SHOWN:,} more" if len(plan.changes) > REASONS_SHOWN else ""
    return Finding(Level.WARN, name, f"a push is due: {first}{more}", f"flashgen push {plan.site.sale}")


def check_freeze(header: Header, subject: Subject) -> Iterator[Finding]:
    """When pushes close. Around the start they need `--force`."""
    name, now = f"{header.id}: freeze", subject.now
    closes, opens = header.starts_at - subject.freeze_before, header.starts_at + subject.freeze_after
    if now < closes:
        soon = closes - now <= FREEZE_SOON
        hint = "push what has to be pushed now; `freeze` in flashgen.yaml sets the window" if soon else ""
        yield Finding(Level.WARN if soon else Level.PASS, name, f"pushes close in {in_words(closes - now)}", hint)
    elif now < opens:
        message = f"pushes are closed until {timestamps.to_text(opens)}"
        yield Finding(Level.WARN, name, message, "only `flashgen push --force` pushes now")
    else:
        yield Finding(Level.PASS, name, "over: pushes are open")
