"""What a gate logs: one JSON object a line, for machines that collect logs.

Events are logged where they happen; `order_fields` are those of each line about an order. Never a buyer, an address, a
token or a cookie: readers of logs need none of them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flashgen.errors import FlashgenError
from flashgen.gate.orders.order import Order

AGAIN_SECONDS = 60.0
"""How often trouble is logged again that has not changed."""


KINDS_MAX = 64
"""How many different complaints of libraries are throttled one by one."""


def order_fields(order: Order) -> dict[str, str | float]:
    """The fields of every line about an order, accepted or forwarded."""
    return {"sale": order.sale, "order": order.id, "sku": order.sku}


class JsonLines:
    """A Log. `write` takes a whole line; `now` is in seconds since the Unix epoch; `always` is in every line.

    Never raises: an order that was accepted must not fail because a disk for logs is full.
    """

    def __init__(self, write: Callable[[str], object], now: Callable[[], float], **always: str | float) -> None:
        self._write = write
        self._now = now
        self._always = always

    def __call__(self, event: str, **fields: str | float) -> None:
        at = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"at": at, "event": event, **self._always, **fields}, ensure_ascii=False)
        with suppress(OSError, ValueError):
            self._write(f"{line}\n")


class LogThrottle:
    """Lets a message through when it is another than the last one, or after AGAIN_SECONDS of a monotonic clock.

    `left_out` is how many it did not let through before the last one that it did.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.left_out = 0
        self._held = 0
        self._monotonic = monotonic
        self._last = ("", float("-inf"))

    def lets(self, message: str) -> bool:
        """Whether it should be logged now."""
        before, at = self._last
        if message == before and self._monotonic() - at < AGAIN_SECONDS:
            self._held += 1
            return False
        self.left_out, self._held = self._held, 0
        self._last = (message, self._monotonic())
        return True


def trouble_log(log: JsonLines, event: str, sale: str) -> Callable[[Exception], None]:
    """Logs an exception now and then. Of a foreign one only the type: its text may hold anything."""
    throttle = LogThrottle(time.monotonic)

    def note(error: Exception) -> None:
        message = error.message if isinstance(error, FlashgenError) else type(error).__name__
        if throttle.lets(message):
            log(event, sale=sale, error=message)

    return note


class LibraryLog(logging.Handler):
    """What libraries log, as lines of ours: of an exception its type and place, for its text may hold anything.

    What repeats is logged now and then, with how many were left out: any client can have uvicorn complain.
    """

    def __init__(self, log: JsonLines, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._log = log
        self._monotonic = monotonic
        self._throttles: dict[str, LogThrottle] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write it down."""
        fields: dict[str, str | float] = {
            "logger": record.name,
            "level": record.levelname.lower(),
            "message": record.getMessage().strip(),
        }
        if record.exc_info and (error := record.exc_info[1]):
            frame = traceback.extract_tb(error.__traceback__)[-1]
            fields |= {"error": type(error).__name__, "place": f"{Path(frame.filename).name}:{frame.lineno}"}
        throttle = self._throttle_for(f"{record.name} {record.msg}")
        if throttle.lets(json.dumps(fields)):
            left_out = {"left_out": throttle.left_out} if throttle.left_out else {}
            self._log("library", **fields, **left_out)

    def _throttle_for(self, kind: str) -> LogThrottle:
        """One each, so that two messages that take turns are logged as seldom as one."""
        if kind not in self._throttles and len(self._throttles) >= KINDS_MAX:
            self._throttles.clear()
        return self._throttles.setdefault(kind, LogThrottle(self._monotonic))


def standard_log() -> JsonLines:
    """The log of this process, on stderr."""
    return JsonLines(partial(_write, sys.stderr.fileno()), time.time, pid=os.getpid())


def _write(stream: int, line: str) -> None:
    """In one call, so that lines of several processes and threads do not mix."""
    os.write(stream, line.encode(errors="replace"))
