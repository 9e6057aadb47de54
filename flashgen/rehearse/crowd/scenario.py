"""What a crowd is to do, as every machine of it gets it; and what it tells, one line for each visitor and second."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class VisitorRole(StrEnum):
    """What kind of a visitor it is."""

    WATCHER = "watcher"
    BUYER = "buyer"
    BOT = "bot"
    IMPATIENT = "impatient"
    """Leaves before the start."""


@dataclass(frozen=True, slots=True)
class CrowdScenario:
    """Times are seconds since the epoch, by the clock of the edge; shares are of all visitors, and of buyers.

    `objects` are URLs that a first visit loads besides the page. `origin` is where pages send buyers to, and `gate`
    where the crowd reaches it: the same, unless it is on other machines.
    """

    page_url: str
    objects: tuple[str, ...]
    skus: tuple[str, ...]
    origin: str
    gate: str
    visitors: int
    seed: int
    arrives_from: float
    opens_at: float
    arrives_until: float
    ends_at: float
    buying_share: float = 0.3
    bot_share: float = 0.02
    impatient_share: float = 0.05
    leaving_share: float = 0.05
    wrong_clock_share: float = 0.1
    thinks_seconds: float = 2.0
    requests_per_second: float = 0.0
    """Of each process; 0 is no limit."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CrowdScenario:
        """Back again."""
        return cls(**{**data, "objects": tuple(data["objects"]), "skus": tuple(data["skus"])})


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """What became of one visitor. Times are seconds after the start; None for what never happened.

    `result` is how buying ended, else `watched`, `left` or `no page`; `forms_before` counts forms that were got before
    the start; `gone` are the SKUs that the page showed as sold out in the end, `state` its last state.
    """

    role: VisitorRole
    arrived: float
    result: str
    loaded: float | None = None
    opened: float | None = None
    sku: str = ""
    order_id: str = ""
    ordered: float | None = None
    tries: int = 0
    forms_before: int = 0
    polls: int = 0
    state: str = ""
    gone: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "role": self.role.value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> VisitRecord:
        """Back again."""
        return cls(**{**data, "role": VisitorRole(data["role"]), "gone": tuple(data["gone"])})
