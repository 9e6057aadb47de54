"""The pages of a sale in several languages: their folders, their links, and what they share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from support.projects import png, tree, write_sale

from flashgen.gate import forms
from flashgen.gate.forms import Form
from flashgen.gate.settings import GateLanguage, GateSettings, TranslatedText, parse
from flashgen.layout import settings_key
from flashgen.page.build import build_sale

TITLE = "{de: Nacht, en: Night, ar: ليلة}"
PRODUCTS = """\
products:
  - {sku: LAMP, name: {de: Lampe, en: Lamp, ar: مصباح}, price: "19.90", image: lamp.png}
  - {sku: MUG, name: {de: Becher, en: Mug, ar: كوب}, price: "5.00"}
"""
LANGUAGES = ("de", "en", "ar")


@pytest.fixture(scope="module", params=["spotlight", "plain"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the build."""
    return build(tmp_path_factory.mktemp("project"), theme=request.param)


def build(root: Path, products: str = PRODUCTS, **fields: str) -> Path:
    """A sale in German, English and Arabic, unless `fields` say otherwise."""
    path = write_sale(root, products, **{"locales": "[de, en, ar]", "title": TITLE, **fields})
    (path.parent / "lamp.png").write_bytes(png(40, 30))
    build_sale(path, root, root / "build", 1)
    return root / "build"


def page(built: Path, name: str = "") -> str:
    """A page's HTML."""
    return (built / "night" / name / "index.html").read_text(encoding="utf-8")


class Links(HTMLParser):
    """Everything that a page loads or leads to, and its alternates by language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.alternates: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("rel") == "alternate":
            self.alternates[values["hreflang"]] = values["href"]
        sources = [part.split()[0] for part in values.get("srcset", "").split(", ") if part]
        self.links += [*sources, *(values[name] for name in ("href", "src") if values.get(name))]


def pages(built: Path) -> Iterator[tuple[str, str]]:
    """The URL path of each page, and its HTML."""
    for path in sorted((built / "night").rglob("index.html")):
        yield f"/{path.parent.relative_to(built).as_posix()}/", path.read_text(encoding="utf-8")


def test_each_language_has_a_folder_of_pages(built: Path) -> None:
    """With one slug for all; the root and its `ended/` choose."""
    own = {f"{tag}/{page}" for tag in LANGUAGES for page in ("", "ended/", "waiting/", "lampe/", "becher/")}
    assert {f"/night/{page}" for page in own | {"", "ended/", "waiting/"}} == {url for url, _ in pages(built)}
    assert '<html lang="ar" dir="rtl"' in page(built, "ar/lampe")
    assert ("Lampe", "Lamp", "مصباح") == tuple(
        re.findall("<h1>(.*?)</h1>", page(built, f"{tag}/lampe"))[0] for tag in LANGUAGES
    )


def test_every_link_of_every_page_leads_somewhere(built: Path) -> None:
    """From wherever the page is."""
    files = {f"/{name}" for name in tree(built)}
    for url, html in pages(built):
        for link in Links(html).links:
            if not link.startswith("#"):
                path = urlsplit(urljoin(url, link)).path
                assert (f"{path}index.html" if path.endswith("/") else path) in files, (url, link)


def test_one_pointer_opens_all_pages(built: Path) -> None:
    """Its name is baked in, relative to each page; and order URLs say the language."""
    for url, html in pages(built):
        if found := re.search(r'id="flashgen">(.*?)</script>', html):
            config = json.loads(found[1])
            assert "/night/unlock.abcdefgh23.js" == urljoin(url, config["pointer"])
            assert f"&lang={url.split('/')[2]}" == config["query"]
        else:
            assert url in ("/night/", "/night/ended/", "/night/waiting/")


def test_alternates_are_the_same_page(built: Path) -> None:
    """Each page names itself too; `x-default` is the choice, or the page in the first locale."""

    def alternates(url: str) -> dict[str, str]:
        html = (built / url.strip("/") / "index.html").read_text(encoding="utf-8")
        return {tag: urljoin(url, link) for tag, link in Links(html).alternates.items()}

    for tag in LANGUAGES:
        for name, choice in (("", "/night/"), ("lampe/", "/night/de/lampe/"), ("ended/", "/night/ended/")):
            expected = {one: f"/night/{one}/{name}" for one in LANGUAGES} | {"x-default": choice}
            assert expected == alternates(f"/night/{tag}/{name}")
    assert {one: f"/night/{one}/" for one in LANGUAGES} | {"x-default": "/night/"} == alternates("/night/")


def test_the_choice_needs_no_script(built: Path) -> None:
    """Links in their own languages and directions, with nothing inline."""
    html = page(built)
    assert '<li lang="ar" dir="rtl"><a href="ar/" hreflang="ar"><b>العربية</b> <span>ليلة</span></a></li>' in html
    assert '<li lang="de" dir="ltr"><a href="de/" hreflang="de"><b>Deutsch</b> <span>Nacht</span></a></li>' in html
    assert ["Nacht"] == re.findall("<h1>(.*?)</h1>", html)
    assert 'href="../ar/ended/"' in page(built, "ended")
    assert ["languages"] == re.findall(r'<script type="module" src="assets/(\w+)\.', html)
    assert [] == re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", html)


def test_languages_share_assets(built: Path) -> None:
    """One of each, in the sale's folder."""
    assets = [path for path in built.rglob("assets") if path.is_dir()]
    assert [built / "night" / "assets"] == assets


