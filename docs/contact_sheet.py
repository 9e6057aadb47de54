"""Renders a theme in many situations, small, on one sheet: docs/pictures/contact-<theme>.webp.

    python docs/contact_sheet.py [THEME …] [--all FOLDER]

Each cell shows a page on a laptop (1280 × 800) and on a phone (390 × 844). Rows are sales: with one product, with three
and with 30, with and without pictures, and the page of a product; columns are the states. Each row has another
language, and light and dark take turns. With --all every combination, also with 300 products, goes into FOLDER, one
picture each. Needs Chromium.
"""

from __future__ import annotations

import argparse
import io
import itertools
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pictures import HERE, ROOT
from PIL import Image, ImageDraw
from playwright.sync_api import Browser
from support.browser import launched

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.page.build import build_sale
from flashgen.page.preview import PreviewStore, pointer_in
from flashgen.page.site import Site
from flashgen.unlock.pointer import OrderUrl

THEMES = ("spotlight", "catalogue", "plain")
STATES = ("scheduled", "live", "paused", "sold-out", "ended")
COUNTS = (1, 3, 30, 300)
LOCALES = ("en", "de", "ja", "ar")
SCHEMES = ("light", "dark")
SCREENS = {"laptop": (1280, 800), "phone": (390, 844)}
FROM_START = {"scheduled": timedelta(hours=-7, minutes=-12, seconds=-34)}
"""The time from the start in a state; a minute after it in the others."""

TITLES = {"en": "Lantern Night", "de": "Laternennacht", "ja": "灯りの夜", "ar": "ليلة الفوانيس"}
NAMES = {
    "en": ("Paper lantern, large", "Garland of three", "Three pillar candles"),
    "de": ("Papierlaterne, groß", "Girlande mit drei Laternen", "Drei Stumpenkerzen aus Bienenwachs"),
    "ja": ("大きな紙のランタン", "三つ並びのガーランド", "蜜蝋キャンドル三本セット"),
    "ar": ("فانوس ورقي كبير", "إكليل من ثلاثة فوانيس", "ثلاث شموع أسطوانية"),
}
TEXTS = {
    "en": "Hand-folded mulberry paper on a beech frame.",
    "de": "Von Hand gefaltetes Maulbeerpapier auf einem Rahmen aus Buche.",
    "ja": "手折りの和紙をブナの枠に張りました。",
    "ar": "ورق توت مطوي يدويًا على إطار من خشب الزان.",
}
IMAGES = ("lantern", "garland", "candles")
SCALE = 0.3
GAP = 12


@dataclass(frozen=True)
class Scene:
    """A sale that is shown: how many products, whether with pictures, and which of its pages."""

    count: int
    pictured: bool
    page: str = ""

    @property
    def name(self) -> str:
        """What its pictures are called."""
        return f"{self.count}-{'pictures' if self.pictured else 'texts'}{'-product' if self.page else ''}"


SCENES = (
    *(Scene(count, pictured) for count in COUNTS for pictured in (True, False)),
    *(Scene(3, pictured, "lantern-0/") for pictured in (True, False)),
)
SHEET = (Scene(1, True), Scene(3, False), Scene(30, True), Scene(3, True, "lantern-0/"))
"""What a sheet has room for."""


