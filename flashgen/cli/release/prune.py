"""What `prune` shows, refuses, asks and does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from flashgen import timestamps
from flashgen.cli.release.plan import freeze_window, show_target
from flashgen.cli.release.plan_text import fitted, terminal_width
from flashgen.cli.runtime import now, open_control
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.page.headers import LONGEST_PAGE_LIFE
from flashgen.release.claim import may_be_alive
from flashgen.release.freeze import freeze_window_of
from flashgen.release.manifest import PRUNE
from flashgen.release.prune import Deletion, Pruning, plan_prune, prune
from flashgen.release.retention import next_due_at
from flashgen.sale.model import Header

ROWS_SHOWN = 20
ROOM_FOR_FACTS = 45
"""Columns beside a key: signs, gaps, size and date."""


def plan(session: Session, sale: str, older_than: timedelta, at: datetime) -> Pruning:
    """What is due in the chosen target."""
    return plan_prune(session.project.store(session.target_name), sale, older_than, at)


def check_age(older_than: timedelta) -> None:
    """Raises Refused for a span that is shorter than pages may be cached, whatever headers they were pushed with."""
    if older_than < LONGEST_PAGE_LIFE:
        days = LONGEST_PAGE_LIFE.days
        raise Refused(
            f"browsers and edges may have pages of {days} days ago: what was dropped since may still be needed",
            f"leave --older-than at its {days}d, or use --force",
        )


def check_freeze(session: Session, header: Header, pruning: Pruning) -> None:
    """Raises Refused around the start that the YAML says, and the one that was pushed."""
    freeze_window_of(pruning.base.manifest, header.starts_at, *freeze_window(session)).check(now())


def show(session: Session, pruning: Pruning, older_than: timedelta) -> None:
    """Each object that would go: since when it is dropped, how large it is."""
    show_target(session)
    shown = pruning.deletions if session.verbose else pruning.deletions[:ROWS_SHOWN]
    for line in _rows(shown):
        session.say(line)
    if rest := len(pruning.deletions) - len(shown):
        session.say(f"    … {rest:,} more; -v shows all")
    for line in _summary(pruning, older_than):
        session.say(f"{pruning.base.manifest.sale}: {line}")


def _rows(deletions: Sequence[Deletion]) -> list[str]:
    column = min(max((len(one.key) for one in deletions), default=0), terminal_width() - ROOM_FOR_FACTS)
    sign = click.style("-", fg="red", bold=True)
    return [
        f"  {sign} {fitted(one.key, column):<{column}}  {_size(one.body_bytes):>9}  "
        f"dropped {timestamps.to_text(one.dropped_at)}"
        for one in deletions
    ]


def _summary(pruning: Pruning, older_than: timedelta) -> list[str]:
    if pruning.deletions:
        rest = f"; {_objects(pruning.kept)} that left it too stay for now" if pruning.kept else ""
        return [f"{_objects(len(pruning.deletions))} to delete, {_size(pruning.body_bytes)}{rest}"]
    if not pruning.is_noop:
        return ["nothing to delete; a prune that died is brought to its end"]
    if not pruning.kept:
        return ["nothing to delete: nothing has left the sale"]
    due_at = next_due_at(pruning.base.manifest, older_than)
    due = f"; the first is due at {timestamps.to_text(due_at)}" if due_at else ""
    return [f"nothing to delete yet: {_objects(pruning.kept)} that left the sale stay{due}"]


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count:,} objects"


def _size(body_bytes: int | None) -> str:
    if body_bytes is None:
        return "is gone"
    if body_bytes < 1000:
        return f"{body_bytes} B"
    return f"{body_bytes / 1000:.1f} kB" if body_bytes < 1_000_000 else f"{body_bytes / 1_000_000:.1f} MB"


def carry_out(session: Session, header: Header, pruning: Pruning) -> None:
    """Delete, and say so."""
    if may_be_alive(pruning.base.manifest.claim, PRUNE, now()):
        session.note(f"{header.id}: waiting until the prune that stopped is surely at its end (about a minute)")
    prune(pruning, open_control(session, header), session.project.cdn(session.target_name))
    session.say(f"{header.id}: pruned")


def facts(pruning: Pruning, older_than: timedelta, *, is_done: bool) -> dict[str, Any]:
    """As in `--json`. `deleted` is empty as long as nothing is; `due` is what would be."""
    rows = [
        {"key": one.key, "dropped_at": timestamps.to_text(one.dropped_at), "bytes": one.body_bytes}
        for one in pruning.deletions
    ]
    due_at = next_due_at(pruning.base.manifest, older_than)
    return {
        "sale": pruning.base.manifest.sale,
        "deleted": rows if is_done else [],
        "due": [] if is_done else rows,
        "kept": pruning.kept,
        "bytes": pruning.body_bytes,
        "next_due_at": timestamps.to_text(due_at) if due_at and not pruning.deletions else None,
    }
