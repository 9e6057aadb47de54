"""One of many processes that go live at the same instant."""

from __future__ import annotations

from multiprocessing.synchronize import Barrier
from pathlib import Path

from support.operators import go_live, writer_of

from flashgen.errors import LostRace
from flashgen.store import FolderStore
from flashgen.unlock.transition import transition

PATIENCE_SECONDS = 60


def open_sale(root: Path, number: int, barrier: Barrier) -> tuple[str, str]:
    """Who this was, and what came of it: `changed`, `unchanged since WHO` or `lost to WHO`."""
    writer = writer_of(FolderStore(root), f"operator-{number}")
    barrier.wait(PATIENCE_SECONDS)
    try:
        outcome = transition(writer, go_live())
    except LostRace as lost:
        return writer.actor.who, f"lost to {lost.winner}"
    return writer.actor.who, "changed" if outcome.changed else f"unchanged since {outcome.who}"
