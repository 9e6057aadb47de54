"""Pages in a language that a theme does not speak: English parts say that they are English, and check says so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.projects import tree, write_sale, write_theme

from flashgen.errors import Problem
from flashgen.packaged_files import packaged
from flashgen.page.build import build_sale
from flashgen.page.check import check_sale
from flashgen.page.foreign_parts import with_lang
from flashgen.sale.load import load_sale
from flashgen.sale.translation import END, START, marked

NOW = datetime(2027, 11, 26, tzinfo=UTC)


def built(root: Path, locale: str, theme: str = "spotlight") -> dict[str, str]:
    """All pages of a sale in this language, those of the gate too."""
    build_sale(write_sale(root, locale=locale, theme=theme), root, root / "build", 1)
    return {key: body.decode() for key, body in tree(root / "build").items() if key.endswith(".html")}


def warnings_of(root: Path, locale: str, theme: str = "spotlight") -> tuple[Problem, ...]:
    """What check says about the language."""
    path = write_sale(root, locale=locale, theme=theme)
    warnings = check_sale(load_sale(path, root), root, 1, NOW)
    return tuple(warning for warning in warnings if warning.path == "sale.locale")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>{Back}</p>", '<p lang="en">Back</p>'),
        ('<button data-sku="A">{Buy}</button>', '<button data-sku="A" lang="en">Buy</button>'),
        ("<li><i>1</i> {days}</li>", '<li><i>1</i> <span lang="en">days</span></li>'),
        ("<p>{One}: <b>1</b></p>", '<p><span lang="en">One</span>: <b>1</b></p>'),
        ("<p>{One} {Two}</p>", '<p><span lang="en">One</span> <span lang="en">Two</span></p>'),
        ("<p><br>{One}</p>", '<p><br><span lang="en">One</span></p>'),
        ('<main data-label="{Buy}">x</main>', '<main data-label="Buy">x</main>'),
        ("<title>{Ended} – Fair</title>", "<title>Ended – Fair</title>"),
        ("<title>{Ended}</title>", "<title>Ended</title>"),
        ("<p>Own</p>", "<p>Own</p>"),
    ],
)
def test_marks_become_a_language(html: str, expected: str) -> None:
    """Of the element if it holds nothing else, so that a script may replace its text; never inside a tag."""
    page = re.sub(r"\{(\w*)\}?", lambda text: marked(text[1], "en"), html).encode()
    assert expected == with_lang(page, "ltr").decode()


def test_english_is_written_from_left_to_right() -> None:
    """In a page from right to left its full stop would be on the wrong side."""
    assert b'<p lang="en" dir="ltr">Back.</p>' == with_lang(f"<p>{marked('Back.', 'en')}</p>".encode(), "rtl")


def test_all_english_of_a_page_says_so(tmp_path: Path) -> None:
    """In the pages of the sale and of the gate; what is the sale's own does not."""
    pages = built(tmp_path, "sw")
    assert '<html lang="sw"' in pages["night/index.html"]
    assert re.search(r'<button [^>]*data-sku="LAMP"[^>]* lang="en">', pages["night/index.html"])
    assert "<h1>Lamp</h1>" in pages["night/lamp/index.html"]
    assert any('lang="en"' in text for key, text in pages.items() if key.startswith("_flashgen/"))
    assert not any(START in text or END in text for text in pages.values())


def test_a_language_with_texts_has_no_marks(tmp_path: Path) -> None:
    """Its pages have one language."""
    assert not any('lang="en"' in text for text in built(tmp_path, "de").values())


def test_a_text_of_the_theme_alone_may_be_english(tmp_path: Path) -> None:
    """Every other one is in the language of the sale."""
    files = {"messages/en.yaml": "ours: Ours\n", "ended.html": "<p>{{ t.ours }}</p><p>{{ t.back }}</p>"}
    write_theme(tmp_path, "mine", files)
    page = built(tmp_path, "de", "mine")["night/ended/index.html"]
    assert page.startswith('<p lang="en">Ours</p><p>')


