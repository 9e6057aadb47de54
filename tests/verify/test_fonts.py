"""A brand's fonts, as pages of the order gate ask for them from another origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.fonts import truetype
from support.projects import write_sale
from support.shop import push_of

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.edge.rules.behaviour import BEHAVIOURS, DEFAULT, POINTER, Behaviour
from flashgen.finding import Level
from flashgen.page.build import build_sale
from flashgen.store import MemoryStore
from flashgen.verify.model import EdgeConfig
from flashgen.verify.verification import Verification
from flashgen.verify.viewer import Viewer


class PoliteEdge:
    """Speaks of other origins only to those who name one, as CloudFront does."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI 3."""

        async def sent(message: Any) -> None:
            if "headers" in message and not any(name == b"origin" for name, _ in scope["headers"]):
                kept = [field for field in message["headers"] if field[0] != b"access-control-allow-origin"]
                message = {**message, "headers": kept}
            await send(message)

        await self._edge(scope, receive, sent)


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """A sale with a font, pushed."""
    path = write_sale(tmp_path)
    path.write_text(path.read_text() + "brand: {fonts: {text: Text.ttf}}\n")
    (path.parent / "Text.ttf").write_bytes(truetype())
    store = MemoryStore()
    push_of(build_sale(path, tmp_path, tmp_path / "build", 1).site, store).run()
    return store


@pytest.mark.parametrize(
    ("behaviours", "expected"), [(BEHAVIOURS, ("PASS", "asset")), ((POINTER, DEFAULT), ("WARN", "font"))]
)
def test_a_font_may_be_used_by_the_gate(
    store: MemoryStore, behaviours: tuple[Behaviour, ...], expected: tuple[str, str]
) -> None:
    """Without that its pages have the system's font: they work, so it is a warning, with the header to add."""
    edge = PoliteEdge(Edge(store, order_origins=["https://order.example.com"], behaviours=behaviours))
    with Serving(edge) as serving, Viewer(serving.url) as viewer:
        config = EdgeConfig(serving.url)
        checks = Verification(store, "night", viewer, config, lambda _: None, lambda: "q", lambda *_: None).run()
    (font,) = (one.finding for one in checks if one.path.endswith(".woff2"))
    assert expected == (font.level.value, font.check)
    assert ("Access-Control-Allow-Origin: *" in font.hint) == (font.level is Level.WARN)
