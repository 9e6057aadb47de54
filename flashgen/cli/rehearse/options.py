"""What a rehearsal is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from flashgen.rehearse.trouble import Trouble


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """What was asked for. Times are seconds before and after the start."""

    sale: str
    visitors: int
    processes: int
    arrive_before: float
    arrive_after: float
    lasts: float
    lead: float
    stock: int | None
    buying_share: float
    thinks: float
    seed: int
    troubles: frozenset[Trouble]
    listen: str = "127.0.0.1"
    master_port: int = 0
    other_workers: int = 0

    @property
    def setup_seconds(self) -> float:
        """From pushing the start until the first visitor."""
        return 6.0 + self.visitors / (100 * max(1, self.processes + self.other_workers))
