"""A gate whose sale has several languages: the order URL says which one, and everything after it stays in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.running_gate import (
    FOLDER,
    PRIVATE,
    SETTINGS,
    Browser,
    RunningGate,
    order_path,
    page_text,
    running_gate,
)

from flashgen.gate import forms
from flashgen.gate.settings import FORMAT, FORMAT_WITH_LANGUAGES, GateLanguage, TranslatedText, parse, render
from flashgen.gate.storage.protocol import StorageLost
from flashgen.unlock.state import EVERY_SKU, State

DIRECTIONS = {"de": "ltr", "ar": "rtl"}
LANGUAGES = {
    tag: GateLanguage(
        {name: f"_flashgen/fair/gate/{name}.{tag}.html" for name in forms.NAMES},
        {
            sku: TranslatedText(f"{item.name} ({tag})", item.price_text, f"{tag}/{item.page}", tag, DIRECTIONS[tag])
            for sku, item in SETTINGS.items.items()
        },
    )
    for tag in DIRECTIONS
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningGate]:
    """A gate of a sale in German and Arabic."""
    with running_gate(tmp_path) as running:
        for tag, language in LANGUAGES.items():
            for name, key in language.forms.items():
                running.store.put(key, page_text(f"{name}-{tag}").encode(), PRIVATE)
        running.push(languages=LANGUAGES)
        yield running


@pytest.fixture
def browser(running: RunningGate) -> Browser:
    """A buyer's."""
    return Browser(running)


def path_in(tag: str, sku: str = "LAMP") -> str:
    """Where a page in that language sends its buyers."""
    return f"{order_path(sku)}&lang={tag}"


def test_all_pages_are_in_the_language_of_the_order_url(running: RunningGate, browser: Browser) -> None:
    """The form, the way after it, and the order."""
    form = browser.ask("GET", path_in("ar"))
    assert (200, "form-ar", "A &lt;lamp&gt; (ar)") == (form.status, form.page, form.value("name"))
    assert ("ar/lamp/", FOLDER) == (form.value("page"), form.value("site"))
    placed = browser.ask("POST", path_in("ar"), f"lease={browser.lease}".encode())
    assert (303, "?sku=LAMP&lang=ar") == (placed.status, placed.one("location"))
    shown = browser.ask("GET", path_in("ar"))
    assert ("order-ar", "A &lt;lamp&gt; (ar)", 1) == (shown.page, shown.value("name"), len(running.orders()))
    assert "order-de" == browser.ask("GET", path_in("de")).page


@pytest.mark.parametrize("query", ["", "&lang=", "&lang=fr", "&lang=de&lang=ar", "&lang=%00", "&lang=de%2F.."])
def test_any_other_language_is_the_default(browser: Browser, query: str) -> None:
    """Nothing of it is said again."""
    form = browser.ask("GET", order_path() + query)
    assert ("form", "A &lt;lamp&gt;") == (form.page, form.value("name"))
    placed = browser.ask("POST", order_path() + query, f"lease={browser.lease}".encode())
    assert "?sku=LAMP" == placed.one("location")


def test_those_without_a_place_go_to_the_page_of_their_language(running: RunningGate, browser: Browser) -> None:
    """Without a language to the page that chooses one."""
    running.point(state=State.ENDED)
    locations = [browser.ask("GET", path).one("location") for path in (path_in("ar"), path_in("de"), order_path())]
    assert [f"{FOLDER}ar/ended/", f"{FOLDER}de/ended/", f"{FOLDER}ended/"] == locations
    running.point(state=State.LIVE, sold=EVERY_SKU)
    assert f"{FOLDER}ended/" == browser.ask("GET", "/o/bad.token?sku=LAMP&lang=ar").one("location")


def test_the_page_that_waits_for_a_place_is_in_the_language_too(running: RunningGate) -> None:
    """The way to it names the product. Its script asks in the page's own language."""
    running.push(slots_per_server=1)
    assert "form-ar" == Browser(running).ask("GET", path_in("ar")).page
    locations = [Browser(running).ask("GET", path).one("location") for path in (path_in("de"), order_path())]
    assert [f"{FOLDER}de/waiting/?sku=LAMP", f"{FOLDER}waiting/?sku=LAMP"] == locations


def test_notices_are_in_the_language_too(
    running: RunningGate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is early, and while the storage is gone."""
    opens = running.state.starts_at.timestamp()
    running.clock.now = opens - 1
    running.reader.poll()
    assert "early-ar" == browser.ask("GET", path_in("ar")).page
    running.clock.now = opens + 60
    running.reader.poll()

    def lost(*_: object) -> None:
        raise StorageLost("gone")

    monkeypatch.setattr(running.storage, "decide", lost)
    assert (503, "unavailable-ar") == ((answer := browser.ask("GET", path_in("ar"))).status, answer.page)


def test_a_gate_json_without_languages_is_written_and_read_as_before(running: RunningGate) -> None:
    """An older gate reads it; one with languages it refuses, as it would show all in the default."""
    body = render(SETTINGS)
    document = json.loads(body)
    assert (FORMAT, False) == (document["format"], "languages" in document)
    assert SETTINGS == parse(body, "gate.json")
    with_languages = replace(SETTINGS, languages=LANGUAGES)
    assert FORMAT_WITH_LANGUAGES == json.loads(render(with_languages))["format"]
    assert with_languages == parse(render(with_languages), "gate.json")


def test_a_form_that_is_missing_in_one_language_is_trouble(running: RunningGate, browser: Browser) -> None:
    """The last whole reading stays until it is too old."""
    arabic = replace(LANGUAGES["ar"], forms={forms.FORM: LANGUAGES["ar"].forms[forms.FORM]})
    running.push(languages={**LANGUAGES, "ar": arabic})
    assert "reader" in running.logged()
    assert "form-ar" == browser.ask("GET", path_in("ar")).page


def test_a_page_is_told_the_language_of_the_name(browser: Browser) -> None:
    """Where the sale lacks it, the name is in another."""
    form = browser.ask("GET", path_in("ar"))
    assert ("ar", "rtl") == (form.value("name_lang"), form.value("name_dir"))


def test_a_product_that_left_the_sale_has_a_name_in_no_language(running: RunningGate, browser: Browser) -> None:
    """Its SKU, in the direction of its letters."""
    browser.ask("GET", path_in("ar"))
    browser.ask("POST", path_in("ar"), f"lease={browser.lease}".encode())
    kept = {sku: item for sku, item in SETTINGS.items.items() if sku != "LAMP"}
    languages = {
        tag: replace(each, items={sku: text for sku, text in each.items.items() if sku != "LAMP"})
        for tag, each in LANGUAGES.items()
    }
    running.push(items=kept, languages=languages)
    shown = browser.ask("GET", path_in("ar"))
    assert ("LAMP", "", "auto") == tuple(shown.value(name) for name in ("name", "name_lang", "name_dir"))


def test_an_older_gate_json_has_no_languages_of_names() -> None:
    """Its pages do not ask for them."""
    document = json.loads(render(replace(SETTINGS, languages=LANGUAGES))) | {"format": 3}
    for language in document["languages"].values():
        for text in language["items"].values():
            del text["name_lang"], text["name_dir"]
    lamp = parse(json.dumps(document).encode(), "gate.json").languages["ar"].items["LAMP"]
    assert ("A <lamp> (ar)", "", "") == (lamp.name, lamp.name_lang, lamp.name_dir)
