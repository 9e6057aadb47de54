"""The guard of conftest.py bites, and lets loopback through."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest

ELSEWHERE = ("192.0.2.1", 80)  # TEST-NET-1, RFC 5737: belongs to nobody


@pytest.mark.parametrize(
    "reach_out",
    [
        lambda sock: socket.create_connection(ELSEWHERE, timeout=0.1),
        lambda sock: sock.connect(ELSEWHERE),
        lambda sock: sock.connect_ex(ELSEWHERE),
        lambda sock: sock.sendto(b"x", ELSEWHERE),
        lambda sock: socket.getaddrinfo("example.com", 80),
    ],
    ids=["create_connection", "connect", "connect_ex", "sendto", "look-up"],
)
def test_nothing_leaves_this_machine(reach_out: Callable[[socket.socket], object]) -> None:
    """Every way out that Python code takes is closed."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(Exception, match="beyond loopback"):
        reach_out(sock)


def test_loopback_is_open() -> None:
    """Servers that a test starts on this machine can be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert server.getsockname() == client.getpeername()


def test_no_credentials_of_the_developer_are_seen() -> None:
    """Without the fixture `aws_credentials` there are none."""
    assert "AWS_ACCESS_KEY_ID" not in os.environ


def test_invented_credentials_are_there_when_asked_for(aws_credentials: None) -> None:
    """The fixture gives what boto3 looks for."""
    assert "testing" == os.environ["AWS_ACCESS_KEY_ID"]
