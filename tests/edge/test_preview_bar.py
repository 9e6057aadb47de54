"""The preview's bar over HTTP: its files, its connection, its controls, and what it lets fail."""

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
from support.viewer import Seen, look

from flashgen.edge.local.app import Edge
from flashgen.edge.local.preview_bar import PREFIX, SCRIPT_TAG, Fault, PreviewBar, script_tag
from flashgen.edge.local.serving import Serving
from flashgen.errors import Refused
from flashgen.page.headers import page_headers
from flashgen.store import MemoryStore

TIMEOUT_SECONDS = 5
POINTER = "/sale/unlock.abcdefgh23.js"
JSON = {"Content-Type": "application/json"}


class Script:
    """Controls that do what a test says; `wishes` are those that came."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.revision = 7
        self.wishes: list[dict[str, Any]] = []

    def status(self) -> dict[str, Any]:
        """A revision, and nothing else."""
        return {"revision": self.revision}

    def page(self, key: str) -> dict[str, Any]:
        """The key that was asked for."""
        return {"key": key}

    def change(self, wishes: dict[str, Any]) -> None:
        """Refuse `no`, fail on `bad`."""
        self.wishes.append(wishes)
        if "no" in wishes:
            raise Refused("not now")
        if "bad" in wishes:
            raise KeyError("bad")


@pytest.fixture
def controls() -> Script:
    """Nothing fails."""
    return Script()


@pytest.fixture
def bar(controls: Script) -> PreviewBar:
    """Around an edge with one page and a pointer."""
    store = MemoryStore()
    store.put("sale/index.html", b"page", page_headers())
    store.put(POINTER[1:], b"flashgen({})", page_headers("text/javascript"))
    return PreviewBar(Edge(store), controls)


@pytest.fixture
def url(bar: PreviewBar) -> Iterator[str]:
    """Where it is served."""
    with Serving(bar) as serving:
        yield serving.url


class Listener:
    """Reads the stream of events as a browser does."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
        self._connection.request("GET", f"{PREFIX}events")
        self.response = self._connection.getresponse()

    def hears(self) -> int:
        """The next status's revision."""
        lines = iter(self.response.readline, b"")
        data = next(line for line in lines if line.startswith(b"data: "))
        revision: int = json.loads(data.removeprefix(b"data: "))["revision"]
        return revision

    def close(self) -> None:
        """Close the tab."""
        self.response.close()
        self._connection.close()


def post(url: str, body: str, sends: dict[str, str] | None = None) -> Seen:
    """Ask for a change."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
    with closing(connection):
        connection.request("POST", f"{PREFIX}controls", body, JSON if sends is None else sends)
        response = connection.getresponse()
        return Seen(response.status, dict(response.getheaders()), response.read())


def test_everything_else_is_passed_on(url: str) -> None:
    """Pages come from the edge, with its headers; the bar may show them in frames, other sites may not."""
    seen = look(url, "/sale/")
    assert (b"page", "Miss from flashgen") == (seen.body, seen.fields["x-cache"])
    policy = seen.fields["content-security-policy"].split("; ")
    assert {"script-src 'self'", "style-src 'self'", "frame-src 'self'", "frame-ancestors 'self'"} <= set(policy)


@pytest.mark.parametrize(("name", "kind"), [("bar.js", "javascript"), ("bar.css", "css"), ("bar.html", "html")])
def test_the_bar_is_files_of_its_own(bar: PreviewBar, name: str, kind: str) -> None:
    """So that the security policy of the page allows it as it is. Browsers keep none of them."""
    seen = ask(bar, PREFIX + name)
    assert (200, "no-store") == (seen.status, seen.fields["cache-control"])
    assert kind in seen.fields["content-type"]


def test_no_other_file_is_given_away(bar: PreviewBar) -> None:
    """Nor one beside them."""
    assert [404, 404] == [ask(bar, PREFIX + name).status for name in ("../app.py", "nothing.js")]


def test_the_tag_is_recognised() -> None:
    """`verify` tells a preview by it."""
    assert SCRIPT_TAG.fullmatch(script_tag(12).encode())


def test_a_page_hears_the_status_at_once(controls: Script, url: str) -> None:
    """Also of a change that came before its connection: it compares the revision with its own."""
    controls.revision = 8
    with closing(Listener(url)) as listener:
        assert "text/event-stream" == listener.response.getheader("content-type")
        assert 8 == listener.hears()


def test_every_open_page_hears_of_a_change(controls: Script, bar: PreviewBar, url: str) -> None:
    """The status as it is then; a page that is closed takes nothing from the others."""
    with closing(Listener(url)) as one, closing(Listener(url)) as other:
        assert [7, 7] == [one.hears(), other.hears()]
        gone = Listener(url)
        gone.hears()
        gone.close()
        controls.revision = 9
        bar.notify()
        assert [9, 9] == [one.hears(), other.hears()]


def test_changes_at_once_end_in_the_newest(controls: Script, bar: PreviewBar) -> None:
    """However slowly a browser takes them: the last that it hears is the newest."""
    assert 20 == asyncio.run(_heard_slowly(bar, controls, 20))[-1]


async def _heard_slowly(bar: PreviewBar, controls: Script, newest: int) -> list[int]:
    heard: list[int] = []
    left, done = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if not (text := message.get("body", b"").decode().strip()):
            return
        heard.append(json.loads(text.removeprefix("data: "))["revision"])
        if len(heard) == 1:
            for revision in range(8, newest + 1):
                controls.revision = revision
                bar.notify()
        await asyncio.sleep(0.01)
        if heard[-1] == newest:
            done.set()

    listening = asyncio.create_task(bar({"type": "http", "path": f"{PREFIX}events"}, receive, send))
    await asyncio.wait_for(done.wait(), TIMEOUT_SECONDS)
    left.set()
    await listening
    return heard


def test_nobody_may_be_listening(bar: PreviewBar) -> None:
    """A change before the first page is opened is told to nobody."""
    bar.notify()


def test_a_stop_does_not_wait_for_open_pages(bar: PreviewBar) -> None:
    """Streams have no end of their own."""
    with Serving(bar) as serving:
        listener = Listener(serving.url)
    with closing(listener), pytest.raises(IncompleteRead):
        listener.response.read()


def test_a_page_is_asked_for_by_its_path(bar: PreviewBar) -> None:
    """As the browser's address spells it."""
    assert {"key": "sale/é/index.html"} == json.loads(ask(bar, f"{PREFIX}page?/sale/%C3%A9/").body)


