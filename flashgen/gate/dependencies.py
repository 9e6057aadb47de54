"""Everything a gate needs from the world outside; only `cli` and tests fill it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from flashgen.gate.metrics import Counters
from flashgen.gate.storage.protocol import Answer, Ask, Tally


class Log(Protocol):
    """One event, with facts that are neither personal nor secret."""

    def __call__(self, event: str, **facts: str | float) -> None:
        """Write it down."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`server` is this server's own origin, `site` the URL of the pages; `keys` are the secret's, newest first.

    `decide` and `tally` ask the storage, and raise StorageLost; `accepted` hears the sale of each new order. `now` is
    in seconds since the Unix epoch; `even` runs evenly. `new_id` makes an id that nobody guesses: up to 64 URL-safe
    characters. `chance` is random, from 0 to 1.
    """

    server: str
    site: str
    keys: tuple[bytes, ...]
    decide: Callable[[Ask], Awaitable[Answer]]
    tally: Callable[[str], Awaitable[Tally]]
    accepted: Callable[[str], None]
    counters: Counters
    now: Callable[[], float]
    even: Callable[[], float]
    new_id: Callable[[], str]
    chance: Callable[[], float]
    log: Log
