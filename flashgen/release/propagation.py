"""Waiting, for a while, until every edge has forgotten what was invalidated. It happens whether anybody waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flashgen.store.protocol import Cdn

LIMIT_SECONDS = 60.0
"""CloudFront reports an invalidation as completed within seconds, now and then within some minutes."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 5.0


def await_edges(
    cdn: Cdn,
    invalidation: str,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    limit_seconds: float = LIMIT_SECONDS,
) -> bool:
    """Ask until the invalidation is done; False after `limit_seconds`. Raises StoreError when asking fails."""
    deadline, wait = now() + timedelta(seconds=limit_seconds), _FIRST_WAIT_SECONDS
    while not cdn.is_done(invalidation):
        if now() + timedelta(seconds=wait) > deadline:
            return False
        sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
    return True
