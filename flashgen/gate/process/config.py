"""Everything that a worker of the gate is made from. It is spawned, so this is pickled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flashgen.addresses import SecretUrl
from flashgen.gate.mark.high_water import HighWater, MarkFence
from flashgen.gate.sold_writer import POLL_SECONDS
from flashgen.gate.storage.fence import Fence
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Storage
from flashgen.hooks.receiver import Receiver
from flashgen.store import Store
from flashgen.unlock.pointer_writer import Actor

SETTLE_SECONDS = 6.0
"""How long a stop waits for the order subsystem. An order without an answer is sent again, under the same key."""


@dataclass(frozen=True)
class WorkerConfig:
    """Everything a worker is made from, picklable.

    `open_store` opens a store for one thread's use. `folder` is what the path of a `sqlite:` `storage` is relative to.
    `actor` writes sold-out SKUs into pointers. The workers of a server count in the file `counts`, and answer for their
    numbers at `admin_port`. `hooks` are told of sales of `target`, a name in flashgen.yaml. `pass_keys` are as of
    PassKeys, `origin_secrets` as of HeaderBuyers."""

    open_store: Callable[[], Store]
    folder: Path
    actor: Actor
    sales: tuple[str, ...]
    site: str
    server: str
    storage: SecretUrl
    keys: tuple[bytes, ...] = field(repr=False)
    counts: Path
    admin_port: int
    hooks: tuple[Receiver, ...] = ()
    target: str = ""
    pass_keys: tuple[str, ...] = field(default=(), repr=False)
    origin_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    sold_poll_seconds: float = POLL_SECONDS
    settle_seconds: float = SETTLE_SECONDS

    def open_storage(self, fence: Fence | None = None) -> Storage:
        """A storage for one thread's use. The one that sells is opened with a fence."""
        return open_storage(self.storage.reveal(), self.folder, fence)

    def fence(self) -> MarkFence:
        """What this worker knows of its storage, and the other workers of its server remember."""
        return MarkFence(HighWater(self.counts.with_name(f"{self.counts.name}-high-water"), self.sales))
