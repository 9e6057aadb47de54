"""The store in a bucket, against moto: inside this process, and as a server over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer
from support.store_contract import StoreContract

from flashgen.store import Headers, S3Store, Store

PAGE = Headers("text/html", "public, max-age=60")


@pytest.fixture(autouse=True)
def _one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto looks at the condition and then writes, without a lock between its threads; S3 does both as one step.

    Our threads still race for their turn.
    """
    turn, answer = threading.Lock(), S3Response._key_response

    def in_turn(self: S3Response, request: Any, full_url: str) -> Any:
        with turn:
            return answer(self, request, full_url)

    monkeypatch.setattr(S3Response, "_key_response", in_turn)


@pytest.fixture(scope="class")
def bucket_in_process(aws_credentials_of_class: None) -> Iterator[Store]:
    """Made once: making clients is slow. Below a prefix of a bucket that has other objects too."""
    with mock_aws():
        _make_bucket("flash")
        S3Store("flash", "other").put("theirs", b"", PAGE)
        yield S3Store("flash", "sales/2026")


@pytest.fixture(scope="class")
def bucket_over_http(aws_credentials_of_class: None) -> Iterator[Store]:
    """With real connections, to a server on this machine."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        _make_bucket("flash", f"http://{host}:{port}")
        yield S3Store("flash", endpoint_url=f"http://{host}:{port}")
    finally:
        server.stop()


class TestS3Store(StoreContract):
    """The contract, in the way of AWS."""

    @pytest.fixture
    def store(self, bucket_in_process: Store) -> Store:
        """An empty one."""
        return _emptied(bucket_in_process)


class TestS3StoreOverHttp(StoreContract):
    """The contract, in the way of other S3-compatible stores."""

    many = 12

    @pytest.fixture
    def store(self, bucket_over_http: Store) -> Store:
        """An empty one."""
        return _emptied(bucket_over_http)


@pytest.mark.usefixtures("aws_credentials")
def test_prefixes_keep_stores_apart() -> None:
    """One bucket, two stores, and neither sees or deletes the other's objects."""
    with mock_aws():
        _make_bucket("flash")
        one, two, whole = S3Store("flash", "a/"), S3Store("flash", "/a-b"), S3Store("flash")
        one.put("k", b"one", PAGE)
        two.put("k", b"two", PAGE)
        one.delete(["k"])
        assert [] == list(one.list(""))
        assert ["a-b/k"] == [entry.key for entry in whole.list("")]
        assert ("s3://flash/a", "s3://flash/a-b", "s3://flash") == (one.url, two.url, whole.url)


@pytest.mark.usefixtures("aws_credentials")
def test_folder_markers_of_consoles_are_not_listed() -> None:
    """An object `sale/` is a console's way to draw a folder; no key of ours."""
    with mock_aws():
        _make_bucket("flash")
        boto3.client("s3").put_object(Bucket="flash", Key="sale/")
        assert [] == list(S3Store("flash").list(""))


def _make_bucket(name: str, endpoint_url: str | None = None) -> None:
    client = boto3.client("s3", endpoint_url=endpoint_url)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})


def _emptied(store: Store) -> Store:
    store.delete([entry.key for entry in store.list("")])
    return store
