"""Which problems of a gate are told, and when: what lasts, and that it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

HOLD_SECONDS = 10.0
"""How long a problem has to last before it is told, and to be away before it counts as solved."""

Problems = Mapping[tuple[str, str], str]
"""From a sale and the name of what is wrong with it to a sentence."""


@dataclass(slots=True)
class _Known:
    """A problem since `since`, last seen at `seen_at`, both in seconds since the epoch."""

    message: str
    since: float
    seen_at: float
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class ProblemNews:
    """A problem of a sale that is to be told, or that is `solved`. `since` is in seconds since the epoch."""

    sale: str
    problem: str
    message: str
    since: float
    solved: bool


class ProblemTracker:
    """Which problems last, and which are over: one that comes and goes within HOLD_SECONDS is told once, or not."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}

    def news(self, found: Problems, now: float) -> tuple[ProblemNews, ...]:
        """What is to be told at `now`, when `found` is wrong."""
        for key, message in found.items():
            known = self._known.setdefault(key, _Known(message, now, now))
            known.message, known.seen_at = message, now
        return (*self._begun(now), *self._ended(now))

    def _begun(self, now: float) -> Iterable[ProblemNews]:
        for (sale, problem), known in self._known.items():
            if not known.is_told and known.seen_at == now and now - known.since >= HOLD_SECONDS:
                known.is_told = True
                yield ProblemNews(sale, problem, known.message, known.since, solved=False)

    def _ended(self, now: float) -> Iterable[ProblemNews]:
        for key in [key for key, known in self._known.items() if now - known.seen_at >= HOLD_SECONDS]:
            known = self._known.pop(key)
            if known.is_told:
                yield ProblemNews(*key, known.message, known.since, solved=True)
