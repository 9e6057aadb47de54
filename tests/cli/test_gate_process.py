"""A gate that is started, waited for, and stopped."""

from __future__ import annotations

import errno
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen
from support.ports import free_port

from flashgen.cli.gate import process as gate_process
from flashgen.cli.gate.process import GateProcess
from flashgen.errors import FlashgenError


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) != 0


def test_it_is_ready_inside_and_gone_afterwards(pushed: Flashgen, project: Path) -> None:
    """What it said is for whoever started it."""
    port = free_port()
    with GateProcess(project, f"gate serve night --port {port}", port) as gate:
        assert not is_free(port)
        assert re.search(r"^night: scheduled, \d+ slots", gate.output, re.MULTILINE)
    assert is_free(port)


def test_one_that_does_not_start_says_why(project: Path) -> None:
    """In its own words."""
    (project / ".flashgen").mkdir()
    port = free_port()
    with (
        pytest.raises(FlashgenError) as failed,
        GateProcess(project, f"gate serve night --port {port}", port),
    ):
        pass
    assert f"`flashgen gate serve night --port {port}` did not start: " in failed.value.message
    assert "no sale night has been pushed to dir:" in failed.value.message
    assert "flashgen push night" == failed.value.hint


def test_one_that_takes_too_long_is_stopped(pushed: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left running."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        processes.append(popen(*arguments, **options))
        return processes[-1]

    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(gate_process, "START_SECONDS", 0.0)
    port = free_port()
    with (
        pytest.raises(FlashgenError, match="did not start"),
        GateProcess(project, f"gate serve night --port {port}", port),
    ):
        pass
    (process,) = processes
    assert process.returncode is not None


def test_a_port_whose_neighbour_is_taken_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate's admin port is the next one."""
    asked: list[int] = []

    def listen(address: tuple[str, int]) -> socket.socket:
        asked.append(address[1])
        if len(asked) == 2:
            raise OSError(errno.EADDRINUSE, "in use")
        return create_server(address)

    create_server = socket.create_server
    monkeypatch.setattr(socket, "create_server", listen)
    port = gate_process.free_port()
    assert [0, port + 1] == asked[-2:]
    assert len(asked) >= 4
