"""Renders the README's pictures: a product of the example sale before and after the sale opens.

    python docs/pictures.py

Each shows the page on a laptop (1280 px) and on a phone (390 px). Needs Chromium.
"""

from __future__ import annotations

import io
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import launched  # noqa: E402  the tests' own browser

from flashgen.edge.local.app import Edge  # noqa: E402
from flashgen.edge.local.serving import Serving  # noqa: E402
from flashgen.page.build import build_sale  # noqa: E402
from flashgen.page.preview import PreviewStore, pointer_in  # noqa: E402
from flashgen.page.site import Site  # noqa: E402
from flashgen.unlock.pointer import OrderUrl  # noqa: E402

SALE = ROOT / "sale_configs" / "lantern-night.yaml"
PAGE = "paper-lantern-large"
HEIGHT = 768
WIDTHS = (1280, 390)
MOMENTS = {
    "before": ("scheduled", timedelta(minutes=-12, seconds=-34)),
    "after": ("live", timedelta(seconds=3)),
}
"""By picture: the sale's state, and the time from its start."""

GAP = 40
EDGE = (128, 128, 128)
SCALE = 0.75
QUALITY = 82


def main() -> None:
    """Write docs/pictures/*.webp."""
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        site = build_sale(SALE, ROOT, Path(folder), 1).site
        for name, (state, from_start) in MOMENTS.items():
            shots = [_shot(browser, site, state, from_start, width) for width in WIDTHS]
            path = HERE / "pictures" / f"{name}.webp"
            path.parent.mkdir(exist_ok=True)
            _side_by_side(shots).save(path, quality=QUALITY, method=6)


def _shot(browser: Browser, site: Site, state: str, from_start: timedelta, width: int) -> Image.Image:
    """The page in a state, seconds after it was opened at that moment."""
    now = (site.pointer.state.starts_at + from_start).timestamp()
    store = PreviewStore([site], lambda one: pointer_in(state, one, OrderUrl("/o/preview", site.origins)))
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, reduced_motion="reduce", locale="en")
    with Serving(Edge(store, clock=lambda: now)) as serving, context:
        page = context.new_page()
        page.goto(f"{serving.url}/{site.sale}/{PAGE}/", wait_until="networkidle")
        return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def _side_by_side(shots: list[Image.Image]) -> Image.Image:
    """On nothing, each with a thin border: they lie on light pages and dark ones."""
    width = sum(shot.width for shot in shots) + GAP * (len(shots) - 1)
    whole = Image.new("RGBA", (width, HEIGHT))
    left = 0
    for shot in shots:
        whole.paste(shot, (left, 0))
        ImageDraw.Draw(whole).rectangle((left, 0, left + shot.width - 1, HEIGHT - 1), outline=EDGE)
        left += shot.width + GAP
    return whole.resize((round(width * SCALE), round(HEIGHT * SCALE)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