def test_a_language_without_texts_is_a_warning_that_names_the_file(tmp_path: Path) -> None:
    """And writing that file is the fix."""
    (warning,) = warnings_of(tmp_path, "sw")
    file = tmp_path / "themes/plain/messages/sw.yaml"
    assert "theme `spotlight` has no texts in Swahili: they are shown in English" == warning.message
    assert warning.hint.startswith(f"write {file}, ")
    english = packaged("themes") / "plain/messages/en.yaml"
    write_theme(tmp_path, "plain", {"messages/sw.yaml": english.read_text()})
    assert () == warnings_of(tmp_path, "sw")
    assert not any('lang="en"' in text for text in built(tmp_path, "sw").values())


def test_a_theme_that_lacks_some_texts_is_a_warning(tmp_path: Path) -> None:
    """With their names."""
    write_theme(tmp_path, "mine", {"messages/en.yaml": "ours: Ours\nb: B\nc: C\nd: D\n", "messages/de.yaml": "b: Be\n"})
    (warning,) = warnings_of(tmp_path, "de-AT", "mine")
    assert "theme `mine` lacks 3 texts in German (Austria), shown in English: `ours`, `c`, `d`" == warning.message
    assert f"write them in {tmp_path / 'themes/mine/messages/de.yaml'}" == warning.hint


@pytest.mark.parametrize("locale", ["en", "en-GB", "de", "zh-Hant-TW", "nn", "sr-Latn"])
def test_a_language_with_texts_is_no_warning(tmp_path: Path, locale: str) -> None:
    """However its tag is written."""
    assert () == warnings_of(tmp_path, locale)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<p>{marked('Cut', 'en')[:-1]}</p>", "<p>Cut</p>"),
        (f'<p dir="auto">{marked("Hut", "de")}</p>', '<p dir="auto"><span lang="de">Hut</span></p>'),
        (f"<div>{marked('<p>A</p><p>B</p>', 'de')}</div>", '<div lang="de"><p>A</p><p>B</p></div>'),
        (f"<div>A{marked('<p>B</p>', 'de')}</div>", '<div>A<div lang="de"><p>B</p></div></div>'),
        (f"<p>{marked('مصباح', 'ar')}</p>", '<p lang="ar" dir="rtl">مصباح</p>'),
        (f'<img alt="{marked("Hut", "de")}">', '<img alt="Hut">'),
    ],
)
def test_marks_say_which_language(html: str, expected: str) -> None:
    """In its direction, and where an element has attributes of its own."""
    assert expected == with_lang(html.encode(), "ltr").decode()


def test_a_missing_text_is_in_the_language_that_it_is_shown_in(tmp_path: Path) -> None:
    """Title, name, summary, description and table; a name's first letter, and a text that is there, have none."""
    products = """\
products:
  - {sku: A, name: {ar: مصباح}, price: "1.00", summary: {ar: ضوء, en: Light}, description: {ar: "**نص**"},
     specs: {ar: {مادة: قطن & صوف}}}
  - {sku: B, name: {ar: كوب, en: Mug & co}, price: "1.00", summary: <b>, specs: {ar: {مادة: قطن}, en: {Fabric: linen}}}
"""
    path = write_sale(tmp_path, products, locales="[ar, en]", title="{ar: ليلة}", theme="spotlight")
    build_sale(path, tmp_path, tmp_path / "build", 1)
    pages = {key: body.decode() for key, body in tree(tmp_path / "build").items() if key.endswith(".html")}
    lamp = pages["night/en/a/index.html"]
    assert '<h1 lang="ar" dir="rtl">مصباح</h1>' in lamp
    assert '<p class="lead">Light</p>' in lamp
    assert '<div class="prose" lang="ar" dir="rtl"><p><strong>نص</strong></p>' in lamp
    assert '<meta name="description" content="Light">' in lamp
    assert '<tr><th scope="row" lang="ar" dir="rtl">مادة</th><td lang="ar" dir="rtl">قطن &amp; صوف</td></tr>' in lamp
    assert '<tr><th scope="row">Fabric</th><td>linen</td></tr>' in pages["night/en/b/index.html"]
    assert '<h1 lang="ar" dir="rtl">ليلة</h1>' in pages["night/en/index.html"]
    assert "<h1>Mug &amp; co</h1>" in pages["night/en/b/index.html"]
    assert '<p class="lead" lang="ar" dir="rtl">&lt;b&gt;</p>' in pages["night/en/b/index.html"]
    assert "<h1>مصباح</h1>" in pages["night/ar/a/index.html"]
    assert not re.search("[\ue000-\uf8ff]", "".join(text for key, text in pages.items() if key[0] != "_"))
