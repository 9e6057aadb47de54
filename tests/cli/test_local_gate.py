"""Who opens a first sale is told of a gate that is not there, by push and by go-live."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Flashgen
from support.ports import free_port

from flashgen.cli.gate import local as local_gate

GATE = "http://127.0.0.1:8090"
GO_LIVE = ("go-live", "night", "--early", "--yes")


@pytest.fixture
def port() -> Iterator[int]:
    """Of a gate that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def new(flashgen: Flashgen, project: Path, server: str) -> None:
    """A sale with this order server."""
    assert 0 == flashgen("new", "night").exit_code
    path = project / "sale_configs" / "night.yaml"
    path.write_text(path.read_text().replace(GATE, server))


def test_a_gate_that_is_not_there_is_told(flashgen: Flashgen, project: Path) -> None:
    """In one line each, with the command; the sale opens all the same."""
    server = f"http://127.0.0.1:{free_port()}"
    new(flashgen, project, server)
    for command in (("push", "--yes"), GO_LIVE):
        run = flashgen(*command)
        assert 0 == run.exit_code
        said = "warning: " if "go-live" in command else ""
        assert f"{said}no gate answers at {server}: flashgen gate serve night" in run.err.splitlines()


def test_the_command_goes_to_the_target(flashgen: Flashgen, project: Path) -> None:
    """To be pasted as it is."""
    new(flashgen, project, f"http://127.0.0.1:{free_port()}")
    assert ": flashgen --target local gate serve night\n" in flashgen("--target", "local", "push", "--yes").err


def test_of_a_gate_that_is_there_nothing_is_said(flashgen: Flashgen, project: Path, port: int) -> None:
    """It need not be ready yet."""
    new(flashgen, project, f"http://127.0.0.1:{port}")
    for command in (("push", "--yes"), GO_LIVE):
        assert "no gate" not in flashgen(*command).err


def test_an_open_sale_is_not_asked_again(flashgen: Flashgen, project: Path) -> None:
    """`status` and `doctor` look at it then."""
    new(flashgen, project, f"http://127.0.0.1:{free_port()}")
    flashgen("push", "--yes")
    flashgen(*GO_LIVE)
    assert "no gate" not in flashgen(*GO_LIVE).err


@pytest.mark.parametrize("server", ["https://order.example.com", "https://127.0.0.1.example.com"])
def test_gates_elsewhere_are_not_asked(
    flashgen: Flashgen, project: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At T0 not a millisecond is to be lost: `go-live` does not even load what would ask."""
    asked: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *address: asked.append(address))
    new(flashgen, project, server)
    assert "no gate" not in flashgen("push", "--yes").err
    monkeypatch.setitem(sys.modules, local_gate.__name__, None)
    assert 0 == flashgen(*GO_LIVE).exit_code
    assert [] == asked
