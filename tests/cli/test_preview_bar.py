"""The bar of `flashgen serve` in Chromium: each control changes what the page shows, and nothing else of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from support.previews import Served, served
from support.projects import write_sale

PATIENCE_MS = 60_000
"""How long a busy machine may take."""

PRODUCTS = """\
products:
  - {sku: LAMP, name: {en: Lamp, de: Lampe}, price: "19.90"}
  - {sku: MUG, name: Mug, price: "5.00"}
"""
STATE_SHOWN = {
    "Scheduled": ("scheduled", "Opens soon"),
    "Live": ("live", "Buy now"),
    "Sold out": ("soldout", "Sold out"),
    "Paused": ("paused", "Paused"),
    "Ended": ("ended", "Ended"),
}

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A preview of a sale in two languages."""
    root = tmp_path_factory.mktemp("previewed")
    write_sale(root, PRODUCTS, theme="plain", locales="[en, de]")
    with served(root) as preview:
        yield preview


@pytest.fixture
def faults() -> list[str]:
    """What the browser found wrong; a test that expects some takes them out."""
    return []


@pytest.fixture
def page(chromium: Browser, faults: list[str]) -> Iterator[Page]:
    """A tab in which nothing may go wrong."""
    with chromium.new_context(locale="en", viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(PATIENCE_MS)
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda line: faults.append(line.text))
        yield tab
        assert [] == faults


@pytest.fixture
def lamp(night: Served, page: Page) -> Page:
    """The page of a product with its bar unfolded, at this machine's time."""
    night.ask(now=True, fault="none")
    page.goto(f"{night.url}en/lamp/")
    page.get_by_role("button", name="Preview").click()
    return page


def press(page: Page, name: str) -> None:
    """Choose one of several. The input lies under its text."""
    page.get_by_role("radio", name=name, exact=True).check(force=True)


def shows(page: Page, state: str, label: str) -> None:
    """Expect the page to be in a state, and its button to say so."""
    expect(page.locator("html")).to_have_attribute("data-state", state)
    expect(page.locator("button[data-sku]").first).to_have_text(label)


def sentence(page: Page) -> Locator:
    """What the page says of the sale."""
    return page.locator(".status [data-when]:not([hidden])")


def test_each_state_is_shown(lamp: Page) -> None:
    """The clock goes along: a live sale is open, an ended one is over."""
    for name, (state, label) in STATE_SHOWN.items():
        press(lamp, name)
        shows(lamp, state, label)
    expect(lamp.locator(".moment")).to_have_text(re.compile("after the end"))
    press(lamp, "Live")
    expect(lamp.locator(".moment")).to_have_text(re.compile("after the start"))
    expect(lamp.get_by_role("button", name="Buy now")).to_be_enabled()


@pytest.mark.parametrize(("option", "name"), [(name.lower().replace(" ", "-"), name) for name in STATE_SHOWN])
def test_the_state_of_the_command_line_is_shown(tmp_path: Path, page: Page, option: str, name: str) -> None:
    """Without a time, in a page that nobody touches."""
    write_sale(tmp_path, theme="plain")
    with served(tmp_path, "--state", option) as preview:
        page.goto(f"{preview.url}lamp/")
        shows(page, *STATE_SHOWN[name])


def test_one_product_is_sold_out(night: Served, page: Page) -> None:
    """The first of the page; the others can be bought."""
    night.ask(now=True, fault="none")
    page.goto(f"{night.url}en/")
    page.get_by_role("button", name="Preview").click()
    press(page, "One sold out")
    states = page.locator("[data-state]:has(> * button[data-sku]), [data-state]:has(> button[data-sku])")
    expect(states.first).to_have_attribute("data-state", "soldout")
    expect(states.last).to_have_attribute("data-state", "live")


def test_the_slider_moves_the_clock_and_the_state(lamp: Page) -> None:
    """From before the start to after the end, and the sale opens by itself when the clock gets there."""
    slider = lamp.get_by_role("slider", name="Time")
    for position, state in (("250", "scheduled"), ("700", "live"), ("950", "ended"), ("0", "scheduled")):
        slider.fill(position)
        expect(lamp.locator("html")).to_have_attribute("data-state", state)
    expect(slider).to_have_attribute("aria-valuetext", re.compile("[67] d .*before the start"))
    lamp.get_by_role("button", name="10 s before the start").click()
    expect(lamp.locator("html")).to_have_attribute("data-state", "scheduled")
    shows(lamp, "live", "Buy now")


def test_a_pause_lasts_while_the_clock_is_moved(lamp: Page) -> None:
    """Within the sale."""
    press(lamp, "Paused")
    shows(lamp, "paused", "Paused")
    lamp.get_by_role("slider", name="Time").fill("800")
    expect(lamp.locator(".moment")).to_have_text(re.compile("^[0-9]+ h .*after the start"))
    shows(lamp, "paused", "Paused")


