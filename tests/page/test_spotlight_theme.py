"""The theme `spotlight`: its texts in each state, its layout, its weight, and how a brand changes it."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.projects import png, write_theme
from support.storefront import ENDS_AT, ORIGIN, STARTS_AT, VERSION, Storefront, pointer, serving
from support.visitor import Visitor

from flashgen.packaged_files import packaged
from flashgen.page.build import build_sale

CRITICAL_BYTES_MAX = 11_700
"""HTML, css and js, by gzip. A first flight has 14,600 (RFC 6928); the rest is for a shop's own texts."""

CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3, for text of any size."""

CONTRASTS = (
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("text", "background"),
    ("text", "surface"),
    ("text", "tint"),
    ("muted", "background"),
    ("muted", "surface"),
    ("accent", "background"),
    ("accent", "surface"),
    ("accent-strong", "background"),
    ("accent-strong", "tint"),
)
"""Colours of texts, and of their backgrounds."""

STATES: dict[str, tuple[bytes, list[str], str]] = {
    "scheduled": (
        pointer(),
        ["Starts in", "The sale has not opened yet. The button opens by itself as soon as it does."],
        "Opens soon",
    ),
    "live": (pointer("live"), ["Ends in", "The sale is open. One of each product per customer."], "Buy now"),
    "paused": (
        pointer("paused"),
        ["Paused", "Orders are paused for a moment. This page goes on by itself."],
        "Paused",
    ),
    "soldout": (pointer("live", sold=["*"]), ["Sold out", "Sold out. Thank you for your interest!"], "Sold out"),
    "ended": (pointer("ended"), ["Ended", "The sale has ended."], "Ended"),
}
"""By state, past the start: a pointer, the page's large text and the one below it, and the buttons' text."""

MUTED, TEXT = (101, 92, 84), (21, 17, 14)
"""Of brand.css in the light scheme."""

TEXTS = ".countdown > p, .word, .status > p"


def build(project: Path, count: int, **fields: str) -> Path:
    """A sale of so many products, the first with a picture; `fields` replace keys of its `sale` section."""
    config = project / "sale_configs" / "fair.yaml"
    config.parent.mkdir()
    (config.parent / "lamp.png").write_bytes(png(40, 30))
    keys = {"title": "Autumn fair", "locale": "en", "theme": "spotlight", **fields}
    config.write_text(
        "sale:\n  id: fair\n  currency: EUR\n  description: Once a year. **First come, first served.**\n"
        f'  starts_at: "{STARTS_AT.isoformat()}"\n  ends_at: "{ENDS_AT.isoformat()}"\n'
        + "".join(f"  {name}: {value}\n" for name, value in keys.items())
        + "products:\n"
        + '  - {sku: LAMP, name: Lamp, price: "19.90", list_price: "39.90", image: lamp.png, summary: Bright}\n'
        + "".join(
            f'  - {{sku: S-{n}, slug: s-{n}, name: Unforgettabletablelampshadenumber{n}, price: "{n}"}}\n'
            for n in range(1, count)
        )
        + f"order:\n  servers: [{ORIGIN}]\nunlock:\n  version: {VERSION}\n",
        encoding="utf-8",
    )
    build_sale(config, project, project / "build", 1)
    return project / "build"


@pytest.fixture(scope="module")
def built_fair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hero and two more products."""
    return build(tmp_path_factory.mktemp("spotlight"), 3)


@pytest.fixture(params=[1, 3, 12, "ar"], ids=["hero", "hero and cards", "catalogue", "right to left"])
def any_front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storefront]:
    """A sale of each layout."""
    built = build(tmp_path, 3, locale="ar") if request.param == "ar" else build(tmp_path, request.param)
    with serving(Storefront(built)) as front:
        yield front


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser on a phone whose user does not ask for reduced motion."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="no-preference")
    context.set_default_timeout(5000)
    yield context
    context.close()


def boxes(tab: Page) -> list[dict[str, float]]:
    """The positions of the parts of the page that are below or beside the changing texts."""
    found: list[dict[str, float]] = tab.evaluate(
        "[...document.querySelectorAll('.countdown li, .offer, .buy, .times, .card')]"
        ".map(({offsetLeft: x, offsetTop: y, offsetWidth: w}) => ({x, y, w}))"
    )
    return found


def html(built: Path, page: str = "") -> str:
    """A page's text."""
    return (built / "fair" / page / "index.html").read_text(encoding="utf-8")


