"""A store as an origin."""

from __future__ import annotations

import asyncio
import gzip
import threading
from dataclasses import replace

import pytest
from support.clock import Clock
from support.observed_store import ObservedStore

from flashgen.edge.local.origin import OriginAnswer, StoreOrigin
from flashgen.errors import AccessDenied, NoAnswer, StoreError
from flashgen.store import Headers

HTML = Headers("text/html; charset=utf-8", "public, max-age=60")


def fetch(origin: StoreOrigin, key: str, known: OriginAnswer | None = None) -> OriginAnswer:
    """On an event loop of its own."""
    return asyncio.run(origin.fetch(key, known))


@pytest.fixture
def store() -> ObservedStore:
    """With one short page."""
    store = ObservedStore()
    store.put("sale/index.html", b"short", HTML)
    return store


@pytest.fixture
def clock() -> Clock:
    """At 1000 s after the epoch."""
    return Clock(1000)


def test_an_object_comes_with_its_headers(store: ObservedStore, clock: Clock) -> None:
    """Body, headers, etag, and when it was read."""
    stored = store.get("sale/index.html")
    assert stored
    expected = OriginAnswer(200, 1000, b"short", b"", HTML.content_type, HTML.cache_control, stored.etag)
    assert expected == fetch(StoreOrigin(store, clock), "sale/index.html")


def test_long_text_is_compressed_once(store: ObservedStore, clock: Clock) -> None:
    """With the answer, in the same thread; what is known is not compressed again."""
    store.put("sale/long.html", b"long " * 1000, HTML)
    origin = StoreOrigin(store, clock)
    first = fetch(origin, "sale/long.html")
    clock.wait(5)
    again = fetch(origin, "sale/long.html", first)
    assert b"long " * 1000 == gzip.decompress(first.gzip_body)
    assert first.gzip_body is again.gzip_body
    assert 1005 == again.fetched_at


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"other", HTML), (b"short", replace(HTML, cache_control="no-store"))],
    ids=["body", "headers"],
)
def test_what_has_changed_is_new(store: ObservedStore, clock: Clock, body: bytes, headers: Headers) -> None:
    """Headers are part of the product: with the same body they still count."""
    origin = StoreOrigin(store, clock)
    known = fetch(origin, "sale/index.html")
    store.put("sale/index.html", body, headers)
    answer = fetch(origin, "sale/index.html", known)
    assert (body, headers.cache_control) == (answer.body, answer.cache_control)


@pytest.mark.parametrize("key", ["sale/none.html", "_flashgen/sale/manifest.json", "_FLASHGEN/sale/manifest.json"])
def test_what_is_missing_or_private_is_forbidden(store: ObservedStore, clock: Clock, key: str) -> None:
    """S3 does not tell the one from the other; the private folder is not even looked at."""
    if key != "sale/none.html":
        store.put(key, b"private", HTML)
    assert OriginAnswer(403, 1000) == fetch(StoreOrigin(store, clock), key)
    assert int(key == "sale/none.html") == store.reads[key]


@pytest.mark.parametrize(
    ("failure", "status"), [(StoreError("broken"), 502), (AccessDenied("no"), 502), (NoAnswer("silent"), 503)]
)
def test_a_store_that_fails_is_a_bad_gateway(
    store: ObservedStore, clock: Clock, failure: StoreError, status: int
) -> None:
    """An error is an answer too; who may not read the store is misconfigured, and the page not missing."""
    store.failing.add("sale/index.html")
    store.failure = failure
    assert OriginAnswer(status, 1000) == fetch(StoreOrigin(store, clock), "sale/index.html")


def test_requests_are_counted(store: ObservedStore) -> None:
    """All of them, and by key those of objects that are there."""
    origin = StoreOrigin(store)
    for key in ("sale/index.html", "sale/index.html", "invented/by/a/stranger.html"):
        fetch(origin, key)
    assert (3, {"sale/index.html": 2}) == (origin.requests, origin.requests_by_key)


def test_the_event_loop_does_not_wait_for_the_store(store: ObservedStore) -> None:
    """The store answers only after the loop has done something else."""
    turned = threading.Event()
    read = store.get
    store.get = lambda key: read(key) if turned.wait(5) else None  # type: ignore[method-assign]

    async def both() -> int:
        request = asyncio.create_task(StoreOrigin(store).fetch("sale/index.html"))
        await asyncio.sleep(0)
        turned.set()
        return (await request).status

    assert 200 == asyncio.run(both())
