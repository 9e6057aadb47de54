"""Threads of a worker that go on until they are stopped, whatever goes wrong in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from flashgen.gate.storage.protocol import Storage

RETRY_SECONDS = 0.5


class BackgroundThread:
    """A daemon thread that runs `work`, which returns soon after `is_stopping` is true and never raises."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._stopping = Event()
        self._thread = Thread(target=work, name=name, daemon=True)

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def pause(self, seconds: float) -> bool:
        """Called by `work`: wait, and return whether the thread is to end."""
        return self._stopping.wait(seconds)

    def request_stop(self) -> None:
        """Have the thread end after what is under way."""
        self._stopping.set()

    def join(self, limit_seconds: float) -> None:
        """Wait for the end, but no longer than `limit_seconds`."""
        self._thread.join(limit_seconds)


class StorageThread(BackgroundThread):
    """A background thread with a storage of its own. `work` may raise: the storage is then closed and opened again.

    `open_storage` is called in the thread. `log` gets each exception; whatever a thread died of, it would do its work
    no more.
    """

    def __init__(
        self,
        name: str,
        open_storage: Callable[[], Storage],
        work: Callable[[Storage], None],
        log: Callable[[Exception], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        super().__init__(name, self._run)
        self._open_storage = open_storage
        self._work = work
        self._log = log
        self._retry_seconds = retry_seconds

    def _run(self) -> None:
        while not self.is_stopping:
            try:
                self._work_once()
            except Exception as error:  # noqa: BLE001 -- a surprise must not end the thread
                self._log(error)
                if self.pause(self._retry_seconds):
                    return

    def _work_once(self) -> None:
        storage = self._open_storage()
        try:
            self._work(storage)
        finally:
            with suppress(Exception):  # it may be closed because it is in trouble, which is logged already
                storage.close()
