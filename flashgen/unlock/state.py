"""The facts of a sale at one revision, and the two parties that write them.

::

    scheduled ──go-live──▶ live ◀──pause/resume──▶ paused
        └────────────────────┴──────end──────────────┴──▶ ended

`state` and `closed` are the operator's; `sold` is the gate's; times come from the YAML. They are independent, so that
each party rewrites its own facts and keeps the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

EVERY_SKU = frozenset({"*"})
"""What `closed` holds when the operator has closed the whole range: short, however many products there are."""


class State(StrEnum):
    """What the operator has decided."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SaleState:
    """Everything the pointer says, except which revision it is.

    `opens_at` is when pages open, on the server's clock; None until the first go-live. `epoch` counts go-lives (from 1;
    0 before the first) and with `token_nonce` identifies the order token. `closed` and `sold` are sets of SKUs.
    """

    state: State
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime | None = None
    epoch: int = 0
    token_nonce: str = ""
    closed: frozenset[str] = frozenset()
    sold: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.starts_at >= self.ends_at:
            raise ValueError("a sale ends after it starts")
        if self.state is State.LIVE and not (self.opens_at and self.epoch and self.token_nonce):
            raise ValueError("a live sale has an opening time, an epoch and a token nonce")

    @property
    def operators_part(self) -> tuple[State, frozenset[str], int]:
        """What only an operator's transition may change: two that differ here were made by different decisions."""
        return (self.state, self.closed, self.epoch)

    def is_sold_out(self, skus: Iterable[str]) -> bool:
        """Whether none of `skus` can be bought: each is closed by the operator or sold by the gate."""
        return self.closed == EVERY_SKU or set(skus) <= self.closed | self.sold
