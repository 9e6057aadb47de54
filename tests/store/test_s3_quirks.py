"""The store in a bucket of servers that follow S3 in their own way: it works, or one error says what lacks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.s3.responses import S3Response
from support.moto_server import moto_s3
from support.quirky_s3 import Quirk, QuirkyS3, quirky_s3
from support.store_contract import StoreContract

from flashgen.errors import AccessDenied, NoAnswer
from flashgen.store import Headers, S3Store, Store
from flashgen.store.conditional_write import put_settled
from flashgen.store.conditions import condition_fault

PAGE = Headers("text/html", "public, max-age=60")


@pytest.fixture(autouse=True)
def _one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto looks at the condition and then writes, without a lock between its threads."""
    turn, answer = threading.Lock(), S3Response._key_response

    def in_turn(self: S3Response, request: Any, full_url: str) -> Any:
        with turn:
            return answer(self, request, full_url)

    monkeypatch.setattr(S3Response, "_key_response", in_turn)


@contextmanager
def behind(quirk: Quirk) -> Iterator[tuple[QuirkyS3, S3Store]]:
    """A server with that quirk, and the store in it."""
    with moto_s3() as server, quirky_s3(server.url, quirk) as proxy:
        yield proxy, S3Store(server.bucket, "sales", endpoint_url=proxy.url)


@pytest.fixture(scope="class")
def odd_bucket(aws_credentials_of_class: None) -> Iterator[Store]:
    """Of a server that is odd in all ways in which a store can work."""
    with behind(Quirk.WEAK_ETAGS | Quirk.MD5_FOR_MULTI_DELETE | Quirk.DENIES_THE_MISSING | Quirk.SLOW_DOWN) as (_, it):
        yield it


class TestOddServer(StoreContract):
    """The contract, with real connections, and so with few objects."""

    many = 12

    @pytest.fixture
    def store(self, odd_bucket: Store) -> Store:
        """An empty one."""
        odd_bucket.delete([entry.key for entry in odd_bucket.list("")])
        return odd_bucket


@pytest.mark.usefixtures("aws_credentials")
def test_a_server_that_deletes_one_object_a_request() -> None:
    with behind(Quirk.NO_MULTI_DELETE) as (_, store):
        for key in ("a", "b", "c"):
            store.put(key, b"", PAGE)
        store.delete(["a", "b", "missing"])
        assert ["c"] == [entry.key for entry in store.list("")]


@pytest.mark.usefixtures("aws_credentials")
class TestConditions:
    """Whether they are honoured is found out, whatever else is odd."""

    @pytest.mark.parametrize(
        "quirk", [Quirk.WEAK_ETAGS, Quirk.SLOW_DOWN_EVERYTHING, Quirk.DENIES_THE_MISSING, Quirk.NO_MULTI_DELETE]
    )
    def test_they_are_honoured(self, quirk: Quirk) -> None:
        """And nothing is left of trying."""
        with behind(quirk) as (_, store):
            assert "" == condition_fault(store, "_flashgen/doctor/x", lambda seconds: None)
            assert [] == list(store.list(""))

    def test_they_are_ignored(self) -> None:
        with behind(Quirk.NO_CONDITIONS) as (_, store):
            fault = condition_fault(store, "_flashgen/doctor/x", lambda seconds: None)
            assert fault.startswith("the store ignores If-None-Match and ignores If-Match: two operators at once")
            assert [] == list(store.list(""))

    def test_without_etags_there_are_none(self) -> None:
        with behind(Quirk.NO_ETAGS) as (_, store), pytest.raises(NoAnswer, match="the server answered without an ETag"):
            condition_fault(store, "_flashgen/doctor/x", lambda seconds: None)

    def test_a_busy_store_settles_in_the_end(self) -> None:
        """Each write with a condition is answered 503 at first, and read back."""
        with behind(Quirk.SLOW_DOWN_EVERYTHING) as (_, store):
            etag = None
            for body in (b"1", b"2", b"3"):
                etag = put_settled(store, "k", body, PAGE, if_match=etag, sleep=lambda seconds: None)
            found = store.get("k")
            assert found
            assert (b"3", etag) == (found.body, found.etag)


@pytest.mark.usefixtures("aws_credentials")
def test_a_denied_object_that_is_there_is_denied() -> None:
    """The listing has it."""
    with behind(Quirk.NO_CONDITIONS) as (proxy, store):
        store.put("k", b"1", PAGE)
        answer = proxy.answer

        def deny(command: str, path: str, headers: dict[str, str], body: bytes) -> Any:
            from support.fault_proxy import refusal

            is_listing = "list-type" in path
            return answer(command, path, headers, body) if is_listing else refusal(403, "AccessDenied")

        proxy.answer = deny  # type: ignore[method-assign]
        assert store.get("missing") is None
        with pytest.raises(AccessDenied, match=r"s3://flash/sales/k: access denied$"):
            store.get("k")
