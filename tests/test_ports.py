"""Ports that tests get: neither twice nor with a neighbour that is taken, in whatever process."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from support.ports import BLOCK, free_port

TESTS = Path(__file__).parent
PRINT = f"import sys; sys.path.insert(0, {str(TESTS)!r}); from support.ports import free_port; print(free_port())"


def test_neighbours_are_free_too() -> None:
    """A gate listens at both."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port + 4)):
        for each in (free_port(), free_port()):
            assert each != port + 4
            with socket.create_server(("127.0.0.1", each)), socket.create_server(("127.0.0.1", each + 1)):
                pass


def test_other_processes_get_others() -> None:
    """Also while nobody listens yet."""
    ours = {free_port() for _ in range(3)}
    theirs = int(subprocess.run([sys.executable, "-c", PRINT], capture_output=True, check=True, text=True).stdout)
    assert not {port // BLOCK for port in ours} & {theirs // BLOCK}
