"""Compares a sale's storage with its mark, and keeps the mark up to date.

Each worker compares; one, by a lease, writes. What is remembered is read before the storage is asked, so that an order
in between is never mistaken for a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from flashgen.errors import Refused, StoreError
from flashgen.gate.background import StorageThread
from flashgen.gate.mark.high_water import MarkFence
from flashgen.gate.mark.storage_mark import (
    LEAST_UNMARKED,
    Stopped,
    StopReason,
    StorageMark,
    advanced,
    most_unmarked,
    read,
    update,
)
from flashgen.gate.settings import GateSettings
from flashgen.gate.storage.fence import GENERATION, StorageVersion
from flashgen.gate.storage.protocol import Storage
from flashgen.layout import mark_key
from flashgen.store import Store

POLL_SECONDS = 0.5

MARK_SECONDS = 2.0
"""How often the mark is read, and written at most, unless much is sold."""

LEASE_SECONDS = 6.0
"""How long a worker may write without renewing its lease. Others write sooner if selling waits for it."""


class MarkKeeper:
    """A thread that keeps one sale's mark, and `fence` as it is.

    `settings` returns the sale's, None while they are not known. `worker` names this worker among all. `now` is the
    storage's clock in seconds, `monotonic` a monotonic one; `sleep` waits between tries of a write. `report` gets the
    reason to stop whenever it changes, `log` gets exceptions.
    """

    def __init__(
        self,
        sale: str,
        open_storage: Callable[[], Storage],
        store: Store,
        fence: MarkFence,
        settings: Callable[[], GateSettings | None],
        *,
        worker: str,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        report: Callable[[StopReason | None], None],
        log: Callable[[Exception], None],
    ) -> None:
        self._sale = sale
        self._store = store
        self._fence = fence
        self._settings = settings
        self._worker = worker
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._report = report
        self._log = log
        self._mark: StorageMark | None = None
        self._read_at = self._written_at = float("-inf")
        self._behind_at: int | None = None
        self._reason: StopReason | None = None
        self._thread = StorageThread(f"mark {sale}", open_storage, self._run, log, POLL_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def request_stop(self) -> None:
        """End after what is under way; nothing needs to wait for it."""
        self._thread.request_stop()

    def _run(self, storage: Storage) -> None:
        while not self._thread.is_stopping:
            self.poll(storage)
            self._thread.pause(POLL_SECONDS)

    def poll(self, storage: Storage) -> None:
        """Compare once, and write the mark if it is due. Raises StorageLost, StoreError, Refused."""
        settings = self._settings()
        limit = most_unmarked(settings) if settings else LEAST_UNMARKED
        mark = self._known_mark(storage, limit, has_read=settings is not None)
        seen = self._fence.high_water.seen(self._sale)
        version = storage.version(self._sale)
        reason = self._compared(mark, version, max(seen, mark.changes))
        if reason is StopReason.BEHIND:
            self._stop(reason)
            self._spread(version, max(seen, mark.changes))
            return
        if reason:
            self._stop(reason)
            return
        self._fence.note(self._sale, version.changes)
        self._fence.check(self._sale, mark, limit)
        self._write_if_due(storage, mark, version, limit)

    def _known_mark(self, storage: Storage, limit: int, has_read: bool) -> StorageMark:
        """Read again when it is due, or when selling may soon wait for it.

        Where there is none, this storage's; not in a store that lacks the sale, too, for that has lost both.
        """
        is_due = self._monotonic() - self._read_at >= MARK_SECONDS
        if self._mark is None or is_due or self._reason or 2 * self._fence.unmarked(self._sale) >= limit:
            stored = read(self._store, self._sale)
            if not stored and not has_read:
                raise Refused(f"{mark_key(self._sale)} is not in {self._store.url}, nor can the sale be read there")
            self._mark = stored.mark if stored else claim(self._store, self._sale, storage, self._sleep)
            self._read_at = self._monotonic()
        return self._mark

    def _compared(self, mark: StorageMark, version: StorageVersion, least: int) -> StopReason | None:
        if mark.storage != version.id:
            return StopReason.OTHER
        generation = version.changes // GENERATION
        if version.changes < least:
            self._behind_at = least
        if self._behind_at is not None and generation > self._behind_at // GENERATION:
            self._behind_at = None
        was_stopped = mark.stopped is not None and generation <= mark.generation
        return StopReason.BEHIND if was_stopped or self._behind_at is not None else None

    def _spread(self, version: StorageVersion, least: int) -> None:
        """Let all others know, of which some may have seen less."""
        at = datetime.fromtimestamp(self._now(), UTC)

        def stopping(mark: StorageMark | None) -> StorageMark | None:
            if mark is None or mark.storage != version.id or mark.generation > least // GENERATION:
                return None
            stopped = mark.stopped or Stopped(at, version.changes)
            return replace(mark, changes=max(mark.changes, least), stopped=stopped)

        self._mark = update(self._store, self._sale, stopping, self._sleep)

    def _write_if_due(self, storage: Storage, mark: StorageMark, version: StorageVersion, limit: int) -> None:
        ahead = version.changes - mark.changes
        is_waited_for = ahead >= limit
        is_due = ahead > 0 and (2 * ahead >= limit or self._monotonic() - self._written_at >= MARK_SECONDS)
        if is_due and (is_waited_for or self._is_writer(storage)):
            self._write(version, limit, is_waited_for)
        self._stop(None)

    def _is_writer(self, storage: Storage) -> bool:
        now = self._now()
        return storage.acquire_lease(f"mark:{self._sale}", self._worker, now, now + LEASE_SECONDS)

    def _write(self, version: StorageVersion, limit: int, is_waited_for: bool) -> None:
        self._written_at = self._monotonic()

        def advancing(mark: StorageMark | None) -> StorageMark | None:
            return advanced(mark, version.changes) if mark and mark.storage == version.id else None

        try:
            self._mark = update(self._store, self._sale, advancing, self._sleep)
        except StoreError:
            self._stop(StopReason.UNMARKED if is_waited_for else None)
            raise
        if self._mark and self._mark.storage == version.id:
            self._fence.check(self._sale, self._mark, limit)

    def _stop(self, reason: StopReason | None) -> None:
        self._fence.stop(self._sale, reason)
        if reason != self._reason:
            self._reason = reason
            self._report(reason)


def claim(store: Store, sale: str, storage: Storage, sleep: Callable[[float], None]) -> StorageMark:
    """The sale's mark; where there is none, this storage is made the one that sells it. Raises StoreError."""
    version = storage.version(sale)
    mine = StorageMark(version.id, storage.url, version.changes)
    mark = update(store, sale, lambda there: there or mine, sleep)
    return mark or mine
