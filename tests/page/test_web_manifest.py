"""The web manifest of a sale, read by Chromium, and its icons."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.projects import tree, write_sale, write_theme
from support.storefront import Storefront
from support.visitor import Visitor

from flashgen.page.build import build_sale
from flashgen.page.headers import ASSET_CACHE
from flashgen.store import Headers

BRAND = 'brand: {name: Aurore, colours: {accent: "#7a5c2e", background: "#fbf8f2"}}\n'
LINK = re.compile(r'<link rel="manifest" href="([^"]+)">')


def built(root: Path, brand: str = "", **fields: str) -> dict[str, bytes]:
    """The files of a build of such a sale, by key."""
    path = write_sale(root, **fields)
    path.write_text(path.read_text() + brand)
    build_sale(path, root, root / "build", 1)
    return tree(root / "build")


def manifest_of(files: dict[str, bytes], page: str) -> tuple[str, dict[str, Any]]:
    """The key of the manifest that a page names, and its content."""
    (href,) = LINK.findall(files[page].decode())
    key = Path(page).parent.joinpath(href).as_posix()
    while "/../" in key:
        key = re.sub(r"[^/]+/\.\./", "", key, count=1)
    return key, json.loads(files[key])


def icon(files: dict[str, bytes], manifest: dict[str, Any], purpose: str, sizes: str) -> Image.Image:
    """The icon of that purpose and size."""
    (src,) = (one["src"] for one in manifest["icons"] if (one["purpose"], one["sizes"]) == (purpose, sizes))
    return Image.open(io.BytesIO(files[f"night/assets/{src}"]))


def test_each_language_has_its_own(tmp_path: Path) -> None:
    """Its title, direction and first page; the icons are the same."""
    files = built(tmp_path, locales="[de, ar]", title="{de: Nacht, ar: ليلة}")
    manifests = [manifest_of(files, f"night/{tag}/lamp/index.html")[1] for tag in ("de", "ar")]
    shown = [(one["name"], one["lang"], one["dir"], one["start_url"], one["display"]) for one in manifests]
    assert [("Nacht", "de", "ltr", "../de/", "browser"), ("ليلة", "ar", "rtl", "../ar/", "browser")] == shown
    assert manifests[0]["icons"] == manifests[1]["icons"]


def test_it_is_kept_for_ever_by_its_name(tmp_path: Path) -> None:
    """As any asset, and served as what it is."""
    path = write_sale(tmp_path)
    site = build_sale(path, tmp_path, tmp_path / "build", 1).site
    (manifest,) = (file for file in site.files if file.key.endswith(".webmanifest"))
    assert Headers("application/manifest+json", ASSET_CACHE) == manifest.headers


def test_the_pages_of_the_gate_have_none(tmp_path: Path) -> None:
    """They are at another origin, and for one buyer each."""
    pages = {key: body.decode() for key, body in built(tmp_path).items() if key.endswith(".html")}
    named = {key for key, text in pages.items() if LINK.search(text)}
    assert {"night/index.html", "night/lamp/index.html", "night/ended/index.html"} < named
    assert not any("_flashgen" in key for key in named)


def test_icons_have_the_sizes_that_they_say(tmp_path: Path) -> None:
    """Those that browsers look for. A maskable one has no transparent part."""
    files = built(tmp_path)
    _, manifest = manifest_of(files, "night/index.html")
    images = [icon(files, manifest, *row) for row in (("any", "192x192"), ("any", "512x512"), ("maskable", "512x512"))]
    assert [(192, 192), (512, 512), (512, 512)] == [image.size for image in images]
    assert ["RGBA", "RGBA", "RGB"] == [image.mode for image in images]


def test_a_brand_gives_colours_and_icons(tmp_path: Path) -> None:
    """The letter is on the accent up to every edge, since a phone cuts the icon to a shape of its own."""
    files = built(tmp_path, BRAND)
    _, manifest = manifest_of(files, "night/index.html")
    assert ("#fbf8f2", "#7a5c2e") == (manifest["background_color"], manifest["theme_color"])
    maskable = icon(files, manifest, "maskable", "512x512")
    assert {(0x7A, 0x5C, 0x2E)} == {maskable.getpixel(place) for place in ((0, 0), (511, 0), (0, 511), (256, 511))}


def test_a_drawing_is_kept_away_from_the_edges(tmp_path: Path) -> None:
    """A circle in the middle is all that some systems show. Behind it is the page's colour."""
    square = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect x="1" width="9" height="10"/></svg>'
    write_theme(tmp_path, "mine", {"theme.yaml": "extends: plain\n", "assets/icon.svg": square})
    files = built(tmp_path, theme="mine")
    _, manifest = manifest_of(files, "night/index.html")
    maskable = icon(files, manifest, "maskable", "512x512")
    ground = tuple(bytes.fromhex(manifest["background_color"][1:]))
    black = [(x, y) for x in range(512) for y in range(0, 512, 16) if maskable.getpixel((x, y)) != ground]
    assert black
    assert all((x - 256) ** 2 + (y - 256) ** 2 <= (0.4 * 512) ** 2 for x, y in black)


def test_a_drawing_that_is_not_drawn_here_is_the_only_icon(tmp_path: Path) -> None:
    """A theme may have any; browsers draw it."""
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><foreignObject/></svg>'
    write_theme(tmp_path, "mine", {"theme.yaml": "extends: plain\n", "assets/icon.svg": drawing})
    files = built(tmp_path, theme="mine")
    _, manifest = manifest_of(files, "night/index.html")
    (only,) = manifest["icons"]
    assert ("image/svg+xml", "any", "any") == (only["type"], only["sizes"], only["purpose"])
    assert drawing == files[f"night/assets/{only['src']}"]


@pytest.mark.parametrize("page", ["", "lamp/"])
def test_a_browser_reads_it(visitor: Visitor, front: Storefront, page: str) -> None:
    """Without an error, under the page's security policy."""
    visitor.tab.goto(front.url(page))
    told = visitor.tab.context.new_cdp_session(visitor.tab).send("Page.getAppManifest")
    assert [] == told["errors"]
    assert front.url("") == told["manifest"]["startUrl"]
    assert "Autumn fair" == told["manifest"]["name"]
