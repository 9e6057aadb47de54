"""The theme `catalogue`: its list in pages, its search, filters and orders, its layout and its weight."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.projects import png
from support.storefront import ENDS_AT, ORIGIN, STARTS_AT, VERSION, Storefront, pointer, serving
from support.visitor import Visitor

from flashgen.page.build import build_sale

CRITICAL_BYTES_MAX = 14_600
"""HTML, css and page.js of a list page, by gzip: what a first flight has (RFC 6928). Search is apart."""

NAMED = (
    ("MUETZE", "Mütze", "8.00", "", "Kleidung"),
    ("LATERNE", "Straßenlaterne", "120.00", "240.00", "Licht"),
    ("SCHALE", "Café-Schale", "15.50", "20.00", "Küche"),
    ("KAMERA", "カメラ", "300.00", "", "Technik"),
    ("LAMPE", "أضواء ليلية", "45.00", "60.00", "Licht"),
)
"""SKU, name, price, list price and category."""


def build(project: Path, count: int = 50, *, pictures: bool = False, **fields: str) -> Path:
    """A sale of NAMED and then things with numbers; `fields` replace keys of its `sale` section."""
    config = project / "sale_configs" / "fair.yaml"
    config.parent.mkdir()
    (config.parent / "lamp.png").write_bytes(png(40, 30))
    image = ", image: lamp.png" if pictures else ""
    keys = {"title": "Herbstmarkt", "locale": "de", "theme": "catalogue", **fields}
    rows = [
        f'{{sku: {sku}, slug: {sku.lower()}, name: "{name}", price: "{price}", category: {kind}'
        + (f', list_price: "{was}"' if was else "")
        for sku, name, price, was, kind in NAMED
    ]
    rows += [f'{{sku: S-{n}, name: Ding {n}, price: "{n + 400}.00", category: Dinge' for n in range(len(NAMED), count)]
    config.write_text(
        "sale:\n  id: fair\n  currency: EUR\n"
        f'  starts_at: "{STARTS_AT.isoformat()}"\n  ends_at: "{ENDS_AT.isoformat()}"\n'
        + "".join(f"  {name}: {value}\n" for name, value in keys.items())
        + "products:\n"
        + "".join(f"  - {row}{image}}}\n" for row in rows[:count])
        + f"order:\n  servers: [{ORIGIN}]\nunlock:\n  version: {VERSION}\n",
        encoding="utf-8",
    )
    build_sale(config, project, project / "build", 1)
    return project / "build"


@pytest.fixture(scope="module")
def built_fair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 products, so three pages of the list."""
    return build(tmp_path_factory.mktemp("catalogue"))


def names(tab: Page) -> list[str]:
    """The names in the list as it is now."""
    return tab.locator(".card h3").all_text_contents()


def search(tab: Page, text: str) -> None:
    """Type into the search field."""
    tab.get_by_role("searchbox").fill(text)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("mütze", ["Mütze"]),
        ("MUTZE", ["Mütze"]),
        ("muetze", ["Mütze"]),
        ("laterne", ["Straßenlaterne"]),
        ("strasse", ["Straßenlaterne"]),
        ("cafe schale", ["Café-Schale"]),
        ("ｶﾒﾗ", ["カメラ"]),
        ("かめ", ["カメラ"]),
        ("اضواء", ["أضواء ليلية"]),
        ("licht", ["Straßenlaterne", "أضواء ليلية"]),
        ("s-49", ["Ding 49"]),
    ],
)
def test_search_folds_what_people_type(visitor: Visitor, query: str, found: list[str]) -> None:
    """Case, accents, both spellings of umlauts, parts of compounds, width and kind of kana, forms of Arabic letters."""
    visitor.open("")
    search(visitor.tab, query)
    expect(visitor.tab.locator(".card h3")).to_have_text(found)
    expect(visitor.tab.locator("#found")).to_have_text(f"{len(found)} von 50")


def test_kana_with_another_sound_is_another_letter(visitor: Visitor) -> None:
    """ガ is not カ, though it differs in a mark alone."""
    visitor.open("")
    search(visitor.tab, "ガメラ")
    expect(visitor.tab.locator("#found")).to_contain_text("Nichts gefunden")
    assert [] == names(visitor.tab)


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("cheap", ["Mütze", "Café-Schale", "أضواء ليلية"]),
        ("dear", ["Ding 49", "Ding 48", "Ding 47"]),
        ("saving", ["Straßenlaterne", "أضواء ليلية", "Café-Schale"]),
        ("name", ["Café-Schale", "Ding 5", "Ding 6"]),
    ],
)
def test_orders(visitor: Visitor, order: str, first: list[str]) -> None:
    """Of all products, not only of the page; numbers in names by their value."""
    visitor.open("page/2/")
    visitor.tab.get_by_label("Sortieren nach").select_option(order)
    expect(visitor.tab.locator(".card h3").first).to_have_text(first[0])
    assert first == names(visitor.tab)[:3]


