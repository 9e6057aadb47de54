"""A sale in several languages in a real browser: the choice of a language, and pages that one pointer opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.storefront import ENDS_AT, ORIGIN, STARTS_AT, VERSION, Storefront, build_fair, pointer

SALE = f"""\
sale:
  id: fair
  title: {{de: Herbstmesse, en: Autumn fair, pt-BR: Feira, zh-Hant: 市集, ar: معرض, nb: Messe}}
  starts_at: "{STARTS_AT.isoformat()}"
  ends_at: "{ENDS_AT.isoformat()}"
  currency: EUR
  locales: [de, en, pt-BR, zh-Hans, zh-Hant, ar, nb]
products:
  - {{sku: LAMP, name: {{de: Lampe, en: Lamp, ar: مصباح}}, price: "19.90"}}
  - {{sku: MUG, name: {{de: Becher, en: Mug, ar: كوب}}, price: "5.00"}}
order:
  servers: [{ORIGIN}]
unlock:
  version: {VERSION}
"""


@pytest.fixture(scope="module")
def built_fair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this sale's build, with the default theme, for the fixture `front`."""
    return build_fair(tmp_path_factory.mktemp("fair"), SALE)


@contextmanager
def visit(chromium: Browser, url: str, locale: str, *, java_script: bool = True) -> Iterator[Page]:
    """A tab of a browser in that language, in which nothing may break the page's policy."""
    context = chromium.new_context(locale=locale, timezone_id="UTC", java_script_enabled=java_script)
    context.set_default_timeout(5000)
    faults: list[str] = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
    tab.goto(url)
    yield tab
    context.close()
    assert [] == faults


@pytest.mark.parametrize(
    ("locale", "folder"),
    [
        ("de-AT", "de/"),
        ("en-US", "en/"),
        ("pt-PT", "pt-BR/"),
        ("zh-TW", "zh-Hant/"),
        ("zh-CN", "zh-Hans/"),
        ("ar", "ar/"),
        ("nn-NO", "nb/"),
        ("no", "nb/"),
    ],
)
def test_the_root_goes_to_the_browser_s_language(
    chromium: Browser, front: Storefront, locale: str, folder: str
) -> None:
    """With the query, which campaigns add; and the way back does not lead into a circle."""
    with visit(chromium, "about:blank", locale) as tab:
        tab.goto(front.url() + "?utm_source=mail")
        expect(tab).to_have_url(front.url(folder) + "?utm_source=mail")
        tab.go_back()
        expect(tab).to_have_url("about:blank")


def test_without_a_match_or_a_script_a_visitor_chooses(chromium: Browser, front: Storefront) -> None:
    """By a link in their own language."""
    for java_script, locale in ((True, "sw"), (False, "en")):
        with visit(chromium, front.url(), locale, java_script=java_script) as tab:
            expect(tab).to_have_url(front.url())
            tab.get_by_role("link", name="العربية").click()
            expect(tab).to_have_url(front.url("ar/"))
            expect(tab.locator("h1")).to_have_text("معرض")


def test_one_pointer_opens_every_language(chromium: Browser, front: Storefront) -> None:
    """The sale's page in one and a product's in another; the order URL says which."""
    with visit(chromium, front.url("en/lampe/"), "en") as english, visit(chromium, front.url("ar/"), "ar") as arabic:
        for tab in (english, arabic):
            expect(tab.locator('button[data-sku="LAMP"]')).to_be_disabled()
        front.pointers[VERSION] = pointer("live", rev=2)
        for tab, tag in ((english, "en"), (arabic, "ar")):
            tab.evaluate("dispatchEvent(new Event('online'))")
            button = tab.locator('button[data-sku="LAMP"]')
            expect(button).to_be_enabled()
            tab.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="the form"))
            button.click()
            expect(tab).to_have_url(f"{ORIGIN}/o/to.ken-_?sku=LAMP&lang={tag}")


def test_a_page_leads_to_itself_in_another_language(chromium: Browser, front: Storefront) -> None:
    """And marks the one it is in."""
    with visit(chromium, front.url("de/lampe/"), "de") as tab:
        expect(tab.locator(".languages [aria-current]")).to_have_text("Deutsch")
        tab.get_by_role("link", name="English").click()
        expect(tab).to_have_url(front.url("en/lampe/"))
        expect(tab.locator("h1")).to_have_text("Lamp")


def test_the_ended_page_without_a_language_chooses_one(chromium: Browser, front: Storefront) -> None:
    """For whom the gate does not know better."""
    with visit(chromium, front.url("ended/"), "ar") as tab:
        expect(tab).to_have_url(front.url("ar/ended/"))
        expect(tab.locator("html")).to_have_attribute("dir", "rtl")


def test_a_wrong_tag_among_the_browser_s_languages_hides_no_later_one(front: Storefront, chromium: Browser) -> None:
    """Some extensions and old settings leave one."""
    context = chromium.new_context()
    context.add_init_script("Object.defineProperty(navigator, 'languages', {get: () => ['*', 'x_y', 'ar']})")
    tab = context.new_page()
    tab.goto(front.url())
    expect(tab).to_have_url(front.url("ar/"))
    context.close()
