"""Doing one thing every few seconds in a thread, and keeping what came of it last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from flashgen.errors import FlashgenError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PollResult(Generic[T]):
    """What was found last, if anything, and when the look at it began (`time.monotonic`): it may be as old as that.

    Before anything was found, `at` is when looking began. `trouble` is why nothing was found since; empty while a look
    is still under way, however long.
    """

    value: T | None = None
    at: float = 0.0
    trouble: str = ""


class Poller(Generic[T]):
    """Calls `look` every `seconds` once it is started, until it is stopped.

    FlashgenError and OSError become trouble, and the next look may mend it. Everything else is a bug: it ends the
    thread, and `latest` raises it. The thread never keeps the process alive: what hangs in a request is left behind.
    """

    def __init__(self, look: Callable[[], T], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._latest: PollResult[T] = PollResult()
        self._bug: Exception | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def latest(self) -> PollResult[T]:
        """What is known now."""
        if self._bug:
            raise self._bug
        return self._latest

    @property
    def is_alive(self) -> bool:
        """Whether it is still looking."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Look for the first time, and from now on."""
        self._latest = PollResult(at=time.monotonic())
        self._thread.start()

    def stop(self) -> None:
        """Not once more; does not wait for a look that is under way."""
        self._stopped.set()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            began = time.monotonic()
            due = began + self._seconds
            try:
                self._latest = PollResult(self._look(), began)
            except FlashgenError as error:
                self._latest = replace(self._latest, trouble=error.message)
            except OSError as error:
                self._latest = replace(self._latest, trouble=str(error))
            except Exception as bug:  # noqa: BLE001  it is raised where somebody is listening
                self._bug = bug
                return
