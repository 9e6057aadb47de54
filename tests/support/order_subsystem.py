"""A shop's order subsystem in a process of its own, as bad as they come: `order_subsystem.py PORT BOOK SEED`.

It writes each order down before it answers and knows its key again. It is slow, busy, breaks off before or after it has
written, answers 500 though it has, or 409 as if it were still at work, answers twice, says no to some; and can be
killed and started again.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.server import ThreadingHTTPServer
from pathlib import Path
from socket import create_connection
from threading import Lock
from typing import Any

from support.order_stand_in import Desk
from support.ports import free_port

START_SECONDS = 20.0
LONGEST_ANSWER_SECONDS = 0.6
REJECTED_OF_16 = 2


@dataclass(frozen=True)
class Heard:
    """One request that was written down; `status` is the answer that belongs to its key."""

    key: str
    order: dict[str, Any]
    status: int


@dataclass
class OrderSubsystem:
    """The process that listens on `port`, and its `book`."""

    port: int
    book: Path
    seed: int
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Where orders go."""
        return f"http://127.0.0.1:{self.port}/api/orders"

    def start(self) -> None:
        """Begin, with the book as it is, and wait until it listens."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, __file__, str(self.port), str(self.book), str(self.seed)]
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                assert time.monotonic() < deadline, "the order subsystem does not start"
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """As when it crashes. Twice is no error."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def heard(self) -> tuple[Heard, ...]:
        """All that is in the book, in order; a key as often as it came."""
        return tuple(Heard(**fact) for fact in read(self.book))


@contextmanager
def order_subsystem(book: Path, seed: int) -> Iterator[OrderSubsystem]:
    """Run one on a free port."""
    subsystem = OrderSubsystem(free_port(), book, seed)
    subsystem.start()
    try:
        yield subsystem
    finally:
        subsystem.kill()


def read(book: Path) -> list[dict[str, Any]]:
    """Its lines. Who was killed while it wrote the last one has not answered it."""
    text = book.read_text(encoding="utf-8") if book.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1] if line]


class _Book:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        # A line that was cut short stays alone.
        lines = [json.dumps(fact) for fact in read(path)]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def write(self, key: str, order: dict[str, Any]) -> int:
        """One line in one step; what the key is answered, whenever and however often it comes."""
        rejected = sha256(key.encode()).digest()[0] % 16 < REJECTED_OF_16
        status = (409 if key < "m" else 422) if rejected else 201
        with self._lock, self._path.open("ab", buffering=0) as file:
            file.write(json.dumps({"key": key, "order": order, "status": status}).encode() + b"\n")
        return status


class _Counter(Desk):
    """One connection."""

    def __init__(self, book: _Book, rng: random.Random, *rest: Any) -> None:
        self._book = book
        self._rng = rng
        super().__init__(*rest)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self._rng.random() * LONGEST_ANSWER_SECONDS)
        mood = self._rng.random()
        if mood < 0.05:
            return self.say(503)
        if mood < 0.10:
            return self.cut()
        status = self._book.write(self.headers["Idempotency-Key"], json.loads(body))
        if mood < 0.15:
            return self.cut()
        if mood < 0.20:
            return self.say(500)
        if mood < 0.23:
            return self.say(409)
        if mood < 0.25:
            self.wfile.write(f"HTTP/1.1 {status} Twice\r\nContent-Length: 0\r\n\r\n".encode() * 2)
            return None
        return self.say(status, b'{"result": "rejected"}' if status == 409 else b"{}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked is gone."""


if __name__ == "__main__":
    handler = partial(_Counter, _Book(Path(sys.argv[2])), random.Random(int(sys.argv[3])))
    _Server(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
