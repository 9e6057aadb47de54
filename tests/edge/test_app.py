"""The edge as an ASGI app, without a server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import MutableMapping
from typing import Any

import pytest
from support.asgi import ask, ask_async
from support.clock import Clock
from support.observed_store import ObservedStore

from flashgen.edge.local.app import Edge
from flashgen.page.headers import asset_headers, page_headers
from flashgen.store import Headers
from flashgen.unlock.pointer import pointer_headers

POINTER = "sale/unlock.7k2mq9xw4t.js"


@pytest.fixture
def store() -> ObservedStore:
    """A page, an asset and a pointer with the headers that they get."""
    store = ObservedStore()
    store.put("sale/index.html", b"<p>" + b"page " * 1000, page_headers())
    store.put("sale/assets/page.0123.js", b"code;" * 1000, asset_headers("page.js"))
    store.put(POINTER, b"flashgen({})\n" * 100, pointer_headers(1))
    return store


@pytest.fixture
def clock() -> Clock:
    """At 2023-11-14 22:13:20.75 UTC."""
    return Clock(1_700_000_000.75)


@pytest.fixture
def edge(store: ObservedStore, clock: Clock) -> Edge:
    """In front of the store, on the clock."""
    return Edge(store, order_origins=["https://order.example"], clock=clock)


def test_a_page_is_as_the_distribution_sends_it(edge: Edge) -> None:
    """Every header, and no other."""
    fields = dict(ask(edge, "/sale/").fields)
    assert re.fullmatch('"[0-9a-f]{64}"', fields.pop("etag"))
    assert {
        "content-type": "text/html; charset=utf-8",
        "content-length": "5003",
        "accept-ranges": "bytes",
        "cache-control": page_headers().cache_control,
        "vary": "Accept-Encoding",
        "x-cache": "Miss from flashgen",
        "date": "Tue, 14 Nov 2023 22:13:20 GMT",
        "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; manifest-src 'self'; connect-src 'self' https://order.example; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "referrer-policy": "strict-origin-when-cross-origin",
        "x-content-type-options": "nosniff",
    } == fields


def test_the_pointer_tells_the_time_of_the_response(edge: Edge, clock: Clock) -> None:
    """In milliseconds, though the object was read before; the browser is to keep neither."""
    ask(edge, f"/{POINTER}?1")
    clock.wait(0.5)
    seen = ask(edge, f"/{POINTER}?2", sends={"Accept-Encoding": "gzip"})
    expected = {
        "x-now": "1700000001250",
        "date": "Tue, 14 Nov 2023 22:13:20 GMT",
        "age": "0",
        "cache-control": "no-store",
        "x-cache": "Hit from flashgen",
    }
    assert expected == {name: seen.fields.get(name) for name in expected}
    assert {"content-encoding", "vary"}.isdisjoint(seen.fields)


def test_date_and_age_never_run_ahead(edge: Edge, clock: Clock) -> None:
    """Pages take their sum for the earliest time that it can be (both are cut)."""
    ask(edge, "/sale/")
    clock.wait(1.5)
    fields = ask(edge, "/sale/").fields
    assert ("Tue, 14 Nov 2023 22:13:20 GMT", "1") == (fields["date"], fields["age"])


def test_a_clock_that_is_set_back_gives_no_negative_age(edge: Edge, clock: Clock) -> None:
    """Age is a number of seconds, and not below 0."""
    ask(edge, "/sale/")
    clock.wait(-100)
    assert "0" == ask(edge, "/sale/").fields["age"]


@pytest.mark.parametrize("target", ["/sale/none.html", "/a/../b.html", "//elsewhere.example/", "/_flashgen/x.json"])
def test_what_is_not_there_is_not_found(edge: Edge, target: str) -> None:
    """Whatever the reason."""
    seen = ask(edge, target)
    assert (404, "Error from flashgen") == (seen.status, seen.fields["x-cache"])
    assert "date" in seen.fields


@pytest.mark.parametrize("target", ["/sale/none.html", "/none/", "/_flashgen/x.json"])
def test_what_is_not_there_gets_the_hosts_own_page(edge: Edge, store: ObservedStore, target: str) -> None:
    """With the status, and the security policy of pages, which lets it load its style sheet."""
    store.put("404.html", b"<h1>Lost</h1>", page_headers())
    seen = ask(edge, target)
    assert (404, b"<h1>Lost</h1>", "Error from flashgen") == (seen.status, seen.body, seen.fields["x-cache"])
    assert "text/html; charset=utf-8" == seen.fields["content-type"]
    assert "style-src 'self'" in seen.fields["content-security-policy"]
    assert not {"etag", "accept-ranges"} & {*seen.fields}


def test_a_failing_store_is_not_taken_for_a_missing_page(edge: Edge, store: ObservedStore) -> None:
    """The page says that the address is wrong, which it is not."""
    store.put("404.html", b"<h1>Lost</h1>", page_headers())
    store.failing.add("sale/index.html")
    seen = ask(edge, "/sale/")
    assert (502, False) == (seen.status, b"Lost" in seen.body)


def test_an_impossible_path_does_not_reach_the_store(edge: Edge) -> None:
    """There is nothing to ask for."""
    ask(edge, "/a/../b.html")
    assert 0 == edge.origin.requests


def test_the_style_of_an_error_page_is_allowed(edge: Edge) -> None:
    """By its digest: the policy has no 'unsafe-inline'."""
    seen = ask(edge, "/none.html")
    style = re.search(rb"<style>(.*)</style>", seen.body)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in seen.fields["content-security-policy"]


def test_a_failing_store_is_reported_politely(edge: Edge, store: ObservedStore) -> None:
    """Nothing of the reason reaches a viewer."""
    store.failing.add("sale/index.html")
    seen = ask(edge, "/sale/")
    assert 502 == seen.status
    assert b"told to fail" not in seen.body


@pytest.mark.parametrize("target", ["/sale/", "/none.html"])
def test_head_says_what_get_would(edge: Edge, target: str) -> None:
    """Without a body."""
    ask(edge, target)
    got, head = ask(edge, target), ask(edge, target, "HEAD")
    assert (got.status, got.fields, b"") == (head.status, head.fields, head.body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(edge: Edge, method: str) -> None:
    """And do not reach the store."""
    seen = ask(edge, "/sale/", method)
    assert (405, "GET, HEAD", 0) == (seen.status, seen.fields["allow"], edge.origin.requests)


def test_a_redirect_has_the_headers_of_a_page(edge: Edge) -> None:
    """Security included."""
    seen = ask(edge, "/sale?from=mail")
    assert (302, "/sale/?from=mail", b"") == (seen.status, seen.fields["location"], seen.body)
    assert {"date", "content-security-policy", "x-content-type-options"} <= set(seen.fields)


def test_invalidation_shows_what_was_put(edge: Edge, store: ObservedStore) -> None:
    """Pages are kept for a day; a preview is not to wait that long."""
    ask(edge, "/sale/")
    store.put("sale/index.html", b"new", page_headers())
    assert b"new" != ask(edge, "/sale/").body
    edge.invalidate("/sale/*")
    assert b"new" == ask(edge, "/sale/").body


def test_a_crowd_of_polls_is_one_request(edge: Edge, store: ObservedStore) -> None:
    """Each with a query of its own."""

    async def crowd() -> set[int]:
        seen = await asyncio.gather(*(ask_async(edge, f"/{POINTER}?{number}") for number in range(200)))
        return {each.status for each in seen}

    assert {200} == asyncio.run(crowd())
    assert ({POINTER: 1}, 1) == (edge.origin.requests_by_key, edge.origin.requests)


def test_behaviours_and_memory_are_options(store: ObservedStore) -> None:
    """Other bounds than those of the real distribution."""
    edge = Edge(store, behaviours=(), max_bytes=0)
    for _ in range(2):
        fields = ask(edge, f"/{POINTER}").fields
    assert (pointer_headers(1).cache_control, 2) == (fields["cache-control"], edge.origin.requests)


def test_lifespan_starts_and_stops(edge: Edge) -> None:
    """As ASGI has it."""
    messages = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": next(messages)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(edge({"type": "lifespan"}, receive, send))
    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == sent


def test_other_protocols_are_refused(edge: Edge) -> None:
    """There are no sockets to a static site."""
    with pytest.raises(ValueError, match="not served here: websocket"):
        asyncio.run(edge({"type": "websocket"}, _nothing, _nothing))


async def _nothing(*_: Any) -> Any:
    raise AssertionError("not called")


def test_an_object_without_headers_is_served(edge: Edge, store: ObservedStore) -> None:
    """As it lies in a store that somebody else has written."""
    store.put("sale/x.bin", b"x", Headers("", ""))
    assert (200, b"x") == (ask(edge, "/sale/x.bin").status, ask(edge, "/sale/x.bin").body)


def test_fonts_may_be_used_by_pages_of_any_origin(store: ObservedStore, edge: Edge) -> None:
    """The order gate's; nothing else may, or a site that somebody visits could read a preview on their machine."""
    store.put("sale/assets/text.0123.woff2", b"font", asset_headers("text.woff2"))
    paths = ("/sale/assets/text.0123.woff2", "/sale/assets/page.0123.js", "/sale/", f"/{POINTER}")
    assert ["*", None, None, None] == [
        dict(ask(edge, path).fields).get("access-control-allow-origin") for path in paths
    ]
