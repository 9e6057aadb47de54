"""What a page's layout promises, in a real browser: the first screen, the last row, pictures of any shape, print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Page, expect
from support.projects import png
from support.storefront import ENDS_AT, ORIGIN, STARTS_AT, VERSION, Storefront, pointer, serving

from flashgen.page.build import build_sale

THEMES = ("spotlight", "plain")
EVERY_THEME = (*THEMES, "catalogue")
SCREENS = ((390, 844), (1280, 800))
LONG = (
    "The whole workshop opens its shelves for one evening: lanterns, garlands, candles and all that was left of spring"
)
IMAGES = {"square.png": (60, 60), "wide.png": (90, 60), "tall.png": (60, 90)}
ELONGATED = {"panorama.png": (160, 40), "column.png": (40, 160)}

Opened = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Builds a sale of these products and opens a page of it."""
    with ExitStack() as cleanup:

        def open_page(theme: str, products: list[str], page: str = "", state: str = "scheduled", **sale: str) -> Page:
            built = _build(tmp_path / f"{theme}-{len(products)}-{page[:-1]}", theme, products, **sale)
            front = cleanup.enter_context(serving(Storefront(built)))
            front.set_clock(-3600 if state == "scheduled" else 600)
            front.pointers[VERSION] = pointer(state)
            context = chromium.new_context(
                locale="en", viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
            )
            cleanup.callback(context.close)
            tab = context.new_page()
            tab.goto(front.url(page))
            expect(tab.locator(f'html[data-state="{state}"]')).to_have_count(1)
            return tab

        yield open_page


def _build(project: Path, theme: str, products: list[str], **sale: str) -> Path:
    config = project / "sale_configs" / "fair.yaml"
    config.parent.mkdir(parents=True)
    for name, size in (IMAGES | ELONGATED).items():
        (config.parent / name).write_bytes(png(*size))
    keys = {"id": "fair", "title": "Autumn fair", "currency": "EUR", "theme": theme, "show_limit": "true", **sale}
    keys |= {"starts_at": f'"{STARTS_AT.isoformat()}"', "ends_at": f'"{ENDS_AT.isoformat()}"'}
    config.write_text(
        "sale:\n"
        + "".join(f"  {key}: {value}\n" for key, value in keys.items())
        + "products:\n"
        + "".join(f"  - {{{product}}}\n" for product in products)
        + f"order:\n  servers: [{ORIGIN}]\nunlock:\n  version: {VERSION}\n",
        encoding="utf-8",
    )
    build_sale(config, project, project / "build", 1)
    return project / "build"


def product(number: int = 0, **keys: str) -> str:
    """One, as a row of YAML."""
    own = {"sku": f"S-{number}", "slug": f"s-{number}", "name": f"Lamp {number}", "price": '"19.90"', **keys}
    return ", ".join(f"{key}: {value}" for key, value in own.items())


def box(tab: Page, selector: str) -> FloatRect:
    """Where the first such element is on the screen."""
    found = tab.locator(selector).first.bounding_box()
    assert found is not None
    return found


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("image", ["square.png", "wide.png", ""])
def test_price_and_button_are_on_the_first_screen(opened: Opened, theme: str, image: str) -> None:
    """Of the page of a product with a long name, on a phone and on a laptop."""
    tab = opened(theme, [product(image=image, name=f'"{LONG}"', summary=f'"{LONG}"')], "s-0/")
    for width, height in SCREENS:
        tab.set_viewport_size({"width": width, "height": height})
        button = box(tab, "button")
        assert (width, True) == (width, button["y"] + button["height"] <= height)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pictured", [True, False])
@pytest.mark.parametrize("count", [5, 6, 7, 8, 9])
def test_no_card_is_alone_in_the_last_row(opened: Opened, theme: str, pictured: bool, count: int) -> None:
    """It then fills the row, on a phone and on a laptop."""
    keys = {"image": "square.png"} if pictured else {}
    tab = opened(theme, [product(number, **keys) for number in range(count)])
    for width, height in SCREENS:
        tab.set_viewport_size({"width": width, "height": height})
        cards = tab.evaluate(
            "[...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect())"
            ".map(({x, y, width}) => ({x, y, width}))"
        )
        whole = max(card["x"] + card["width"] for card in cards) - min(card["x"] for card in cards)
        last = [card for card in cards if card["y"] == cards[-1]["y"]]
        assert (width, True) == (width, len(last) > 1 or last[0]["width"] > whole - 2)


