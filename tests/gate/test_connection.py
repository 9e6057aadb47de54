"""The gate behind its real server: slow, huge, broken and hostile clients."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from support.gate_server import Served, request, served, statuses
from support.running_gate import ENDED, FOLDER, ORIGIN_SECRET, order_path, running_gate, token
from uvicorn.server import ServerState

from flashgen.gate.http import connection
from flashgen.gate.http import request as requests
from flashgen.gate.metrics import Count

PATH = order_path()
TYPE = b"Content-Type: application/x-www-form-urlencoded\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: a\r\n" % PATH.encode()
GET = request("GET", PATH)


def field(answer: bytes, name: str) -> str:
    """A header field of a response; empty if it is not there."""
    for line in answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(": ")
        if key.lower() == name:
            return value
    return ""


def test_a_buyer_buys(server: Served) -> None:
    """Over a connection that is kept, as browsers do."""
    form = server.ask(GET)
    cookie = f"Cookie: {field(form, 'set-cookie').partition(';')[0]}\r\n"
    lease = form.partition(b'data-lease="')[2].partition(b'"')[0]
    assert [200] == statuses(form)
    placed = server.ask(request("POST", PATH, cookie, b"lease=" + lease))
    assert ([303], "?sku=LAMP") == (statuses(placed), field(placed, "location"))
    assert b"<title>order</title>" in server.ask(request("GET", PATH, cookie))


@pytest.mark.parametrize(
    "fields",
    [
        "Host: evil.example\r\n",
        "X-Forwarded-Host: evil.example\r\n",
        "X-Forwarded-Proto: javascript\r\n",
        "Forwarded: host=evil.example\r\n",
        "X-Original-URL: //evil.example\r\n",
        "Referer: https://evil.example/\r\n",
        "Origin: https://evil.example\r\n",
    ],
)
def test_no_field_leads_to_another_site(server: Served, fields: str) -> None:
    """Locations are made of configuration and of the SKU alone."""
    assert ENDED == field(server.ask(request("GET", order_path("NONE"), fields)), "location")
    assert f'"{FOLDER}"'.encode() in server.ask(request("GET", PATH, fields))


@pytest.mark.parametrize(
    "target",
    [
        f"//evil.example/o/{token()}?sku=LAMP",
        f"/o/{token()}//evil.example?sku=LAMP",
        f"/o/{token()}?sku=//evil.example",
        f"/o/{token()}?sku=LAMP%0d%0aLocation:%20https://evil.example",
        f"/o/{token()}?sku=https://evil.example",
        f"/\\evil.example/o/{token()}?sku=LAMP",
        f"http://evil.example/o/{token()}?sku=NONE",
        "//evil.example",
        "/o//evil.example",
    ],
)
def test_no_target_leads_to_another_site(server: Served, target: str) -> None:
    """Nor splits the answer."""
    answer = server.ask(request("GET", target))
    assert statuses(answer) in ([303], [404], [400])
    assert field(answer, "location") in ("", ENDED)
    assert b"evil" not in answer


def test_two_cookies_and_two_addresses(server: Served) -> None:
    """Duplicates are read, and none of them is a way in."""
    fields = (
        "Cookie: flashgen_buyer=x\r\nCookie: flashgen_buyer=a.b\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: ,\r\n"
    )
    assert [200] == statuses(server.ask(request("GET", PATH, fields)))


HUGE = b"a" * 21_000
CHUNKED = TYPE + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = 2 * (b"fff\r\n" + b"a" * 4095 + b"\r\n") + b"ff\r\n" + b"a" * 255 + b"\r\n"

REFUSED: dict[str, tuple[bytes, int]] = {
    "a long field": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + HUGE + b"\r\n\r\n", 431),
    "a longer field": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + HUGE * 15 + b"\r\n\r\n", 431),
    "a long target": (b"GET /" + HUGE + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    "many fields": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 6_000 + b"\r\n", 431),
    "empty lines": (b"\r\n" * 20_000, 431),
    "a long form": (request("POST", PATH, "", b"lease=" + b"a" * 8_187), 413),
    "a longer form": (request("POST", PATH, "", b"lease=" + HUGE * 10), 413),
    "long chunks": (POST + TYPE + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS, 413),
    "a form that says it is long": (POST + TYPE + b"Content-Length: 99999999999\r\n\r\n", 413),
    "long trailers": (POST + CHUNKED + b"0\r\nX: " + HUGE * 2 + b"\r\n\r\n", 413),
    "many trailers": (POST + CHUNKED + b"0\r\n" + b"X: y\r\n" * 6_000 + b"\r\n", 413),
    "a long extension": (POST + CHUNKED + b"1;" + HUGE * 2 + b"\r\na\r\n0\r\n\r\n", 413),
    "many extensions": (POST + CHUNKED + b"1;xxxxx\r\na\r\n" * 3_000, 413),
    "JSON": (POST + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 415),
    "no type": (POST + b"Content-Length: 2\r\n\r\na=", 415),
    "two types": (POST + TYPE + TYPE + b"Content-Length: 2\r\n\r\na=", 415),
    "a file": (POST + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1\r\n\r\nx", 415),
    "a path that is not ASCII": (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "NUL": (b"GET /o/\x00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "no HTTP": (b"nonsense\r\n\r\n", 400),
    "HTTP of the future": (b"GET / HTTP/9.9\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "length and chunks": (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_form_is_refused_and_closed(server: Served, name: str) -> None:
    """With the status that says why."""
    message, status = REFUSED[name]
    assert [status] == statuses(server.ask(message))[:1]


@pytest.mark.parametrize("begin", [b"0\r\nX: ", b"1;"], ids=["trailer", "extension"])
@pytest.mark.parametrize("path", [PATH, order_path("NONE"), "/"])
def test_a_request_without_end_is_hung_up_on(server: Served, begin: bytes, path: str) -> None:
    """Before the parser has gathered much of it, also when the answer is there already."""
    with server.connect() as client:
        client.sendall(b"POST %b HTTP/1.1\r\nHost: a\r\n" % path.encode() + CHUNKED + begin)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            client.sendall(b"a" * 100_000_000)


def test_who_is_hung_up_on_is_gone_at_once() -> None:
    """Before the connection has ended: a form that is sent now would hold its slot, and arrive nowhere."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        met.append(transport.closed)

    async def flood() -> None:
        config = uvicorn.Config(app, interface="asgi3", log_config=None)
        protocol = connection.BoundedHttp(config, ServerState(), {})
        protocol.connection_made(transport)
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0)
        protocol.data_received(b"1;" + HUGE)
        await asyncio.wait(protocol.tasks, timeout=5)
        assert protocol._watch
        protocol._watch.cancel()

    met: list[bool] = []
    transport = Closing()
    asyncio.run(flood())
    assert ([True], [413]) == (met, statuses(transport.written))


