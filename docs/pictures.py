"""Renders pictures of the docs: the example sale before and after it opens, in another theme, with a brand, previewed.

    python docs/pictures.py

The first two show a product on a laptop (1280 px) and on a phone (390 px), for the README; the third shows it in
spotlight and in the theme of docs/themes.md, the fourth with the brand of docs/brand.md, on a light and on a dark
device, the last with the bar of `flashgen serve`. Needs Chromium.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, ViewportSize

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import launched  # noqa: E402  the tests' own browser
from support.previews import served  # noqa: E402

from flashgen.edge.local.app import Edge  # noqa: E402
from flashgen.edge.local.serving import Serving  # noqa: E402
from flashgen.page.build import build_sale  # noqa: E402
from flashgen.page.preview import PreviewStore, pointer_in  # noqa: E402
from flashgen.page.site import Site  # noqa: E402
from flashgen.page.theme import find_theme  # noqa: E402
from flashgen.page.theme.child import child_theme  # noqa: E402
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

GUIDE_THEME = "evergreen"
GUIDE_FILE = re.compile(r"`(themes/[^`\s]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A file's path and its content in docs/themes.md."""

THEME_WIDTH, THEME_HEIGHT = 834, 1250

LOGO = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 40" fill="none" stroke="{colour}" stroke-width="3">\
<path d="M4 34h88M26 34a22 22 0 0 1 44 0M48 6V1M28 11l-3-4M68 11l3-4M14 23l-5-3M82 23l5-3"/></svg>
"""
LOGO_COLOURS = {"aurore.svg": "#7a5c2e", "aurore-dark.svg": "#d9b77c"}
BRAND_FONTS = ("Text-Regular.woff2", "Title-Medium.woff2")
"""The files that the brand in docs/brand.md names. Its fonts are Inter here, as flashgen has that at hand."""

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
        guide = build_sale(_with_guide_theme(Path(folder)), Path(folder), Path(folder) / "build", 1).site
        shots = [_shot(browser, one, *MOMENTS["after"], THEME_WIDTH, THEME_HEIGHT) for one in (site, guide)]
        _side_by_side(shots).save(HERE / "pictures" / "theme.webp", quality=QUALITY, method=6)
        branded = build_sale(_with_brand(Path(folder) / "branded"), Path(folder) / "branded", Path(folder) / "brand", 1)
        size = (THEME_WIDTH, THEME_HEIGHT)
        shots = [_shot(browser, branded.site, *MOMENTS["after"], *size, scheme) for scheme in ("light", "dark")]
        _side_by_side(shots).save(HERE / "pictures" / "brand.webp", quality=QUALITY, method=6)
        _bar(browser, Path(folder)).save(HERE / "pictures" / "preview.webp", quality=QUALITY, method=6)


def _bar(browser: Browser, folder: Path) -> Image.Image:
    """The preview of a live sale, in frames of all widths, with the bar unfolded."""
    project = folder / "project"
    shutil.copytree(SALE.parent, project / SALE.parent.name)
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}, reduced_motion="reduce", locale="en")
    with served(project, "--state", "live") as preview, context:
        page = context.new_page()
        page.goto(f"{preview.url}{PAGE}/")
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("radio", name="All", exact=True).check(force=True)
        page.frame_locator("iframe").last.locator("html[data-state=live]").wait_for()
        page.wait_for_load_state("networkidle")
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        page.goto("about:blank")
    return _side_by_side([shot])


def _with_guide_theme(folder: Path) -> Path:
    """The example sale in a project of its own, with the theme that docs/themes.md builds up."""
    sale = folder / "sale_configs" / SALE.name
    shutil.copytree(SALE.parent, sale.parent)
    text = SALE.read_text(encoding="utf-8")
    sale.write_text(text.replace("theme: spotlight", f"theme: {GUIDE_THEME}", 1), encoding="utf-8")
    made = child_theme(GUIDE_THEME, find_theme("spotlight", folder / "themes"))
    for path, body in made.items():
        _write(folder / "themes" / GUIDE_THEME / path, body.decode())
    for path, body in GUIDE_FILE.findall((HERE / "themes.md").read_text(encoding="utf-8")):
        _write(folder / path, body)
    return sale


def _with_brand(folder: Path) -> Path:
    """The example sale with the brand of docs/brand.md."""
    sale = folder / "sale_configs" / SALE.name
    shutil.copytree(SALE.parent, sale.parent)
    brand = (HERE / "brand.md").read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    _write(sale, f"{SALE.read_text(encoding='utf-8')}\n{brand}")
    for name, colour in LOGO_COLOURS.items():
        _write(sale.with_name(name), LOGO.format(colour=colour))
    font = (files("fontpkg_inter") / "files" / "Inter[opsz,wght].ttf").read_bytes()
    for name in BRAND_FONTS:
        sale.with_name(name).write_bytes(font)
    return sale


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _shot(
    browser: Browser,
    site: Site,
    state: str,
    from_start: timedelta,
    width: int,
    height: int = HEIGHT,
    scheme: Literal["light", "dark"] = "light",
) -> Image.Image:
    """The page in a state, seconds after it was opened at that moment."""
    now = (site.pointer.state.starts_at + from_start).timestamp()
    store = PreviewStore([site], lambda one: pointer_in(state, one, OrderUrl("/o/preview", site.origins)))
    viewport: ViewportSize = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, reduced_motion="reduce", locale="en", color_scheme=scheme)
    with Serving(Edge(store, clock=lambda: now)) as serving, context:
        page = context.new_page()
        page.goto(f"{serving.url}/{site.sale}/{PAGE}/", wait_until="networkidle")
        return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def _side_by_side(shots: list[Image.Image]) -> Image.Image:
    """On nothing, each with a thin border: they lie on light pages and dark ones."""
    width = sum(shot.width for shot in shots) + GAP * (len(shots) - 1)
    height = shots[0].height
    whole = Image.new("RGBA", (width, height))
    left = 0
    for shot in shots:
        whole.paste(shot, (left, 0))
        ImageDraw.Draw(whole).rectangle((left, 0, left + shot.width - 1, height - 1), outline=EDGE)
        left += shot.width + GAP
    return whole.resize((round(width * SCALE), round(height * SCALE)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