def colours(css: str) -> dict[str, str]:
    """The custom properties of a stylesheet that are colours, as six hex digits."""
    found = re.findall(r"--([\w-]+): #([0-9a-f]{3}|[0-9a-f]{6});", css)
    return {name: value if len(value) == 6 else "".join(2 * digit for digit in value) for name, value in found}


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance, 0–1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio, 1–21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page", ["", "lamp", "ended"])
def test_a_page_paints_after_the_first_flight(built_fair: Path, page: str) -> None:
    """With room for a shop's own texts."""
    names = ("brand.*.css", "spotlight.*.css", "page.*.js")
    critical = [html(built_fair, page).encode()]
    critical += [path.read_bytes() for name in names for path in built_fair.glob(f"fair/assets/{name}")]
    assert 4 == len(critical)
    assert sum(len(gzip.compress(body)) for body in critical) <= CRITICAL_BYTES_MAX


@pytest.mark.parametrize(("count", "stages", "cards"), [(1, 1, 0), (2, 1, 1), (4, 1, 3), (5, 0, 5)])
def test_layout_follows_the_number_of_products(tmp_path: Path, count: int, stages: int, cards: int) -> None:
    """A hero, a hero with others below, or a catalogue; every product has one button."""
    sale = html(build(tmp_path, count))
    found = [len(re.findall(rf'class="{name}[ "]', sale)) for name in ("stage", "card")] + [sale.count("data-sku=")]
    assert [stages, cards, count] == found


def test_a_phone_shows_the_name_of_a_product_once(phone: BrowserContext, tmp_path: Path) -> None:
    """The bar with the button repeats it only below a picture, which may push the heading out of sight."""
    config = build(tmp_path, 1).parent / "sale_configs" / "fair.yaml"
    for fields, expected in ((", image: lamp.png", True), ("", False)):
        config.write_text(config.read_text(encoding="utf-8").replace(", image: lamp.png", fields), encoding="utf-8")
        build_sale(config, tmp_path, tmp_path / "build", 1)
        with serving(Storefront(tmp_path / "build")) as front:
            tab = phone.new_page()
            tab.goto(front.url())
            assert expected is tab.locator(".buy").get_by_text("Lamp").is_visible()


@pytest.mark.parametrize("height", [568, 664, 740, 844, 915])
def test_the_bar_never_cuts_the_heading_of_the_product(phone: BrowserContext, front: Storefront, height: int) -> None:
    """On the first screen of a phone the bar alone names the product; its heading comes up below."""
    tab = phone.new_page()
    tab.set_viewport_size({"width": 390, "height": height})
    tab.goto(front.url())
    heading, bar = (
        tab.locator(name).evaluate("part => part.getBoundingClientRect().top") for name in ("#hero", ".buy")
    )
    assert heading >= bar


@pytest.mark.parametrize(("width", "height"), [(320, 640), (360, 640), (390, 664), (768, 1024)])
def test_the_sentence_below_the_clock_is_on_the_first_screen(
    phone: BrowserContext, front: Storefront, width: int, height: int
) -> None:
    """Above the bar, on small screens too: it may say that there is no answer."""
    tab = phone.new_page()
    tab.set_viewport_size({"width": width, "height": height})
    tab.goto(front.url())
    expect(tab.locator('html[data-state="scheduled"]')).to_have_count(1)
    sentence, bar = (
        tab.locator(name).evaluate("part => part.getBoundingClientRect().toJSON()")
        for name in (".status p:not([hidden])", ".buy")
    )
    assert sentence["bottom"] <= bar["top"]


def test_one_picture_is_fetched_first(built_fair: Path) -> None:
    """The hero's, in all its widths. If it is the only product picture, no other competes with it."""
    assert ["high"] == re.findall(r'fetchpriority="(\w+)"', html(built_fair))
    assert ["image/avif", "image/webp"] == re.findall(
        r'<source type="([^"]+)" srcset="[^"]+ 40w" sizes=', html(built_fair)
    )


@pytest.mark.parametrize("page", ["", "lamp/"])
def test_every_state_is_named(visitor: Visitor, page: str) -> None:
    """In large letters in the countdown's place, in a sentence below, and on every button."""
    visitor.open(page)
    texts: dict[str, Any] = {}
    for state, (body, _, _) in STATES.items():
        tab = visitor.sees(body.replace(b'"rev": 1', b'"rev": %d' % (len(texts) + 2)))
        visitor.shows(state)
        lines = [line.inner_text() for line in tab.locator(TEXTS).all() if line.is_visible()]
        texts[state] = (lines, set(tab.locator("button").all_text_contents()))
    assert {state: (lines, {label}) for state, (_, lines, label) in STATES.items()} == texts


