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


class Sparing:
    """Lets a message through when it is another than the last one, or after AGAIN_SECONDS of an even clock."""

    def __init__(self, even: Callable[[], float]) -> None:
        self._even = even
        self._last = ("", float("-inf"))

    def lets(self, message: str) -> bool:
        """Whether it should be told now."""
        before, at = self._last
        if message == before and self._even() - at < AGAIN_SECONDS:
            return False
        self._last = (message, self._even())
        return True


class LibraryLog(logging.Handler):
    """What libraries log, as lines of ours: of an exception its type and place, for its text may hold anything."""

    def __init__(self, log: JsonLines) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write it down."""
        facts = {"logger": record.name, "level": record.levelname.lower(), "message": record.getMessage().strip()}
        if record.exc_info and (error := record.exc_info[1]):
            frame = traceback.extract_tb(error.__traceback__)[-1]
            facts |= {"error": type(error).__name__, "place": f"{Path(frame.filename).name}:{frame.lineno}"}
        self._log("library", **facts)