def test_filters_by_price_and_category(visitor: Visitor) -> None:
    """Several categories widen, a price narrows; "clear" brings the page's own list back."""
    visitor.open("")
    own = names(visitor.tab)
    visitor.tab.get_by_label("Licht").check()
    visitor.tab.get_by_label("Küche").check()
    expect(visitor.tab.locator(".card h3")).to_have_text(["Straßenlaterne", "Café-Schale", "أضواء ليلية"])
    visitor.tab.get_by_label("bis").fill("45")
    expect(visitor.tab.locator(".card h3")).to_have_text(["Café-Schale", "أضواء ليلية"])
    visitor.tab.get_by_role("button", name="Alles löschen").click()
    assert own == names(visitor.tab)
    assert visitor.front.url() == visitor.tab.url


def test_state_is_in_the_url_and_back_leaves_it(visitor: Visitor) -> None:
    """Each letter replaces the one before; a change of another field is a step of its own."""
    visitor.open("")
    search(visitor.tab, "licht")
    visitor.tab.get_by_role("searchbox").press_sequentially("t")
    visitor.tab.get_by_role("searchbox").press("Backspace")
    visitor.tab.get_by_label("Sortieren nach").select_option("cheap")
    expect(visitor.tab.locator(".card h3")).to_have_text(["أضواء ليلية", "Straßenlaterne"])
    assert visitor.tab.url.endswith("/fair/#q=licht&sort=cheap")
    visitor.tab.go_back()
    expect(visitor.tab.locator(".card h3")).to_have_text(["Straßenlaterne", "أضواء ليلية"])
    expect(visitor.tab.get_by_label("Sortieren nach")).to_have_value("")
    visitor.tab.go_back()
    expect(visitor.tab.locator("#found")).to_have_text("1–24 von 50")
    expect(visitor.tab.get_by_role("searchbox")).to_have_value("")


def test_link_to_a_search_opens_it(visitor: Visitor) -> None:
    """On any page of the list; after a look at a product, too."""
    visitor.open("page/3/#q=laterne&kind=Licht")
    expect(visitor.tab.locator(".card h3")).to_have_text(["Straßenlaterne"])
    visitor.tab.get_by_role("link", name="Straßenlaterne").click()
    visitor.tab.wait_for_url("**/fair/laterne/")
    visitor.tab.go_back()
    expect(visitor.tab.locator(".card h3")).to_have_text(["Straßenlaterne"])
    expect(visitor.tab.get_by_label("Licht")).to_be_checked()


def test_index_is_loaded_when_somebody_asks_and_works_offline(visitor: Visitor, context: BrowserContext) -> None:
    """A visitor who only looks pays nothing for the search."""
    asked: list[str] = []
    visitor.tab.on("request", lambda request: asked.append(request.url) if ".json" in request.url else None)
    visitor.open("")
    assert [] == asked
    with visitor.tab.expect_response("**/products.*.json"):
        visitor.tab.get_by_role("searchbox").focus()
    context.set_offline(True)
    search(visitor.tab, "mütze")
    expect(visitor.tab.locator(".card h3")).to_have_text(["Mütze"])
    assert 1 == len(asked)


def test_failed_index_leaves_the_list_and_is_asked_for_again(visitor: Visitor) -> None:
    """The page says so, and the next letter tries again."""
    visitor.tab.route("**/products.*.json", lambda route: route.fulfill(status=503))
    visitor.open("")
    search(visitor.tab, "mütze")
    expect(visitor.tab.locator("#found")).to_contain_text("konnte nicht geladen werden")
    assert 24 == len(names(visitor.tab))
    visitor.tab.unroute("**/products.*.json")
    search(visitor.tab, "mütz")
    expect(visitor.tab.locator(".card h3")).to_have_text(["Mütze"])


def test_sale_opens_while_it_is_filtered(visitor: Visitor, front: Storefront) -> None:
    """Found buttons open with the others, lead to their order, and close when they are sold out."""
    visitor.tab.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="ordered"))
    visitor.open("")
    search(visitor.tab, "licht")
    buttons = visitor.tab.locator(".card button")
    expect(buttons).to_have_text(["Öffnet bald", "Öffnet bald"])
    visitor.sees(pointer("live", rev=2, sold=["LATERNE"]))
    expect(buttons).to_have_text(["Ausverkauft", "Jetzt kaufen"])
    expect(visitor.tab.locator(".card").first).to_have_attribute("data-state", "soldout")
    visitor.tab.get_by_role("button", name="Alles löschen").click()
    expect(buttons.nth(1)).to_have_text("Ausverkauft")
    search(visitor.tab, "licht")
    buttons.nth(1).click()
    visitor.tab.wait_for_url(f"{ORIGIN}/o/to.ken-_?sku=LAMPE")


def test_sold_out_page_of_the_list_is_not_a_sold_out_sale(visitor: Visitor, front: Storefront) -> None:
    """Neither if all that is listed is gone, nor if a search finds nothing."""
    listed = [f"S-{n}" for n in range(48, 50)]
    front.pointers[VERSION] = pointer("live", sold=listed)
    visitor.open("page/3/")
    visitor.shows("live")
    search(visitor.tab, "nichts davon")
    visitor.sees(pointer("live", rev=2, sold=listed))
    visitor.shows("live")
    every = [row[0] for row in NAMED] + [f"S-{n}" for n in range(5, 50)]
    visitor.sees(pointer("live", rev=3, sold=every))
    visitor.shows("soldout")


