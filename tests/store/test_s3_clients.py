"""The clock of the machine that a store lives on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from flashgen.errors import NoAnswer, StoreError
from flashgen.store import MemoryStore
from flashgen.store.protocol import Dated
from flashgen.store.s3.clients import server_date

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DATE = "Fri, 27 Nov 2026 08:00:00 GMT"
pytestmark = pytest.mark.usefixtures("aws_credentials")


@contextmanager
def s3_saying(status: int, date: str | None, asked: list[str] | None = None) -> Iterator[S3Client]:
    """A client of a server that gives every request the same answer. `asked` gets method and path of each."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            if asked is not None:
                asked.append(f"{self.command} {self.path}")
            self.send_response_only(status)
            if date:
                self.send_header("Date", date)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield _client(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _client(port: int) -> S3Client:
    config = Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.session.Session().client("s3", endpoint_url=f"http://127.0.0.1:{port}", config=config)


@pytest.mark.parametrize("status", [200, 403, 404])
def test_any_answer_tells_the_time(status: int) -> None:
    """Also a refusal: operators may have no leave to look at the bucket."""
    asked: list[str] = []
    with s3_saying(status, DATE, asked) as client:
        assert datetime(2026, 11, 27, 8, tzinfo=UTC).timestamp() == server_date(client, "flash")
    assert ["HEAD /flash"] == asked


def test_a_server_without_a_date_is_no_clock() -> None:
    """It is said to be the server's fault."""
    with s3_saying(200, None) as client, pytest.raises(StoreError, match="sends no `Date`"):
        server_date(client, "flash")


def test_without_an_answer_there_is_no_time() -> None:
    """As for any request."""
    with s3_saying(200, DATE) as client:
        pass
    with pytest.raises(NoAnswer):
        server_date(client, "flash")


def test_a_store_on_this_machine_has_no_other_clock() -> None:
    """So nothing is compared."""
    assert not isinstance(MemoryStore(), Dated)
