"""A brand's fonts on the pages of the order gate, which are at another origin than the fonts, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser
from support.fonts import truetype
from support.projects import tree, write_sale

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.edge.rules.behaviour import BEHAVIOURS, DEFAULT, POINTER, Behaviour
from flashgen.gate.forms import Form
from flashgen.gate.http.response import page_policy
from flashgen.page.build import build_sale
from flashgen.page.headers import page_headers
from flashgen.page.site import Site
from flashgen.store import MemoryStore

STATES = "[...document.fonts].filter(font => /^.?brand text.?$/.test(font.family)).map(font => font.status)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A sale with a font of its brand."""
    root = tmp_path_factory.mktemp("site")
    path = write_sale(root)
    path.write_text(path.read_text() + "brand: {fonts: {text: Text.ttf}}\n")
    (path.parent / "Text.ttf").write_bytes(truetype())
    return build_sale(path, root, root / "build", 1).site


class Gate:
    """A server of its own, which answers with one page as the order gate does."""

    def __init__(self, body: bytes, policy: str) -> None:
        self._body = body
        self._policy = policy

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI 3."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = [
            (b"content-type", page_headers().content_type.encode()),
            (b"content-security-policy", self._policy.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


@contextmanager
def gate_page(site: Site, behaviours: tuple[Behaviour, ...] = BEHAVIOURS) -> Iterator[str]:
    """The address of a page of the gate while an edge serves the sale."""
    store = MemoryStore()
    for file in site.files:
        store.put(file.key, site.body(file), file.headers)
    (key,) = (key for key in tree(site.folder) if "/gate/early." in key)
    with ExitStack() as stack:
        edge = Edge(store, behaviours=behaviours)
        url = f"{stack.enter_context(Serving(edge)).url}/{site.sale}/"
        body = Form.parse((site.folder / key).read_text()).fill({"site": url})
        yield stack.enter_context(Serving(Gate(body, page_policy(url)))).url


def loaded(chromium: Browser, url: str) -> tuple[list[str], list[str]]:
    """The states of the brand's fonts once all are loaded, and what the console says."""
    page = chromium.new_page()
    lines: list[str] = []
    page.on("console", lambda line: lines.append(line.text))
    page.goto(url)
    page.evaluate("document.fonts.ready.then(() => true)")
    states = page.evaluate(STATES)
    page.close()
    return states, lines


def test_a_page_of_the_gate_has_the_brands_font(chromium: Browser, site: Site) -> None:
    """The edge lets it, and so does the page's own policy."""
    with gate_page(site) as url:
        states, lines = loaded(chromium, url)
        assert "loaded" in states
        assert [] == lines


def test_an_edge_that_does_not_share_fonts_leaves_the_system_s(chromium: Browser, site: Site) -> None:
    """So the test above would see it."""
    with gate_page(site, (POINTER, DEFAULT)) as url:
        states, lines = loaded(chromium, url)
        assert "loaded" not in states
        assert lines