def test_results_are_announced_and_the_focus_stays(visitor: Visitor) -> None:
    """The number of results is a live region of its own; "more" goes on at the first card that it adds."""
    visitor.open("")
    expect(visitor.tab.locator("#found")).to_have_attribute("role", "status")
    search(visitor.tab, "ding")
    expect(visitor.tab.locator("#found")).to_have_text("45 von 50")
    expect(visitor.tab.get_by_role("searchbox")).to_be_focused()
    visitor.tab.get_by_role("button", name="Mehr anzeigen").click()
    expect(visitor.tab.get_by_role("link", name="Ding 29", exact=True)).to_be_focused()
    assert 45 == len(names(visitor.tab))
    expect(visitor.tab.get_by_role("button", name="Mehr anzeigen")).to_be_hidden()


def test_without_javascript_every_product_is_found_by_links(chromium: Browser, front: Storefront) -> None:
    """The tools that need a script are not shown."""
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(front.url())
    expect(tab.locator("#tools")).to_be_hidden()
    found = names(tab)
    while (following := tab.get_by_role("link", name="Nächste Seite")).count():
        following.click()
        found += names(tab)
    assert 50 == len(found) == len(set(found))
    assert tab.url.endswith("/fair/page/3/")
    tab.get_by_role("link", name="Ding 49", exact=True).click()
    assert tab.url.endswith("/fair/ding-49/")
    context.close()


def test_pictures_of_found_products_are_shown(tmp_path: Path, chromium: Browser) -> None:
    """Cards that the script makes have what the page's own have."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    with serving(Storefront(build(tmp_path, 30, pictures=True))) as front:
        tab = context.new_page()
        tab.goto(front.url("page/2/#q=mütze"))
        expect(tab.locator(".card h3")).to_have_text(["Mütze"])
        tab.wait_for_function("document.querySelector('.card img').complete")
        assert tab.locator(".card img").evaluate("image => image.naturalWidth")
        own = "card => [...card.querySelectorAll('*')].map(one => one.tagName + one.className)"
        found = tab.locator(".card").first.evaluate(own)
        tab.goto(front.url())
        assert found == tab.locator(".card").first.evaluate(own)
    context.close()


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
@pytest.mark.parametrize("pictures", [True, False], ids=["pictures", "rows"])
def test_no_lone_card_and_no_overflow(tmp_path: Path, chromium: Browser, width: int, pictures: bool) -> None:
    """Whatever number is left for the last row. A card that would be alone in it is as wide as the row."""
    context = chromium.new_context(viewport={"width": width, "height": 900})
    with serving(Storefront(build(tmp_path, 30, pictures=pictures))) as front:
        tab = context.new_page()
        tab.goto(front.url())
        for _ in range(12):
            width_of_list, last, row = tab.evaluate(
                "() => { const list = document.querySelector('.products'), cards = [...list.children];"
                " const last = cards.at(-1); list.firstElementChild.remove();"
                " return [list.offsetWidth, last.offsetWidth,"
                " cards.filter((one) => one.offsetTop === last.offsetTop).length] }"
            )
            assert row > 1 or last == width_of_list
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_clock_stays_in_view_and_has_no_days_without_any(visitor: Visitor, front: Storefront) -> None:
    """However far down the list; the search comes along where there is room for a rail."""
    front.set_clock(-2 * 3600)
    visitor.tab.set_viewport_size({"width": 1280, "height": 700})
    visitor.open("")
    visitor.tab.evaluate("scrollTo(0, 800)")
    expect(visitor.tab.locator(".hours")).to_be_in_viewport()
    expect(visitor.tab.get_by_role("searchbox")).to_be_in_viewport()
    expect(visitor.tab.locator(".days")).to_be_hidden()


def test_few_products_have_no_search(tmp_path: Path) -> None:
    """Twelve are seen at a glance."""
    page = (build(tmp_path, 12) / "fair/index.html").read_text(encoding="utf-8")
    assert [] == [part for part in ("products.", "<form", "<nav", "<template") if part in page]


@pytest.mark.parametrize("pictures", [True, False], ids=["pictures", "rows"])
def test_first_page_fits_a_first_flight(tmp_path: Path, pictures: bool) -> None:
    """However many products there are."""
    built = build(tmp_path, 500, pictures=pictures)
    page = (built / "fair/index.html").read_bytes()
    names = re.findall(rb'"assets/([^"]+\.css|page\.\w+\.js)"', page)
    files = [built / "fair/assets" / name.decode() for name in names]
    assert 3 == len(files)
    bodies = (page, *(file.read_bytes() for file in files))
    assert sum(len(gzip.compress(body, 6)) for body in bodies) <= CRITICAL_BYTES_MAX
