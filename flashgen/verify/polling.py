"""The pointer at the edge and in the store, looked at until the two agree or have had the time to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flashgen.edge.local.target import public_path
from flashgen.edge.viewer import PublicResponse, Viewer
from flashgen.store import Store, Stored

POLLS = 3
SETTLE_SECONDS = 3.0
"""An edge keeps a pointer for up to 2 s: a transition of just now may take so long to show."""
SETTLE_STEP_SECONDS = 0.25

ACCEPTS = {"accept-encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Polling:
    """How pages poll. `new_query` gives a fresh random word for each poll, as pages send it."""

    viewer: Viewer
    new_query: Callable[[], str]
    sleep: Callable[[float], None]

    def settled(self, store: Store, key: str) -> tuple[Stored | None, tuple[PublicResponse, ...]]:
        """What the store has, and the last polls. Raises NoAnswer, or StoreError."""
        waited = 0.0
        while True:
            polls = tuple(self.viewer.get(f"{public_path(key)}?{self.new_query()}", ACCEPTS) for _ in range(POLLS))
            stored = store.get(key)
            if stored is None or polls[-1].body == stored.body or waited >= SETTLE_SECONDS:
                return stored, polls
            self.sleep(SETTLE_STEP_SECONDS)
            waited += SETTLE_STEP_SECONDS
