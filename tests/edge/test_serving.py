"""An app on a port of this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
from support.observed_store import ObservedStore
from support.viewer import look

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.errors import Refused
from flashgen.store import Headers

Message = MutableMapping[str, Any]


@pytest.fixture
def edge() -> Edge:
    """In front of one page."""
    store = ObservedStore()
    store.put("sale/index.html", b"page", Headers("text/html", "public, max-age=60"))
    return Edge(store)


def test_it_serves_until_it_is_left(edge: Edge) -> None:
    """On a free port, which is free again afterwards."""
    with Serving(edge) as serving:
        assert f"http://127.0.0.1:{serving.port}" == serving.url
        assert b"page" == look(serving.url, "/sale/").body
    with pytest.raises(ConnectionRefusedError):
        look(serving.url, "/sale/")


@pytest.mark.parametrize(
    ("path", "status"), [("/s%61le%2F", 200), ("/sale/%2e%2e/sale/", 404), ("/%FF.html", 404), ("/sale%252F", 302)]
)
def test_paths_are_decoded_once(edge: Edge, path: str, status: int) -> None:
    """And what they say then counts."""
    with Serving(edge) as serving:
        assert status == look(serving.url, path).status


def test_the_server_adds_nothing(edge: Edge) -> None:
    """One Date, the edge's, and no boast."""
    with Serving(edge) as serving:
        fields = look(serving.url, "/sale/").fields
    assert {
        "content-type",
        "content-length",
        "accept-ranges",
        "etag",
        "cache-control",
        "x-cache",
        "date",
        "content-security-policy",
        "referrer-policy",
        "x-content-type-options",
    } == set(fields)


def test_a_port_can_be_chosen_again_at_once(edge: Edge) -> None:
    """Connections of the last run do not block it."""
    with Serving(edge) as serving:
        look(serving.url, "/sale/")
    with Serving(edge, port=serving.port) as again:
        assert 200 == look(again.url, "/sale/").status


def test_a_port_in_use_is_refused(edge: Edge) -> None:
    """With the place, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused) as refusal:
            Serving(edge, port=port)
    assert f"127.0.0.1:{port}: the port is in use" == str(refusal.value)
    assert "stop what listens there, or choose another --port" == refusal.value.hint


def test_an_address_of_another_machine_is_refused(edge: Edge) -> None:
    """Another port would be no help."""
    with pytest.raises(Refused) as refusal:
        Serving(edge, host="192.0.2.1")
    assert "192.0.2.1:0: 192.0.2.1 is not an address of this machine" == str(refusal.value)
    assert "listen on 127.0.0.1, on 0.0.0.0 for all of this machine's addresses, or on one of them" == (
        refusal.value.hint
    )


def test_why_a_port_cannot_be_used_is_said_once(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of the system, without the address that is there already."""

    def refuse(address: object, **_: object) -> socket.socket:
        raise PermissionError(errno.EACCES, f"Permission denied (while attempting to bind on address {address})")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(Refused, match=r"^127\.0\.0\.1:80: cannot listen there: permission denied$"):
        Serving(edge, port=80)


def test_an_app_that_does_not_start_is_refused() -> None:
    """And leaves no port behind."""

    async def broken(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": ""})

    serving = Serving(broken)
    with pytest.raises(Refused, match="the app did not start"):
        serving.__enter__()
    with pytest.raises(ConnectionRefusedError):
        look(serving.url, "/")


def test_an_endless_response_does_not_keep_it_from_stopping(caplog: pytest.LogCaptureFixture) -> None:
    """A page that listens for reloads stays connected; that it is cut off is nothing to write about."""
    started = threading.Event()

    async def endless(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        started.set()
        while True:
            await asyncio.sleep(3600)

    with Serving(endless) as serving, socket.create_connection(("127.0.0.1", serving.port)) as viewer:
        viewer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert started.wait(5)
        before = time.monotonic()
        serving.__exit__(None, None, None)
        assert time.monotonic() - before < 5
    assert [] == caplog.messages


def test_a_bug_in_the_app_is_reported(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    """Also when another app was served before."""

    async def buggy(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            raise ZeroDivisionError
        await edge(scope, receive, send)

    for _ in range(2):
        caplog.clear()
        with Serving(buggy) as serving:
            assert 500 == look(serving.url, "/").status
        assert ["Exception in ASGI application\n"] == caplog.messages


def test_small_answers_leave_at_once(edge: Edge) -> None:
    """Two writes a response and Nagle's algorithm would cost 40 ms each, and the page's clock with them."""
    with Serving(edge) as serving, socket.create_connection(("127.0.0.1", serving.port)) as viewer:
        took = []
        for _ in range(10):
            before = time.monotonic()
            viewer.sendall(b"GET /sale/ HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            while not received.endswith(b"page"):
                received += viewer.recv(65536)
            took.append(time.monotonic() - before)
    assert sorted(took)[4] < 0.035


def test_it_listens_on_ipv6_too(edge: Edge) -> None:
    """With brackets in the URL."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Serving(edge, host="::1") as serving:
        assert serving.url.startswith("http://[::1]:")
        assert 200 == look(serving.url, "/sale/").status
