"""What a storage must be to sell: by which one that is older than what was seen of it, or another one, is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

GENERATION = 2**32
"""`changes` are counted within a generation; reconciling or moving a sale begins the next one, above all that anybody
remembers. Below 2**53, so that Lua's numbers hold them."""


@dataclass(frozen=True, slots=True)
class StorageVersion:
    """Which storage of a sale this is, and how far it has come.

    `id` is random, made when the storage first learns of the sale; a copy has the same. `changes` grows by one with
    each order, and each time that an order is settled.
    """

    id: str
    changes: int


@dataclass(frozen=True, slots=True)
class FenceLimits:
    """What a storage must be to sell: the one of `id`, with `least` changes or more, and fewer than `most`."""

    id: str
    least: int
    most: int


class Fence(Protocol):
    """What a process knows of each sale from outside the storage, by which an older or another one is told."""

    def expected(self, sale: str) -> FenceLimits | None:
        """None checks nothing. Raises StorageBehind where the sale has stopped."""

    def note(self, sale: str, changes: int) -> None:
        """The storage has come so far."""


class NoFence:
    """For commands of people, which look at any storage."""

    def expected(self, sale: str) -> FenceLimits | None:
        """Nothing."""
        return None

    def note(self, sale: str, changes: int) -> None:
        """It is not remembered."""
