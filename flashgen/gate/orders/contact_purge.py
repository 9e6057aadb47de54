"""Deletes what guests typed, some days after their orders were settled: one worker does it for all."""

from __future__ import annotations

from collections.abc import Callable

from flashgen.gate.background import StorageThread
from flashgen.gate.settings import GateSettings
from flashgen.gate.storage.protocol import Storage

PURGE_SECONDS = 3600.0
WAIT_SECONDS = 10.0
"""How often a worker looks whether it is its turn."""

DAY_SECONDS = 86400.0


class ContactPurge:
    """Of one sale, in a thread of its own. `settings` are the sale's, None while they are unknown.

    `now` is the storage's clock in seconds; `report` gets how many contacts were deleted, where there were any.
    """

    def __init__(
        self,
        sale: str,
        open_storage: Callable[[], Storage],
        settings: Callable[[], GateSettings | None],
        *,
        worker: str,
        now: Callable[[], float],
        report: Callable[[int], None],
        log: Callable[[Exception], None],
    ) -> None:
        self._sale = sale
        self._settings = settings
        self._worker = worker
        self._now = now
        self._report = report
        self._thread = StorageThread(f"purge {sale}", open_storage, self._run, log, WAIT_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def request_stop(self) -> None:
        """End after what is under way; nothing needs to wait for it."""
        self._thread.request_stop()

    def poll(self, storage: Storage) -> None:
        """Delete what is old, if no worker did within PURGE_SECONDS. Raises StorageLost."""
        settings, now = self._settings(), self._now()
        if settings is None:
            return
        turn = f"{self._worker} {now}"  # a worker that had the last turn waits for the next like all others
        if not storage.acquire_lease(f"purge {self._sale}", turn, now, now + PURGE_SECONDS):
            return
        if count := storage.purge_contacts(self._sale, now - settings.contact_days * DAY_SECONDS):
            self._report(count)

    def _run(self, storage: Storage) -> None:
        while not self._thread.is_stopping:
            self.poll(storage)
            self._thread.pause(WAIT_SECONDS)