def test_the_fourth_of_four_in_a_catalogue_is_not_alone_in_its_row(opened: Opened) -> None:
    """It fills the row: on a laptop the catalogue of a few products has three columns, not four."""
    tab = opened("catalogue", [product(number, image="square.png") for number in range(4)])
    first, third, last = (box(tab, f".products > .card:nth-child({number})") for number in (1, 3, 4))
    row = first["x"], third["x"] + third["width"]
    assert row == pytest.approx((last["x"], last["x"] + last["width"]), abs=2)


@pytest.mark.parametrize("width", [320, 390])
def test_no_label_of_a_button_changes_the_height_of_a_row(opened: Opened, width: int) -> None:
    """In the list of plain, where the price is beside the button."""
    tab = opened("plain", [product(number, list_price='"39.90"') for number in range(3)])
    tab.set_viewport_size({"width": width, "height": 844})
    heights = []
    for label in ("Opens soon", "Buy now", "Paused", "OK"):
        tab.locator("button").first.evaluate("(button, label) => button.textContent = label", label)
        heights.append(box(tab, ".card")["height"])
    assert [heights[0]] * 4 == heights


@pytest.mark.parametrize("theme", EVERY_THEME)
@pytest.mark.parametrize(
    ("names", "place", "kept"),
    [
        (("square.png", "wide.png", "tall.png"), 1, {"square.png": 1, "wide.png": 3 / 2, "tall.png": 2 / 3}),
        (("wide.png", "panorama.png"), 4 / 3, {"wide.png": 4 / 3, "panorama.png": 4}),
        (("tall.png", "column.png"), 3 / 4, {"tall.png": 3 / 4, "column.png": 1 / 4}),
    ],
)
def test_pictures_are_cropped_only_where_little_is_lost(
    opened: Opened, theme: str, names: tuple[str, ...], place: float, kept: dict[str, float]
) -> None:
    """Places are square, or of the shape of all pictures; what would lose too much is shown whole in its place."""
    rows = [product(number, image=names[number % len(names)]) for number in range(1, 8)]
    tab = opened(theme, [product(image=names[0]), *rows])
    seen = tab.locator(".card:not(:first-child) picture").evaluate_all(
        """pictures => pictures.map(one => [one.querySelector("img"), one].flatMap(each => {
          const {left, top, right, bottom} = each.getBoundingClientRect();
          return [left, top, right, bottom];
        }))"""
    )
    assert len(rows) == len(seen)
    for number, (left, top, right, bottom, place_left, place_top, place_right, place_bottom) in enumerate(seen, 1):
        assert kept[names[number % len(names)]] == pytest.approx((right - left) / (bottom - top), rel=0.03)
        assert place == pytest.approx((place_right - place_left) / (place_bottom - place_top), rel=0.02)
        # In the middle of its place, and inside.
        assert left - place_left == pytest.approx(place_right - right, abs=1.5)
        assert left > place_left - 1
        assert top - place_top == pytest.approx(place_bottom - bottom, abs=1.5)
        assert top > place_top - 1


@pytest.mark.parametrize("theme", EVERY_THEME)
@pytest.mark.parametrize("image", ["panorama.png", "column.png", ""])
def test_the_only_product_is_bought_on_the_first_screen(opened: Opened, theme: str, image: str) -> None:
    """On a laptop; its picture is beside the button or above it, and not below."""
    tab = opened(theme, [product(image=image, summary=LONG[:50])], state="live")
    button = box(tab, "button[data-sku]")
    assert button["y"] + button["height"] <= 800
    if image:
        assert box(tab, "picture img")["y"] < button["y"]


