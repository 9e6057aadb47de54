"""A page that is told of changes: over HTTP, by a client that reads the stream of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.asgi import ask
from support.viewer import look

from flashgen.edge.local.app import Edge
from flashgen.edge.local.live_reload import EVENTS_PATH, FOOTER, SCRIPT_PATH, LiveReload
from flashgen.edge.local.serving import Serving
from flashgen.page.headers import page_headers
from flashgen.store import MemoryStore

TIMEOUT_SECONDS = 5


@pytest.fixture
def reloading() -> LiveReload:
    """Around an edge with one page."""
    store = MemoryStore()
    store.put("sale/index.html", b"page", page_headers())
    return LiveReload(Edge(store))


@pytest.fixture
def url(reloading: LiveReload) -> Iterator[str]:
    """Where it is served."""
    with Serving(reloading) as serving:
        yield serving.url


class Listener:
    """Reads the stream of events as a browser does."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
        self._connection.request("GET", EVENTS_PATH)
        self.response = self._connection.getresponse()

    def hears(self) -> str:
        """The next event's text."""
        lines = iter(self.response.readline, b"")
        data = next(line for line in lines if line.startswith(b"data: "))
        text: str = json.loads(data.removeprefix(b"data: "))
        return text

    def close(self) -> None:
        """Close the tab."""
        self.response.close()
        self._connection.close()


def test_everything_else_is_passed_on(url: str) -> None:
    """Pages come from the edge, with its headers."""
    seen = look(url, "/sale/")
    assert (b"page", "Miss from flashgen") == (seen.body, seen.fields["x-cache"])


def test_the_script_is_a_file_of_its_own(reloading: LiveReload) -> None:
    """So that the security policy of the page stays as it is; the footer names it."""
    seen = ask(reloading, SCRIPT_PATH)
    assert (200, "text/javascript; charset=utf-8") == (seen.status, seen.fields["content-type"])
    assert EVENTS_PATH.encode() in seen.body
    assert f'<script src="{SCRIPT_PATH}"></script>' == FOOTER


def test_every_open_page_hears_of_a_change(reloading: LiveReload, url: str) -> None:
    """An empty text is "reload", any other one is a problem to show; one line, whatever is in it."""
    with closing(Listener(url)) as one, closing(Listener(url)) as other:
        assert "text/event-stream" == one.response.getheader("content-type")
        reloading.tell()
        reloading.tell("line 1\n\nline 2")
        assert [["", "line 1\n\nline 2"]] * 2 == [[each.hears(), each.hears()] for each in (one, other)]


def test_a_page_that_is_closed_takes_nothing_from_the_others(reloading: LiveReload, url: str) -> None:
    """Its stream ends, theirs goes on."""
    with closing(Listener(url)) as stays:
        Listener(url).close()
        reloading.tell("one")
        reloading.tell("two")
        assert ["one", "two"] == [stays.hears(), stays.hears()]


def test_nobody_may_be_listening(reloading: LiveReload) -> None:
    """A change before the first page is opened is told to nobody."""
    reloading.tell("nobody hears this")


def test_a_stop_does_not_wait_for_open_pages(reloading: LiveReload) -> None:
    """Streams have no end of their own."""
    with Serving(reloading) as serving:
        listener = Listener(serving.url)
    with closing(listener), pytest.raises(IncompleteRead):
        listener.response.read()


def test_changes_at_once_are_all_told(reloading: LiveReload) -> None:
    """None is lost between two sends, however slowly a browser takes them."""
    assert ["", "", ""] == asyncio.run(_heard_slowly(reloading, 3))


async def _heard_slowly(reloading: LiveReload, count: int) -> list[str]:
    heard: list[str] = []
    left, done = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            for _ in range(count):
                reloading.tell()
        await asyncio.sleep(0.01)
        if text := message.get("body", b"").decode().strip():
            heard.append(json.loads(text.removeprefix("data: ")))
        if len(heard) == count:
            done.set()

    scope = {"type": "http", "path": EVENTS_PATH}
    listening = asyncio.create_task(reloading(scope, receive, send))
    await asyncio.wait_for(done.wait(), TIMEOUT_SECONDS)
    left.set()
    await listening
    return heard
