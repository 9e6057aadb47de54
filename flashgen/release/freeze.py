"""No pushes and no pruning around T0: what is in the caches then should be what was there before."""

from __future__ import annotations

from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.errors import Refused


def check_freeze(sale: str, starts_at: datetime, now: datetime, before: timedelta, after: timedelta) -> None:
    """Raises Refused from `before` the start of a sale until `after` it."""
    if starts_at - before <= now < starts_at + after:
        raise Refused(
            f"{sale} starts at {timestamps.to_text(starts_at)}: from {timestamps.to_text(starts_at - before)} to "
            f"{timestamps.to_text(starts_at + after)} nothing is pushed or pruned",
            "wait, or use --force; `freeze` in flashgen.yaml sets the window",
        )