def test_a_change_is_passed_on(controls: Script, url: str) -> None:
    """What cannot be done comes back as a message, what makes no sense as well."""
    assert [200, 409, 400, 400] == [post(url, body).status for body in ('{"a": 1}', '{"no": 1}', '{"bad": 1}', "[1")]
    assert {"message": "not now"} == json.loads(post(url, '{"no": 1}').body)
    assert {"a": 1} == controls.wishes[0]


def test_another_sites_page_changes_nothing(controls: Script, url: str) -> None:
    """A browser sends without asking only what a form can send; for JSON it asks, and gets no leave."""
    refused = [post(url, '{"a": 1}', {"Content-Type": kind}) for kind in ("text/plain", "multipart/form-data")]
    assert [405, 405] == [seen.status for seen in refused]
    assert 405 == look(url, f"{PREFIX}controls", "OPTIONS").status
    assert [] == controls.wishes


@pytest.mark.parametrize(
    ("client", "status"), [("127.0.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("192.0.2.7", 403)]
)
def test_only_this_machine_changes_anything(bar: PreviewBar, controls: Script, client: str, status: int) -> None:
    """A phone in the same network sees the pages, and does not steer them."""
    assert status == asyncio.run(_posted_from(bar, client))
    assert ([{"a": 1}] if status == 200 else []) == controls.wishes


async def _posted_from(bar: PreviewBar, client: str) -> int:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"a": 1}', "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": f"{PREFIX}controls", "client": (client, 1)}
    await bar({**scope, "headers": [(b"content-type", b"application/json")]}, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize(("fault", "status", "kind"), [("forbidden", 403, "text/plain"), ("portal", 200, "text/html")])
def test_a_pointer_fails_on_trial(controls: Script, url: str, fault: str, status: int, kind: str) -> None:
    """The page itself still comes."""
    controls.fault = Fault(fault)
    seen = look(url, f"{POINTER}?random")
    assert (status, kind) == (seen.status, seen.fields["content-type"].partition(";")[0])
    assert b"flashgen(" not in seen.body
    assert b"page" == look(url, "/sale/").body


@pytest.mark.parametrize("fault", ["hanging", "offline"])
def test_a_pointer_hangs_on_trial(controls: Script, url: str, fault: str) -> None:
    """Until the page gives up; then the next answer comes as ever."""
    controls.fault = Fault(fault)
    connection = HTTPConnection(urlsplit(url).netloc, timeout=0.2)
    with closing(connection):
        connection.request("GET", POINTER)
        with pytest.raises(TimeoutError):
            connection.getresponse()
    controls.fault = Fault.NONE
    assert b"flashgen({})" == look(url, POINTER).body


def test_scripts_are_blocked_on_trial(controls: Script, url: str) -> None:
    """All but the bar's own; the pointer is no script, and comes."""
    controls.fault = Fault.NO_SCRIPT
    policy = look(url, "/sale/").fields["content-security-policy"].split("; ")
    assert [f"script-src {url}{PREFIX}bar.js"] == [each for each in policy if each.startswith("script-src")]
    assert b"flashgen({})" == look(url, POINTER).body