def test_a_product_sold_out_looks_so_while_others_sell(visitor: Visitor, front: Storefront) -> None:
    """Its button, its state and its look change; the card beside it stays."""
    front.pointers[VERSION] = pointer("live", sold=["S-1"])
    visitor.open("")
    colours = []
    for state in ("soldout", "live"):
        heading = visitor.tab.locator(f'.card[data-state="{state}"] h3')
        expect(heading).to_have_count(1)
        colours.append(heading.evaluate("heading => getComputedStyle(heading).color"))
    assert [f"rgb{MUTED}", f"rgb{TEXT}"] == colours
    assert ["Buy now", "Sold out", "Buy now"] == visitor.tab.locator("button").all_text_contents()


def test_no_state_and_no_second_moves_the_page(phone: BrowserContext, front: Storefront) -> None:
    """Digits, words and sentences replace each other in places that are large enough for all."""
    visitor = Visitor(phone.new_page(), front)
    visitor.open("")
    first = boxes(visitor.tab)
    for state, (body, _, _) in STATES.items():
        visitor.sees(body.replace(b'"rev": 1', b'"rev": 2'))
        visitor.shows(state)
        assert (state, first) == (state, boxes(visitor.tab))
    visitor.tab.evaluate("document.querySelectorAll('[data-unit]').forEach(unit => unit.textContent = '11')")
    assert first == boxes(visitor.tab)


def test_nothing_is_wider_than_the_screen(any_front: Storefront, chromium: Browser) -> None:
    """From the smallest phone up, on every page, with words that do not fit and three digits of days."""
    any_front.set_clock(-200 * 86400)
    tab = chromium.new_page()
    wide = []
    pages = ["", *(f"{path.parent.name}/" for path in sorted(any_front.folder.glob("fair/*/index.html"))[:3])]
    for page in pages:
        tab.goto(any_front.url(page))
        for width in (320, 390, 768, 1024, 1440):
            tab.set_viewport_size({"width": width, "height": 800})
            found = tab.evaluate("document.documentElement.scrollWidth")
            wide += [(page, width, found)] if found > width else []
    tab.close()
    assert [] == wide


def test_reduced_motion_is_respected(phone: BrowserContext, front: Storefront) -> None:
    """With `prefers-reduced-motion` the dot does not move."""
    front.pointers[VERSION] = pointer("live")
    visitor = Visitor(phone.new_page(), front)
    visitor.open()
    moving = {"no-preference": visitor.tab.evaluate("document.getAnimations().length > 0")}
    visitor.tab.emulate_media(reduced_motion="reduce")
    moving["reduce"] = visitor.tab.evaluate("document.getAnimations().length > 0")
    assert {"no-preference": True, "reduce": False} == moving


def test_without_javascript_the_page_says_so(chromium: Browser, front: Storefront) -> None:
    """No dead countdown, no promise that the button will open; the times are there."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front.url("lamp/"))
    names = ("noscript p", ".times", ".clock", ".status")
    visible = [page.locator(name).first.is_visible() for name in names]
    context.close()
    assert [True, True, False, False] == visible


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(scheme: str) -> None:
    """Every pair that the theme sets text in, in both schemes."""
    light, dark = (packaged("themes") / "spotlight/assets/brand.css").read_text().split("@media")
    palette = colours(light) | (colours(dark) if scheme == "dark" else {})
    assert [] == [pair for pair in CONTRASTS if contrast(*(palette[name] for name in pair)) < CONTRAST_MIN]


def test_one_file_changes_the_brand(tmp_path: Path, built_fair: Path) -> None:
    """A theme with only a brand.css has its colours, and everything else from spotlight."""
    write_theme(tmp_path, "ours", {"theme.yaml": "extends: spotlight\n", "assets/brand.css": ":root{--accent:#00f}"})
    ours = build(tmp_path, 3, theme="ours")
    links = re.findall(r'href="(assets/[^"]+\.css)"', html(ours))
    assert ":root{--accent:#00f}" == (ours / "fair" / links[0]).read_text()
    assert re.findall(r'href="(assets/[^"]+\.css)"', html(built_fair))[1:] == links[1:]
