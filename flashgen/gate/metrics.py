"""What a server counts, and how Prometheus reads it (text exposition format 0.0.4).

Counts are shared by all workers of a server (`shared_rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from types import TracebackType

from flashgen.gate.shared_rows import SharedRows

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
    SPECULATIVE = 16
    """Nobody waits for it: a browser fetches ahead, or a messenger makes a preview of the link."""
    SEEN = 17
    """A form was shown."""
    LEASES = 18
    ACCEPTED = 19
    DONE = 20
    REJECTED = 21
    UNKNOWN = 22
    STORAGE_ERRORS = 23
    BUGS = 24
    CONTRADICTED = 25
    """The order subsystem answered otherwise than the order was settled here."""
    PASS = 26
    """A pass that was accepted."""
    LIMIT = 27
    """A buyer with as many units as one may have."""
    RESERVED = 28
    PAID = 29
    RELEASED = 30
    PAID_LATE = 31
    """Paid after its unit had gone back."""
    REPORT = 32
    """The order subsystem said of its own accord what became of an order."""


_REQUESTS = (*tuple(Count)[: Count.LEASES], Count.PASS, Count.LIMIT, Count.REPORT)
_ORDERS = (
    Count.ACCEPTED,
    Count.DONE,
    Count.REJECTED,
    Count.UNKNOWN,
    Count.CONTRADICTED,
    Count.RESERVED,
    Count.PAID,
    Count.RELEASED,
    Count.PAID_LATE,
)


class Counters:
    """One worker's row, and the sums of all. A context manager that gives the row back. A process has one of them."""

    def __init__(self, path: Path) -> None:
        """Take a free row of the file at `path`, which is made where there is none. Raises Refused if all are taken."""
        self._rows = SharedRows(path, ROW)

    def add(self, count: int) -> None:
        """Count one."""
        self._rows.mine[count] += 1

    def total(self, count: int) -> int:
        """The sum of all workers, dead ones too."""
        return sum(self._rows.column(count))

    @property
    def is_first(self) -> bool:
        """Whether this worker speaks for its server: one does, and the next that starts when it has died."""
        return self._rows.row == 0

    def close(self) -> None:
        """Leave the row to the next worker."""
        self._rows.close()

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
