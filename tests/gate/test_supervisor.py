"""What the parent of a gate's workers does when one of them does not do what it should."""

from __future__ import annotations

import logging
import multiprocessing
import resource
import signal
import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from support import broken_gate

from flashgen.errors import Refused
from flashgen.gate.log import JsonLines
from flashgen.gate.process.supervisor import Supervisor, serve


@pytest.fixture
def process_as_before() -> Iterator[None]:
    """A gate's parent has its process for itself."""
    root, limits = logging.getLogger(), resource.getrlimit(resource.RLIMIT_NOFILE)
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_worker_that_hangs_does_not_hold_the_stop_up() -> None:
    """It is killed when its time is over."""
    hanging = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    hanging.start()
    supervisor: Any = Supervisor.__new__(Supervisor)
    supervisor.processes = [SimpleNamespace(process=hanging)]
    supervisor.stop_seconds = 0.05
    supervisor.join_all()
    assert -signal.SIGKILL == hanging.exitcode


def test_a_worker_that_cannot_start_ends_the_gate(process_as_before: None) -> None:
    """Rather than to be started over and over; signals are the caller's again, and the socket is closed."""
    lines: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with pytest.raises(Refused, match="a worker did not start"):
            serve(broken_gate.make, [listening], 1, JsonLines(lines.append, time.time))
        assert -1 == listening.fileno()
    assert before == signal.getsignal(signal.SIGTERM)
    assert any("failed to start" in line for line in lines)
