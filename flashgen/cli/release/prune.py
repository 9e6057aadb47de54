"""What `prune` prints and refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
from rich.filesize import decimal

from flashgen import timestamps
from flashgen.cli.release.plan import freeze_window, print_target
from flashgen.cli.release.plan_text import fit_name, terminal_width
from flashgen.cli.runtime import now, this_actor
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.page.headers import LONGEST_PAGE_LIFE
from flashgen.release.freeze import freeze_window_of
from flashgen.release.manifest import PRUNE
from flashgen.release.manifest_claim import may_be_alive
from flashgen.release.prune import PrunePlan, next_due_at, prune
from flashgen.sale.model import Header

MOST_ROWS = 20
ROOM_FOR_DETAILS = 45
"""Columns beside a key: signs, gaps, size and date."""


def check_age(older_than: timedelta) -> None:
    """Raises Refused for less time than a page may be cached, whatever headers it was pushed with."""
    if older_than < LONGEST_PAGE_LIFE:
        days = LONGEST_PAGE_LIFE.days
        raise Refused(
            f"browsers and edges may have pages of {days} days ago: what was dropped since may still be needed",
            f"leave --older-than at its {days}d, or use --force",
        )


def check_freeze(session: Session, header: Header, plan: PrunePlan) -> None:
    """Raises Refused around the start in the YAML, and around the one that was pushed."""
    freeze_window_of(plan.base.manifest, header.starts_at, *freeze_window(session)).check(now())


def print_plan(session: Session, plan: PrunePlan, older_than: timedelta) -> None:
    """Each object that is due, with its size and when it was dropped; then a summary."""
    print_target(session)
    printed = plan.deletions if session.verbose else plan.deletions[:MOST_ROWS]
    column = min(max((len(one.key) for one in printed), default=0), terminal_width() - ROOM_FOR_DETAILS)
    sign = click.style("-", fg="red", bold=True)
    for one in printed:
        size = "is gone" if one.body_bytes is None else decimal(one.body_bytes)
        dropped_at = timestamps.to_text(one.dropped_at)
        session.say(f"  {sign} {fit_name(one.key, column):<{column}}  {size:>9}  dropped {dropped_at}")
    if rest := len(plan.deletions) - len(printed):
        session.say(f"    … {rest:,} more; -v shows all")
    session.say(f"{plan.base.manifest.sale}: {_summary(plan, older_than)}")


def _summary(plan: PrunePlan, older_than: timedelta) -> str:
    if plan.deletions:
        rest = f"; {_objects(plan.kept)} that left it too stay for now" if plan.kept else ""
        return f"{_objects(len(plan.deletions))} to delete, {decimal(plan.body_bytes)}{rest}"
    if not plan.is_noop:
        return "nothing to delete; a prune that died is brought to its end"
    if not plan.kept:
        return "nothing to delete: nothing has left the sale"
    due_at = next_due_at(plan.base.manifest, older_than)
    due = f"; the first is due at {timestamps.to_text(due_at)}" if due_at else ""
    return f"nothing to delete yet: {_objects(plan.kept)} that left the sale stay{due}"


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count:,} objects"


def carry_out(session: Session, header: Header, plan: PrunePlan) -> None:
    """Delete what is due."""
    if may_be_alive(plan.base.manifest.claim, PRUNE, now()):
        session.note(f"{header.id}: waiting until the prune that stopped is surely at its end (about a minute)")
    session.has_begun = True
    prune(plan, session.store, this_actor(), session.cdn)
    session.say(f"{header.id}: pruned")


def to_json(plan: PrunePlan, older_than: timedelta, *, is_done: bool) -> dict[str, Any]:
    """For `--json`: `due` before the deletion, `deleted` after it."""
    rows = [
        {"key": one.key, "dropped_at": timestamps.to_text(one.dropped_at), "bytes": one.body_bytes}
        for one in plan.deletions
    ]
    due_at = next_due_at(plan.base.manifest, older_than)
    return {
        "sale": plan.base.manifest.sale,
        "deleted": rows if is_done else [],
        "due": [] if is_done else rows,
        "kept": plan.kept,
        "bytes": plan.body_bytes,
        "next_due_at": timestamps.to_text(due_at) if due_at and not plan.deletions else None,
    }