def test_the_gate_has_forms_and_items_of_each_language(built: Path) -> None:
    """The default ones are those of the first locale."""
    found = settings(built)
    assert {*LANGUAGES} == {*found.languages}
    assert TranslatedText("مصباح", "\u200f19.90\xa0€", "ar/lampe/", "ar", "rtl") == found.languages["ar"].items["LAMP"]
    assert (found.forms, "Lampe", "de/lampe/") == (
        found.languages["de"].forms, found.items["LAMP"].name, found.items["LAMP"].page
    )  # fmt: skip
    for tag, language in found.languages.items():
        html = (built / language.forms[forms.FORM]).read_text(encoding="utf-8")
        assert f'<html lang="{tag}"' in html
        site = forms.mark("site")
        seen = f"?seen={forms.mark('lease')}"
        assert {f"{site}assets/", f"{site}{tag}/", f"{site}{forms.mark('page')}", seen} == {
            re.sub(r"assets/.*", "assets/", link) for link in Links(html).links if not link.startswith("#")
        }


def settings(built: Path) -> GateSettings:
    """What gate.json says."""
    key = settings_key("night")
    return parse((built / key).read_bytes(), key)


def test_languages_are_read_as_they_were_written(built: Path) -> None:
    """As texts alone: price, stock and image are the item's in all of them."""
    english = settings(built).languages["en"]
    assert isinstance(english, GateLanguage)
    assert TranslatedText("Lamp", "€19.90", "en/lampe/", "en", "ltr") == english.items["LAMP"]


def test_a_list_of_one_locale_is_one_locale(tmp_path: Path) -> None:
    """Byte by byte: its pages have no folder, no script and no css for languages, and its gate.json no `languages`."""
    one = build(tmp_path / "one", locales="[de]")
    other = build(tmp_path / "other", locales="", locale="de")
    same = [{name: body for name, body in tree(built).items() if "/site." not in name} for built in (one, other)]
    assert same[0] == same[1]
    assert not any("languages" in name or b"languages" in body for name, body in same[0].items())
    assert not any(b"alternate" in body for body in same[0].values())


def test_the_gate_marks_a_name_that_is_shown_in_the_first_language(tmp_path: Path) -> None:
    """With that language and its direction, in the form and in the order; other names are in the page's own."""
    products = PRODUCTS.replace(", ar: كوب", "")
    folder = build(tmp_path, products)
    arabic = settings(folder).languages["ar"]
    shown = {}
    for name in (forms.FORM, forms.ORDER):
        form = Form.parse((folder / arabic.forms[name]).read_text(encoding="utf-8"))
        for sku, text in arabic.items.items():
            values = dict.fromkeys(forms.FIELDS, "") | asdict(text)
            (heading,) = re.findall("<h2.*?</h2>", form.fill(values).decode())
            shown[name, sku] = re.sub("</?a[^>]*>", "", heading)
    lamp, mug = '<h2 lang="ar" dir="rtl">مصباح</h2>', '<h2 lang="de" dir="ltr">Becher</h2>'
    assert {
        **{(forms.FORM, "LAMP"): lamp, (forms.FORM, "MUG"): mug},
        **{(forms.ORDER, "LAMP"): lamp, (forms.ORDER, "MUG"): mug},
    } == shown


def test_the_first_language_has_every_name(built: Path) -> None:
    """So its forms ask for no language of a name."""
    found = settings(built)
    fields = {
        tag: {*Form.parse((built / language.forms[forms.FORM]).read_text(encoding="utf-8")).fields}
        for tag, language in found.languages.items()
    }
    asked = {"name_lang", "name_dir"}
    assert {"de": set(), "en": asked, "ar": asked} == {tag: own & asked for tag, own in fields.items()}
