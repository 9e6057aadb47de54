"""Answers that end before their heads do: nobody knows what was done."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from flashgen.errors import NoAnswer
from flashgen.store import Headers, S3Store

HEADERS = Headers("text/plain", "no-store")
CUT = {
    "in the status line": b"HTTP/1.1 200 OK",
    "after the status line": b"HTTP/1.1 200 OK\r\n",
    "in a name": b"HTTP/1.1 200 OK\r\nContent-Le",
    "in the etag": b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: "ab',
    "before the empty line": b'HTTP/1.1 200 OK\r\nDate: Fri, 27 Nov 2026 08:00:00 GMT\r\nETag: "ab"\r\n',
}
REQUESTS: dict[str, Callable[[S3Store], object]] = {
    "put": lambda store: store.put("k", b"x", HEADERS),
    "conditional put": lambda store: store.put("k", b"x", HEADERS, if_absent=True),
    "get": lambda store: store.get("k"),
    "list": lambda store: list(store.list("")),
    "delete": lambda store: store.delete(["k"]),
    "date": lambda store: store.date(),
}


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of a server that says `answer` to each request, and hangs up."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                with client:
                    client.recv(65536)
                    client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("cut", CUT)
@pytest.mark.usefixtures("aws_credentials")
def test_a_cut_head_is_no_answer(cut: str, request_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A put is not known to be done, an object is not empty, a bucket neither."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with answering(CUT[cut]) as url, pytest.raises(NoAnswer):
        REQUESTS[request_name](S3Store("flash", region="eu-central-1", endpoint_url=url))


@pytest.mark.usefixtures("aws_credentials")
def test_a_whole_head_is_an_answer() -> None:
    """Also where no body follows, or lines end as they did of old."""
    for answer in (b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: "ab"\r\n\r\n', b'HTTP/1.0 200 OK\nETag: "ab"\n\n'):
        with answering(answer) as url:
            assert '"ab"' == S3Store("flash", region="eu-central-1", endpoint_url=url).put("k", b"x", HEADERS)
