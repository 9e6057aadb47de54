"""What a server counts, and how Prometheus reads it (text exposition format 0.0.4).

Counts are integers in a small file that all workers of a server map into memory. Each worker has a row and writes only
there, so that no lock is needed; a worker that is started again goes on in a row that a dead one left.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from types import TracebackType

from flashgen.errors import Refused

MAX_WORKERS = 256
ROW = 64
"""Places a worker has: more than there are counts, so that another version's file still fits."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str], float]


class Count(IntEnum):
    """What is counted: a place in a row. The first ones are what requests came to."""

    FORM = 0
    ORDER = 1
    """An order page, or the way to it."""
    FULL = 2
    SOLD_OUT = 3
    CLOSED = 4
    PAUSED = 5
    ENDED = 6
    EARLY = 7
    BAD_TOKEN = 8
    OTHER_EPOCH = 9
    UNKNOWN_SKU = 10
    BAD_LEASE = 11
    NOBODY = 12
    UNAVAILABLE = 13
    INVALID = 14
    """A path, a method or a body that is none of the gate's."""
    PROBE = 15
    LEASES = 16
    ACCEPTED = 17
    DONE = 18
    REJECTED = 19
    UNKNOWN = 20
    STORAGE_ERRORS = 21
    BUGS = 22
    CONTRADICTED = 23
    """The order subsystem answered otherwise than the order was settled here."""


_REQUESTS = tuple(Count)[: Count.LEASES]
_ORDERS = (Count.ACCEPTED, Count.DONE, Count.REJECTED, Count.UNKNOWN, Count.CONTRADICTED)


class Counters:
    """One worker's row, and the sums of all. A context manager that gives the row back. A process has one of them."""

    def __init__(self, path: Path) -> None:
        """Take a free row of the file at `path`, which is made where there is none. Raises Refused if all are taken."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(self._file, MAX_WORKERS * ROW * 8)
            row = _free_row(self._file, path)
            self._map = mmap.mmap(self._file, MAX_WORKERS * ROW * 8)
        except BaseException:
            os.close(self._file)
            raise
        self._all = memoryview(self._map).cast("q")
        self._mine = self._all[row * ROW : (row + 1) * ROW]

    def add(self, count: int) -> None:
        """Count one."""
        self._mine[count] += 1

    def total(self, count: int) -> int:
        """The sum of all workers, dead ones too."""
        return sum(self._all[count::ROW])

    def close(self) -> None:
        """Leave the row to the next worker."""
        self._mine.release()
        self._all.release()
        self._map.close()
        os.close(self._file)

    def __enter__(self) -> Counters:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def exposition(self) -> str:
        """Every count, as Prometheus reads it."""
        requests = [({"outcome": _label(one)}, float(self.total(one))) for one in _REQUESTS]
        orders = [({"event": _label(one)}, float(self.total(one))) for one in _ORDERS]
        return "".join(
            (
                series("requests_total", "counter", "Requests, by what they came to.", requests),
                series("leases_total", "counter", "Slots that were given to buyers.", self._plain(Count.LEASES)),
                series("order_events_total", "counter", "What happened to orders here.", orders),
                series("storage_errors_total", "counter", "Times without storage.", self._plain(Count.STORAGE_ERRORS)),
                series("bugs_total", "counter", "Requests that met a bug of the gate.", self._plain(Count.BUGS)),
            )
        )

    def _plain(self, count: Count) -> Sequence[Sample]:
        return [({}, float(self.total(count)))]


def series(name: str, kind: str, text: str, samples: Iterable[Sample]) -> str:
    """One metric, `flashgen_gate_<name>`, with its samples: labels and value."""
    full = f"flashgen_gate_{name}"
    lines = [f"# HELP {full} {text}", f"# TYPE {full} {kind}"]
    lines += [f"{full}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _label(count: Count) -> str:
    return count.name.lower().replace("_", "-")


def _free_row(file: int, path: Path) -> int:
    """A row is taken by whoever holds the lock on its byte; the system takes it from the dead."""
    for row in range(MAX_WORKERS):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            continue
        return row
    raise Refused(f"{path}: {MAX_WORKERS} workers count there already", "start fewer workers")
