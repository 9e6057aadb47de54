"""What a gate writes down: one JSON object a line, for machines that collect logs.

Never a buyer, an address, a token or a cookie: whoever reads logs needs none of them.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

AGAIN_SECONDS = 60.0
"""How often trouble is told again that has not changed."""


KINDS_MAX = 64
"""Complaints of libraries that are told apart."""


class JsonLines:
    """A Log. `write` takes a whole line; `now` is in seconds since the Unix epoch; `always` is in every line.

    Never raises: an order that was accepted must not fail because a disk for logs is full.
    """

    def __init__(self, write: Callable[[str], object], now: Callable[[], float], **always: str | float) -> None:
        self._write = write
        self._now = now
        self._always = always

    def __call__(self, event: str, **facts: str | float) -> None:
        at = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"at": at, "event": event, **self._always, **facts}, ensure_ascii=False)
        with suppress(OSError, ValueError):
            self._write(f"{line}\n")


class LogThrottle:
    """Lets a message through when it is another than the last one, or after AGAIN_SECONDS of an even clock.

    `left_out` is how many it did not let through before the last one that it did.
    """

    def __init__(self, even: Callable[[], float]) -> None:
        self.left_out = 0
        self._held = 0
        self._even = even
        self._last = ("", float("-inf"))

    def lets(self, message: str) -> bool:
        """Whether it should be told now."""
        before, at = self._last
        if message == before and self._even() - at < AGAIN_SECONDS:
            self._held += 1
            return False
        self.left_out, self._held = self._held, 0
        self._last = (message, self._even())
        return True


class LibraryLog(logging.Handler):
    """What libraries log, as lines of ours: of an exception its type and place, for its text may hold anything.

    What comes again and again is told now and then, and how many were left out: any client can have uvicorn complain.
    """

    def __init__(self, log: JsonLines, even: Callable[[], float]) -> None:
        super().__init__()
        self._log = log
        self._even = even
        self._sparing: dict[str, LogThrottle] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write it down."""
        facts: dict[str, str | float] = {
            "logger": record.name,
            "level": record.levelname.lower(),
            "message": record.getMessage().strip(),
        }
        if record.exc_info and (error := record.exc_info[1]):
            frame = traceback.extract_tb(error.__traceback__)[-1]
            facts |= {"error": type(error).__name__, "place": f"{Path(frame.filename).name}:{frame.lineno}"}
        sparing = self._sparing_of(f"{record.name} {record.msg}")
        if sparing.lets(json.dumps(facts)):
            left_out = {"left_out": sparing.left_out} if sparing.left_out else {}
            self._log("library", **facts, **left_out)

    def _sparing_of(self, kind: str) -> LogThrottle:
        """One each, so that two complaints that take turns are told as seldom as one."""
        if kind not in self._sparing and len(self._sparing) >= KINDS_MAX:
            self._sparing.clear()
        return self._sparing.setdefault(kind, LogThrottle(self._even))