def test_the_pretence_ends(lamp: Page) -> None:
    """Every page is back at the store's state, also one that has seen a later revision."""
    press(lamp, "Ended")
    shows(lamp, "ended", "Ended")
    lamp.get_by_role("button", name="Back to now").click()
    shows(lamp, "scheduled", "Opens soon")
    expect(lamp.locator(".moment")).to_have_text(re.compile("the store’s state"))


def test_another_tab_goes_along(lamp: Page, night: Served) -> None:
    """A preview has one state and one clock."""
    with lamp.context.new_page() as other:
        other.goto(f"{night.url}de/lamp/")
        press(lamp, "Live")
        shows(other, "live", "Jetzt kaufen")


def test_the_language_is_a_page_of_its_own(lamp: Page, night: Served) -> None:
    """The same product's."""
    lamp.get_by_label("Language").select_option("German")
    lamp.wait_for_url(f"{night.url}de/lamp/")
    expect(lamp.locator("h1")).to_have_text("Lampe")
    expect(lamp.get_by_label("Language")).to_have_value(re.compile("/de/lamp/$"))


def test_another_theme_is_rendered(lamp: Page) -> None:
    """And the sale's own comes back."""
    style = lamp.locator("head link[href*='/spotlight.']")
    expect(style).to_have_count(0)
    lamp.get_by_label("Theme").select_option("spotlight")
    expect(style).to_have_count(1)
    expect(lamp.get_by_label("Theme")).to_have_value("spotlight")
    lamp.get_by_label("Theme").select_option("")
    expect(style).to_have_count(0)
    expect(lamp.get_by_label("Theme")).to_have_value("")


def test_the_page_is_shown_at_other_widths(lamp: Page) -> None:
    """In frames, which change with the page and have no bar of their own; a link in one is followed by all."""
    press(lamp, "390")
    frame = lamp.frame_locator("iframe")
    expect(frame.locator("h1")).to_have_text("Lamp")
    assert 390 == frame.locator("html").evaluate("() => innerWidth")
    press(lamp, "Live")
    expect(frame.locator("html")).to_have_attribute("data-state", "live")
    press(lamp, "All")
    expect(lamp.locator("iframe")).to_have_count(3)
    frames = [lamp.frame_locator("iframe").nth(index) for index in range(3)]
    frames[0].get_by_role("link", name="Night").first.click()
    for each, width in zip(frames, (390, 768, 1280), strict=True):
        expect(each.get_by_role("link", name="Mug").first).to_be_visible()
        assert width == each.locator("html").evaluate("() => innerWidth")
        expect(each.locator("flashgen-preview")).to_have_count(0)
    press(lamp, "Window")
    lamp.wait_for_url("**/en/")


@pytest.mark.parametrize(
    ("failure", "text", "noise"),
    [
        ("The pointer answers 403", "No answer since", "403"),
        ("A Wi-Fi’s sign-in page answers", "No answer since", ""),
        ("The pointer hangs", "No answer since", ""),
        ("The device is offline", "You are offline", ""),
        ("Scripts are blocked", "please reload this page", "Content Security Policy"),
    ],
)
def test_each_failure_is_shown(lamp: Page, faults: list[str], failure: str, text: str, noise: str) -> None:
    """In the page's own words, within seconds; then all is well again."""
    lamp.get_by_role("button", name="1 min before the start").click()
    lamp.get_by_label("Failure").select_option(failure)
    expect(sentence(lamp)).to_contain_text(text)
    lamp.get_by_label("Failure").select_option("None")
    expect(sentence(lamp)).to_contain_text("opens by itself")
    assert all(noise and noise in fault for fault in faults)
    faults.clear()


def test_the_weight_is_shown(lamp: Page) -> None:
    """Against what a server may send at once."""
    weight = lamp.locator(".weight small")
    expect(weight).to_have_text(re.compile(r"^[\d,]+ of 14,600 bytes$"))
    total = int(lamp.get_by_role("meter", name="Weight").evaluate("meter => meter.value"))
    parts = re.findall(r"(HTML|css|js) ([\d,]+)", lamp.locator(".weight").get_attribute("title") or "")
    sizes = {kind: int(size.replace(",", "")) for kind, size in parts}
    assert ({"HTML", "css", "js"}, total) == ({*sizes}, sum(sizes.values()))
    assert min(sizes.values()) > 500
    assert total < 14_600


