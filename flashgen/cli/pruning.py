"""What `prune` shows, refuses, asks and does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from flashgen import timestamps
from flashgen.cli.operating import now, open_control
from flashgen.cli.plan_text import fitted, terminal_width
from flashgen.cli.planning import show_target
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.release.freeze import check_freeze
from flashgen.release.prune import Doomed, Pruning, plan_prune, prune
from flashgen.release.retention import next_due_at, page_life
from flashgen.sale.instant import in_words
from flashgen.sale.model import Header

ROWS_SHOWN = 20
ROOM_FOR_FACTS = 45
"""Columns beside a key: signs, gaps, size and date."""


def plan(session: Session, sale: str, older_than: timedelta, at: datetime) -> Pruning:
    """What is due in the chosen target."""
    return plan_prune(session.project.store(session.target_name), sale, older_than, at)


def check_age(session: Session, pruning: Pruning, older_than: timedelta) -> None:
    """Raises Refused for a span that is shorter than pages are cached, in the store or as the target has them now."""
    life = page_life(pruning.base.manifest, session.project.page_cache(session.target_name))
    if older_than < life:
        raise Refused(
            f"an edge may serve a page of {pruning.base.manifest.sale} for {in_words(int(life.total_seconds()))}: what "
            "was dropped since may still be needed",
            "leave --older-than at its 7d, or use --force",
        )


def check_freezes(session: Session, header: Header, pruning: Pruning) -> None:
    """Raises Refused around the start that the YAML says, and the one that was pushed."""
    freeze, pushed = session.project.settings.freeze, pruning.base.manifest.pointer
    before, after = timedelta(seconds=freeze.before), timedelta(seconds=freeze.after)
    for starts_at in sorted({header.starts_at, *([pushed.starts_at] if pushed else [])}):
        check_freeze(header.id, starts_at, now(), before, after)


def show(session: Session, pruning: Pruning, older_than: timedelta) -> None:
    """Each object that would go: since when it is dropped, how large it is."""
    show_target(session)
    shown = pruning.doomed if session.verbose else pruning.doomed[:ROWS_SHOWN]
    for line in _rows(shown):
        session.say(line)
    if rest := len(pruning.doomed) - len(shown):
        session.say(f"    … {rest:,} more; -v shows all")
    for line in _summary(pruning, older_than):
        session.say(f"{pruning.base.manifest.sale}: {line}")


def _rows(doomed: Sequence[Doomed]) -> list[str]:
    column = min(max((len(one.key) for one in doomed), default=0), terminal_width() - ROOM_FOR_FACTS)
    sign = click.style("-", fg="red", bold=True)
    return [
        f"  {sign} {fitted(one.key, column):<{column}}  {_size(one.body_bytes):>9}  "
        f"dropped {timestamps.to_text(one.dropped_at)}"
        for one in doomed
    ]


def _summary(pruning: Pruning, older_than: timedelta) -> list[str]:
    if pruning.doomed:
        rest = f"; {_objects(pruning.kept)} that left it too stay for now" if pruning.kept else ""
        return [f"{_objects(len(pruning.doomed))} to delete, {_size(pruning.body_bytes)}{rest}"]
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
    if pruning.base.manifest.claim:
        session.note(f"{header.id}: waiting until the prune that stopped is surely at its end (a minute at most)")
    prune(pruning, open_control(session, header), session.project.cdn(session.target_name))
    session.say(f"{header.id}: pruned")


def facts(pruning: Pruning, older_than: timedelta, *, is_done: bool) -> dict[str, Any]:
    """As in `--json`. `deleted` is empty as long as nothing is; `due` is what would be."""
    rows = [
        {"key": one.key, "dropped_at": timestamps.to_text(one.dropped_at), "bytes": one.body_bytes}
        for one in pruning.doomed
    ]
    due_at = next_due_at(pruning.base.manifest, older_than)
    return {
        "sale": pruning.base.manifest.sale,
        "deleted": rows if is_done else [],
        "due": [] if is_done else rows,
        "kept": pruning.kept,
        "bytes": pruning.body_bytes,
        "next_due_at": timestamps.to_text(due_at) if due_at and not pruning.doomed else None,
    }