def main() -> None:
    """Write a sheet for each theme, or every combination as a picture of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("themes", nargs="*", default=THEMES)
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        for theme in options.themes:
            if options.all:
                _every_picture(browser, Path(folder), theme, options.all)
            else:
                _sheet(browser, Path(folder), theme).save(HERE / f"pictures/contact-{theme}.webp", quality=70, method=6)


def _sheet(browser: Browser, folder: Path, theme: str) -> Image.Image:
    rows = []
    for number, (scene, locale) in enumerate(zip(SHEET, LOCALES, strict=True)):
        site = _site(folder, theme, scene, locale)
        cells = []
        for column, state in enumerate(STATES):
            scheme = SCHEMES[(number + column) % 2]
            shots = _shots(browser, site, scene, state, locale, [(scheme, screen) for screen in SCREENS])
            cells.append(_beside([shot.resize(_small(shot), Image.Resampling.LANCZOS) for shot in shots]))
        rows.append(_beside(cells))
    whole = Image.new("RGB", (max(row.width for row in rows), sum(row.height + GAP for row in rows) - GAP), "#777")
    for number, row in enumerate(rows):
        whole.paste(row, (0, number * (row.height + GAP)))
    return whole


def _every_picture(browser: Browser, folder: Path, theme: str, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for scene, locale in itertools.product(SCENES, LOCALES):
        site = _site(folder, theme, scene, locale)
        looks = tuple(itertools.product(SCHEMES, SCREENS))
        for state in STATES:
            for look, shot in zip(looks, _shots(browser, site, scene, state, locale, looks), strict=True):
                shot.save(into / f"{theme}-{scene.name}-{locale}-{state}-{'-'.join(look)}.png")


def _site(folder: Path, theme: str, scene: Scene, locale: str) -> Site:
    """The scene's sale in a language, built once."""
    root = folder / f"{theme}-{scene.count}-{scene.pictured}-{locale}"
    config = root / "sale_configs" / "lantern-night.yaml"
    if not config.exists():
        config.parent.mkdir(parents=True)
        shutil.copytree(ROOT / "sale_configs" / "images", config.parent / "images")
        if (ROOT / ".flashgen").is_dir():
            shutil.copytree(ROOT / ".flashgen" / "cache", root / ".flashgen" / "cache", dirs_exist_ok=True)
        config.write_text("".join(_yaml(theme, scene, locale)), encoding="utf-8")
    return build_sale(config, root, root / "build", 2).site


def _yaml(theme: str, scene: Scene, locale: str) -> Iterator[str]:
    yield f"sale: {{id: lantern-night, title: {TITLES[locale]}, description: {TEXTS[locale]}, theme: {theme}, "
    yield f'locale: {locale}, currency: EUR, starts_at: "2026-12-12 18:00", ends_at: "2026-12-12 22:00", '
    yield "timezone: Europe/Berlin, show_limit: true}\nproducts:\n"
    for number in range(scene.count):
        name, image = NAMES[locale][number % 3], IMAGES[number % 3]
        yield f'  - {{sku: L-{number}, slug: lantern-{number}, name: "{name}", price: "{19 + number % 7 * 10}.00"'
        yield f', stock: {100 + number}, summary: "{TEXTS[locale]}", description: "{TEXTS[locale]}"'
        yield f', specs: {{"{NAMES[locale][0]}": "60 cm", "{NAMES[locale][1]}": "420 g"}}'
        yield f', list_price: "{39 + number % 7 * 10}.00"' if number % 3 < 2 else ""
        others = f", images: [{', '.join(f'images/{other}.webp' for other in IMAGES)}]" if number == 0 else ""
        yield f", image: images/{image}.webp{others}}}\n" if scene.pictured else "}\n"
    yield "order: {servers: [http://127.0.0.1:8090]}\nunlock: {version: k7m3xw9q2h}\n"


def _shots(
    browser: Browser, site: Site, scene: Scene, state: str, locale: str, looks: Iterable[tuple[str, str]]
) -> Iterator[Image.Image]:
    """The page in each of the looks, a scheme and a screen, loaded once."""
    now = (site.pointer.state.starts_at + FROM_START.get(state, timedelta(minutes=1))).timestamp()
    store = PreviewStore([site], lambda one: pointer_in(state, one, OrderUrl("/o/preview", site.origins)))
    context = browser.new_context(reduced_motion="reduce", locale=locale, timezone_id="America/New_York")
    with Serving(Edge(store, clock=lambda: now)) as serving, context:
        page = context.new_page()
        for scheme, screen in looks:
            width, height = SCREENS[screen]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            if page.url == "about:blank":
                page.goto(f"{serving.url}/{site.sale}/{scene.page}", wait_until="networkidle")
            yield Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def _small(shot: Image.Image) -> tuple[int, int]:
    return round(shot.width * SCALE), round(shot.height * SCALE)


def _beside(pictures: list[Image.Image]) -> Image.Image:
    """In a row, each with a thin border."""
    width, height = sum(one.width + GAP for one in pictures) - GAP, max(one.height for one in pictures)
    row = Image.new("RGB", (width, height), "#777")
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        ImageDraw.Draw(row).rectangle((left, 0, left + picture.width - 1, picture.height - 1), outline="#777")
        left += picture.width + GAP
    return row


if __name__ == "__main__":
    main()