def test_the_page_is_laid_out_as_without_the_bar(tmp_path: Path, page: Page) -> None:
    """Folded or not: every element is where it is in a page without a bar, and no rule of the page's finds it."""
    write_sale(tmp_path, theme="plain")
    boxes = (
        "JSON.stringify([...document.querySelectorAll('body, body *:not(script)')]"
        ".map((one) => [one.tagName, one.getBoundingClientRect(), getComputedStyle(one).margin]))"
    )
    seen = []
    for options in ((), ("--no-bar",)):
        with served(tmp_path, "--state", "ended", *options) as preview:
            page.goto(preview.url)
            shows(page, "ended", "Ended")
            if options:
                assert 0 == page.locator("flashgen-preview").count()
            else:
                expect(page.get_by_role("button", name="Preview")).to_be_visible()
                seen.append(page.evaluate(boxes))
                page.get_by_role("button", name="Preview").click()
            seen.append(page.evaluate(boxes))
            page.goto("about:blank")
    assert 1 == len(set(seen))


def test_the_bar_is_used_with_keys(lamp: Page) -> None:
    """Escape folds it, and the focus stays in it; a reload leaves it folded."""
    tab, panel = lamp.get_by_role("button", name="Preview"), lamp.locator("flashgen-preview .panel")
    expect(tab).to_have_attribute("aria-expanded", "true")
    lamp.get_by_role("slider", name="Time").focus()
    lamp.keyboard.press("ArrowRight")
    lamp.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(tab).to_be_focused()
    lamp.reload()
    expect(tab).to_have_attribute("aria-expanded", "false")
    lamp.keyboard.press("Escape")
    tab.press("Enter")
    expect(panel).to_be_visible()


def test_an_edit_reloads_the_page_and_a_mistake_is_shown_in_it(tmp_path: Path, page: Page) -> None:
    """With its line. The old page stays below the mistake, and mending it is one more edit."""
    yaml = write_sale(tmp_path)
    text = yaml.read_text(encoding="utf-8")
    with served(tmp_path) as preview:
        page.goto(f"{preview.url}lamp/")
        expect(page.get_by_role("button", name="Preview")).to_be_visible()
        yaml.write_text(text.replace("name: Lamp", "name: Lantern, slug: lamp"), encoding="utf-8")
        expect(page.locator("h1")).to_have_text("Lantern")
        yaml.write_text(text.replace("19.90", "-1"), encoding="utf-8")
        problem = page.locator("flashgen-preview li.error")
        expect(problem).to_contain_text(re.compile(r"night\.yaml:\d+:\d+"))
        expect(problem).to_contain_text("`price` must be above 0, found -1")
        expect(page.locator("h1")).to_have_text("Lantern")
        with page.context.new_page() as later:  # a page that is opened now hears of it, too
            later.goto(preview.url)
            expect(later.locator("flashgen-preview li.error")).to_contain_text("found -1")
        yaml.write_text(text, encoding="utf-8")
        expect(page.locator("h1")).to_have_text("Lamp")
        expect(problem).to_have_count(0)


def test_what_check_says_is_shown_with_its_line(tmp_path: Path, page: Page) -> None:
    """A page without a problem of its own has the warnings of the whole sale."""
    yaml = write_sale(tmp_path)
    yaml.write_text(yaml.read_text(encoding="utf-8").replace("A *lamp*.", "<script>1</script>"), encoding="utf-8")
    with served(tmp_path) as preview:
        page.goto(preview.url)
        page.get_by_role("button", name="Preview").click()
        page.locator("flashgen-preview summary").click()
        warning = page.locator("flashgen-preview li.warning").filter(has_text="`description` holds")
        expect(warning).to_contain_text(re.compile(r"night\.yaml:\d+:\d+"))
        expect(warning.locator("pre")).to_contain_text("sku: LAMP")


def test_an_edit_before_the_connection_is_not_missed(tmp_path: Path, page: Page) -> None:
    """The page is there, its connection hangs on the way, and the sale is edited meanwhile."""
    yaml = write_sale(tmp_path)
    waiting: list[Route] = []
    with served(tmp_path) as preview:
        page.route("**/_flashgen/preview/events", lambda route: waiting.append(route), times=1)
        with page.expect_request("**/_flashgen/preview/events"):
            page.goto(f"{preview.url}lamp/")
        text = yaml.read_text(encoding="utf-8").replace("name: Lamp", "name: Lantern, slug: lamp")
        yaml.write_text(text, encoding="utf-8")
        while b"<h1>Lantern" not in re.sub(rb"<h1[^>]*>\s*", b"<h1>", preview.get("lamp/").body):
            page.wait_for_timeout(100)
        expect(page.locator("h1")).to_have_text("Lamp")
        waiting[0].continue_()
        expect(page.locator("h1")).to_have_text("Lantern")