class Closing(asyncio.Transport):
    """A transport that never says that it has closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.written += bytes(data)

    def close(self) -> None:
        """Begin to close."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it began to."""
        return self.closed


def test_a_long_form_leaves_room_for_the_next_head(server: Served) -> None:
    """What a request sent does not count against the one after it."""
    with server.connect() as client:
        for _ in range(2):
            fields = f"Host: a\r\nX: {'a' * 14_000}\r\nConnection: keep-alive\r\n"
            head = f"POST {PATH} HTTP/1.1\r\n{fields}".encode() + TYPE + b"Content-Length: 4096\r\n\r\n"
            client.sendall(head + b"a" * 4096)
            assert [403] == statuses(client.recv(65536))


def test_a_connection_is_kept_after_a_form(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its body came alone, as proxies send it: that is no beginning of another head."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    with server.connect() as client:
        client.sendall(POST + TYPE + b"Content-Length: 7\r\n\r\n")
        time.sleep(0.05)
        client.sendall(b"lease=x")
        assert [403] == statuses(client.recv(65536))
        time.sleep(0.5)
        client.sendall(GET)
        assert [200] == statuses(client.recv(65536))


def test_a_trailer_names_no_buyer(tmp_path: Path) -> None:
    """Proxies take such a field out of a head, and let trailers pass."""
    trusted: dict[str, Any] = {"buyer": "header:X-User-Id", "trusted_proxies": ("127.0.0.0/8",)}
    with running_gate(tmp_path, **trusted) as running, served(running) as one:
        start = POST + b"Connection: close\r\nFlashgen-Origin-Secret: %s\r\n" % ORIGIN_SECRET.encode()
        head, trailer = start + b"X-User-Id: eve\r\n" + CHUNKED + b"0\r\n\r\n", b"0\r\nX-User-Id: eve\r\n\r\n"
        assert [303] == statuses(one.ask(head))
        assert [403] == statuses(one.ask(start + CHUNKED + trailer))


def test_an_answer_that_nobody_reads_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its connection: it would hold memory for as long as the client likes."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with running_gate(tmp_path) as running:
        size = 30_000_000
        running.push(items={"LAMP": replace(running.settings.items["LAMP"], name="a" * size)})
        with served(running) as one, one.connect() as client:
            client.sendall(GET)
            assert client.recv(1000)
            assert one.wait_until(lambda: not one.connections)
            read = 0
            with suppress(ConnectionResetError):
                while piece := client.recv(1 << 20):
                    read += len(piece)
            assert read < size


def test_a_form_may_come_in_chunks_and_wait_for_its_turn(server: Served) -> None:
    """Chunked, with Expect: 100-continue, in small pieces."""
    head = POST + TYPE + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    answer = server.ask(head, b"3\r\nlea\r\n", b"4\r\nse=x\r\n", b"0\r\n\r\n")
    assert [100, 403] == statuses(answer)


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"GET / HTTP/1.1\r\nHost: a\r\n",),
        (b"GET",),
        (b"\r\n",),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HT"),
    ],
)
def test_a_head_that_does_not_come_ends_the_connection(
    server: Served, monkeypatch: pytest.MonkeyPatch, pieces: tuple[bytes, ...]
) -> None:
    """On the first request and on later ones."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    answer = server.ask(*pieces)
    assert statuses(answer) in ([], [408], [404])


def test_a_trickle_ends_the_connection(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is no progress."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with server.connect() as client:
        client.settimeout(0.05)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        deadline, answer = time.monotonic() + 10, None
        while answer is None and time.monotonic() < deadline:
            try:
                answer = client.recv(1000)
            except TimeoutError:
                client.sendall(b"a")
    assert answer is not None
    assert [408] == statuses(answer)


def test_a_body_that_does_not_come_is_not_waited_for(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slot is another buyer's by then."""
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.2)
    assert [408] == statuses(server.ask(request("POST", PATH, "", b"lease=x")[:-3]))


