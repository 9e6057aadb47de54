"""One of many processes that go live at the same instant."""

from __future__ import annotations

from multiprocessing.synchronize import Barrier
from pathlib import Path

from support.operators import control_of, go_live

from flashgen.errors import LostRace
from flashgen.store import FolderStore
from flashgen.unlock.transition import transition

PATIENCE_SECONDS = 60


def open_sale(root: Path, number: int, barrier: Barrier) -> tuple[str, str]:
    """Who this was, and what came of it: `changed`, `unchanged since WHO` or `lost to WHO`."""
    control = control_of(FolderStore(root), f"operator-{number}")
    barrier.wait(PATIENCE_SECONDS)
    try:
        outcome = transition(control, go_live())
    except LostRace as lost:
        return control.who, f"lost to {lost.winner}"
    return control.who, "changed" if outcome.changed else f"unchanged since {outcome.who}"
