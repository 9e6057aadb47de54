"""A gate for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gate_server import Served, served
from support.running_gate import Browser, RunningGate, running_gate

from flashgen.gate.metrics import Count


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningGate]:
    """An open sale of 3 LAMPs, any number of MUGs and one É 1; 12 slots."""
    with running_gate(tmp_path) as one:
        yield one


@pytest.fixture
def browser(running: RunningGate) -> Browser:
    """A buyer's."""
    return Browser(running)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gate that listens: one for all tests of a file, with slots for all of them.

    Whatever they send, its log has no traceback, and it meets no bug.
    """
    with running_gate(tmp_path_factory.mktemp("gate"), slots_per_server=10_000) as running, served(running) as one:
        yield one
        assert ([], 0) == (one.errors, running.count(Count.BUGS))