def test_a_connection_serves_one_request_after_the_other(server: Served) -> None:
    """As browsers ask."""
    with server.connect() as client:
        for target, status in ((order_path("NONE"), 303), ("/", 404)):
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert [status] == statuses(client.recv(65536))


@pytest.mark.parametrize(
    "more", [GET, GET * 100, b"nonsense", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nlease=abc"]
)
def test_a_request_that_comes_too_soon_is_not_heard(server: Served, more: bytes) -> None:
    """The first is answered, and the connection ends."""
    first = f"GET {order_path('NONE')} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    assert [303] == statuses(server.ask(first + more))


def test_a_form_is_not_mixed_with_what_follows(server: Served) -> None:
    """Bytes of a second request are no part of the first one's body."""
    first = request("POST", PATH, "", b"lease=x").replace(b"Connection: close\r\n", b"")
    assert [403] == statuses(server.ask(first + request("POST", PATH, "", b"a" * 5000)))


def test_an_upgrade_is_ignored(server: Served) -> None:
    """Neither WebSockets nor HTTP/2 in the clear are spoken."""
    for wanted in ("websocket", "h2c"):
        fields = f"Connection: Upgrade\r\nUpgrade: {wanted}\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
        assert [303] == statuses(
            server.ask(f"GET {order_path('NONE')} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode(), closes=True)
        )
    assert statuses(server.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) in ([400], [405], [404])
    assert statuses(server.ask(b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", closes=True)) in (
        [400],
        [404],
        [405],
    )


def test_head_has_no_body(server: Served) -> None:
    """And OPTIONS is none of ours."""
    for target in (PATH, order_path("NONE"), "/", "/readyz", "/metrics"):
        assert b"" == server.ask(request("HEAD", target)).partition(b"\r\n\r\n")[2]
    assert [405] == statuses(server.ask(request("OPTIONS", PATH)))


@pytest.mark.parametrize("times", [1, 2, 50])
def test_who_leaves_before_the_form_leaves_no_slot(server: Served, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """While the storage was deciding; also when more than one request came."""
    decide = server.running.storage.decide
    deciding, go_on = threading.Event(), threading.Event()

    def slow(asks: Any) -> Any:
        deciding.set()
        go_on.wait(10)
        return decide(asks)

    before = server.running.in_use()
    given = server.running.count(Count.LEASES)
    with monkeypatch.context() as slowly:
        slowly.setattr(server.running.storage, "decide", slow)
        with server.connect() as client:
            client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * times)
            assert deciding.wait(10)
        time.sleep(0.1)
        go_on.set()
    assert server.wait_until(lambda: server.running.count(Count.LEASES) > given)
    assert server.wait_until(lambda: server.running.in_use() == before)


def test_a_server_that_stops_gives_slots_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was being let in is told nothing, and holds nothing."""
    with running_gate(tmp_path) as running:
        decide, deciding = running.storage.decide, threading.Event()

        def slow(asks: Any) -> Any:
            deciding.set()
            time.sleep(1.5)
            return decide(asks)

        with served(running) as one, one.connect() as client, monkeypatch.context() as slowly:
            slowly.setattr(running.storage, "decide", slow)
            client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert deciding.wait(10)
            time.sleep(0.05)
        assert one.wait_until(lambda: running.in_use() == 0)


def test_two_hundred_at_once(tmp_path: Path) -> None:
    """For ten slots: ten forms."""
    with (
        running_gate(tmp_path, slots_per_server=10) as running,
        served(running) as one,
        ThreadPoolExecutor(50) as crowd,
    ):
        answers = list(crowd.map(lambda _: one.ask(request("GET", order_path("MUG"))), range(200)))
        assert (10, 10) == (sum(b'data-lease="id-' in answer for answer in answers), running.in_use())
        assert {200, 303} == {statuses(answer)[0] for answer in answers}


@pytest.mark.parametrize(
    "fields", ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nhOST: b\r\n"], ids=["none", "twice", "two"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_request_has_one_host(server: Served, method: str, fields: str) -> None:
    """Else a proxy and the gate may take it for different ones (RFC 9112, 3.2)."""
    head = f"{method} /readyz HTTP/1.1\r\nConnection: close\r\n{fields}\r\n"
    assert [400] == statuses(server.ask(head.encode(), closes=True))


def test_an_old_client_needs_no_host(server: Served) -> None:
    """HTTP/1.0 knows none; nginx speaks it unless it is told otherwise. Two are too many there, too."""
    assert b" 200 " in server.ask(b"GET /readyz HTTP/1.0\r\n\r\n", closes=True)
    assert b" 400 " in server.ask(b"GET /readyz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", closes=True)