def test_the_only_product_of_a_catalogue_has_a_button_that_is_seen(opened: Opened) -> None:
    """It is filled, and as wide as its column; among others it would be quiet."""
    tab = opened("catalogue", [product(image="column.png", summary="By hand.")], state="live")
    expect(tab.locator(".one")).to_contain_text("By hand.")
    style = "button => [getComputedStyle(button).backgroundColor, getComputedStyle(document.body).backgroundColor]"
    colour, ground = tab.locator("button[data-sku]").evaluate(style)
    assert colour not in (ground, "rgba(0, 0, 0, 0)")
    picture, image = box(tab, "picture"), box(tab, "picture img")
    assert image["width"] / image["height"] == pytest.approx(1 / 4, rel=0.02)
    assert image["height"] <= picture["height"]


@pytest.mark.parametrize("theme", THEMES)
def test_small_pictures_are_below_the_large_one_and_lead_to_each(opened: Opened, theme: str) -> None:
    """On a phone too; the one that is seen is marked, and the page does not move."""
    tab = opened(theme, [product(images=f"[{', '.join(IMAGES)}]")], "s-0/")
    tab.set_viewport_size({"width": 390, "height": 844})
    strip, thumbs = box(tab, ".strip"), box(tab, ".thumbs")
    assert strip["y"] + strip["height"] <= thumbs["y"] + 1
    current = tab.locator(".thumbs a[aria-current]")
    expect(current).to_have_attribute("href", "#picture-1")
    tab.locator(".thumbs a").nth(2).click()
    expect(current).to_have_attribute("href", "#picture-3")
    assert 0 == tab.evaluate("scrollY")
    tab.locator(".strip").focus()
    tab.keyboard.press("ArrowLeft")
    expect(current).to_have_attribute("href", "#picture-2")


@pytest.mark.parametrize("theme", THEMES)
def test_a_product_shows_its_table_and_its_number(opened: Opened, theme: str) -> None:
    """The number only if the sale says so: it is what the YAML has, never what is left."""
    row = product(specs="{Material: linen, Size: <b>60 cm</b>}", stock="1500")
    tab = opened(theme, [row], "s-0/")
    assert ["Material", "linen", "Size", "<b>60 cm</b>"] == tab.locator(".specs :is(th, td)").all_text_contents()
    expect(tab.locator(".limit")).to_have_text("Limited quantity: 1,500")
    silent = opened(theme, [row, product(1)], "s-0/", show_limit="false")
    expect(silent.locator(".limit")).to_have_count(0)


@pytest.mark.parametrize("theme", THEMES)
def test_struck_prices_go_when_the_sale_is_over(opened: Opened, theme: str) -> None:
    """The price stays."""
    rows = [product(number, list_price='"39.90"') for number in range(6)]
    shown = {state: _prices(opened(theme, rows, f"s-{n}/", state)) for n, state in enumerate(("live", "ended"))}
    assert {"live": (True, True), "ended": (True, False)} == shown


def _prices(tab: Page) -> tuple[bool, bool]:
    return tab.locator(".price b").is_visible(), tab.locator(".price s").is_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_paper_has_no_buttons(opened: Opened, theme: str) -> None:
    """And no clock; name, price and times are there."""
    tab = opened(theme, [product(specs="{Material: linen}")], "s-0/")
    tab.emulate_media(media="print")
    names = ("h1", ".price", ".specs", ".times", "button", ".clock")
    visible = {name: tab.locator(name).first.is_visible() for name in names}
    assert {"h1": True, ".price": True, ".specs": True, ".times": True, "button": False, ".clock": False} == visible


@pytest.mark.parametrize("theme", THEMES)
def test_japanese_headings_break_at_phrases(opened: Opened, theme: str) -> None:
    """As browsers that know phrases do; Latin ones break at spaces."""
    tab = opened(theme, [product(name="大きな紙のランタン")], "s-0/", locale="ja")
    script = "heading => { const s = getComputedStyle(heading); return [s.wordBreak, s.lineBreak]; }"
    assert ["auto-phrase", "strict"] == tab.locator("h1").evaluate(script)
