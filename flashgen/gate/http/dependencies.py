"""What a gate needs from outside: storage, clocks, randomness, a log. Only `process/worker.py` and tests fill it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from flashgen.gate.clocks import Clocks
from flashgen.gate.mark.storage_mark import StopReason
from flashgen.gate.metrics import Counters
from flashgen.gate.orders.order import Order
from flashgen.gate.storage.protocol import Answer, Ask, Tally
from flashgen.passes import PassKeys


class Log(Protocol):
    """One event, with fields that are neither personal nor secret."""

    def __call__(self, event: str, **fields: str | float) -> None:
        """Write it down."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`server` is this server's own origin, `site` the URL of the pages; `keys` are the secret's, newest first.

    `decide` and `tally` ask the storage, and raise StorageLost; `accepted` is called with the sale of each new order.
    `primary` is the storage's server, or empty.
    `clocks` know the storage's time.
    `stopped` says why nothing of a sale is sold, `unmarked` how many changes its storage is ahead of its mark.
    `now` is in seconds since the Unix epoch, `monotonic` is a monotonic clock. `new_id` makes an unguessable id:
    up to 64 URL-safe characters. `random` is from 0 to 1. `passes` reads passes; None where no sale asks for them.
    `origin_secrets` are what the proxy that names buyers shows.
    `paid_late` is called with an order that was paid after its unit had gone back.
    """

    server: str
    site: str
    keys: tuple[bytes, ...]
    decide: Callable[[Ask], Awaitable[Answer]]
    tally: Callable[[str], Awaitable[Tally]]
    accepted: Callable[[str], None]
    primary: Callable[[], str]
    stopped: Callable[[str], StopReason | None]
    unmarked: Callable[[str], int]
    counters: Counters
    clocks: Clocks
    now: Callable[[], float]
    monotonic: Callable[[], float]
    new_id: Callable[[], str]
    random: Callable[[], float]
    log: Log
    passes: PassKeys | None = None
    origin_secrets: tuple[bytes, ...] = ()
    paid_late: Callable[[Order], None] = lambda order: None
