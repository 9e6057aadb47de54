"""Every kind of page × theme × language × state in Chromium: nothing overflows, complains or is asked of others.

The texts are long words without a space, which is what overflows.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from support.projects import png
from support.storefront import ENDS_AT, ORIGIN, STARTS_AT, VERSION, Storefront, build_fair, pointer, serving

THEMES = ("spotlight", "plain", "catalogue")
LANGUAGES = ("en", "ar", "ja", "de")
NAMES = {
    "en": "Floccinaucinihilipilification-Antidisestablishmentarianism",
    "ar": "فانوسورقيكبيرمصنوعيدويامنورقالتوتعلىإطارمنخشبالزان",
    "ja": "インターナショナリゼーションエンターテインメントランタン",
    "de": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
}
PAGES = ("", "lamp/", "mug/", "ended/", "waiting/?sku=LAMP")
STATES = {
    "scheduled": pointer(starts_at="2026-12-01T08:00:00Z", ends_at="2026-12-01T20:00:00Z"),
    "live": pointer("live", rev=2),
    "paused": pointer("paused", rev=3),
    "soldout": pointer("live", rev=4, sold=["*"]),
    "ended": pointer("ended", rev=5),
}
"""The pointer by state, in the order in which a page sees them."""

NARROWEST = 320
"""CSS pixels: WCAG 2.2, 1.4.10."""

STATE_MS_MAX = 30_000
"""A poll under way may have the page wait for the next one."""

_TEXT = "{" + ", ".join(f"{tag}: {name}" for tag, name in NAMES.items()) + "}"
_SALE = f"""\
sale:
  id: fair
  title: {_TEXT}
  description: {_TEXT}
  starts_at: "{STARTS_AT.isoformat()}"
  ends_at: "{ENDS_AT.isoformat()}"
  currency: EUR
  locales: [{", ".join(LANGUAGES)}]
  show_limit: true
  theme: %s
products:
  - sku: LAMP
    slug: lamp
    name: {_TEXT}
    summary: {_TEXT}
    price: "12345.00"
    list_price: "23456.00"
    stock: 1500
    specs: {{{NAMES["en"]}: {NAMES["de"]}}}
    images: [square.png, wide.png, tall.png]
  - {{sku: MUG, slug: mug, name: {_TEXT}, price: "5.00"}}
%s
brand:
  note: {_TEXT}
  links: {{imprint: https://shop.example.com/legal, terms: ../terms.html, privacy: ../privacy.html}}
order:
  servers: [{ORIGIN}]
unlock:
  version: {VERSION}
"""


@pytest.fixture(scope="module", params=THEMES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sale in a theme; in the catalogue with a second page of its list."""
    project = tmp_path_factory.mktemp(request.param)
    images = project / "sale_configs"
    images.mkdir()
    for name, size in {"square.png": (60, 60), "wide.png": (90, 40), "tall.png": (40, 90)}.items():
        (images / name).write_bytes(png(*size))
    count = 30 if request.param == "catalogue" else 3
    others = (f'  - {{sku: S-{n}, slug: s-{n}, name: {_TEXT}, price: "{n}.00"}}' for n in range(1, count))
    return build_fair(project, _SALE % (request.param, "\n".join(others)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_overflows_complains_or_asks_elsewhere(built: Path, chromium: Browser, language: str) -> None:
    """In every state; the page of the list that is not the first, too.

    One tab loads each page once, and polls a pointer of each state.
    """
    messages: list[str] = []
    outside: list[str] = []
    wide: list[tuple[str, str, int]] = []
    context = chromium.new_context(
        locale=language, viewport={"width": NARROWEST, "height": 700}, reduced_motion="reduce"
    )
    with serving(Storefront(built)) as front, context:
        context.on("console", lambda line: messages.append(line.text))
        context.on("weberror", lambda error: messages.append(str(error.error)))
        context.on("request", lambda one: None if one.url.startswith(front.origin) else outside.append(one.url))
        front.set_clock(600)
        tab = context.new_page()
        second = ("page/2/",) if (built / "fair" / language / "page").is_dir() else ()
        for page, (state, body) in itertools.product((*PAGES, *second), STATES.items()):
            front.pointers[VERSION] = body
            if state == "scheduled":
                tab.goto(front.url(f"{language}/{page}"))
            else:
                tab.evaluate("dispatchEvent(new Event('online'))")  # which polls at once
            expect(tab.locator("html")).to_have_attribute("data-state", state, timeout=STATE_MS_MAX)
            width = tab.evaluate("document.documentElement.scrollWidth")
            if width > NARROWEST:
                wide.append((state, page, width))
    assert ([], [], []) == (wide, messages, outside)
