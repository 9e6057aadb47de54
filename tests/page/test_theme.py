"""A theme holds only what it changes; its mistakes have a file, a line and a fix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.projects import tree, write_sale, write_theme

from flashgen.document.parse import read_document
from flashgen.errors import InvalidInput, Problem
from flashgen.packaged_files import packaged
from flashgen.page.build import build_sale
from flashgen.page.theme import find_theme, theme_names

LANGUAGES = sorted(path.stem for path in (packaged("themes") / "plain" / "messages").glob("*.yaml"))
QUOTED = """ '<script>alert("1")</script>''&' """


def built(root: Path, files: Mapping[str, str | bytes], *, name: str = "mine", **fields: str) -> dict[str, str]:
    """The pages of a sale with this theme, by their path in the sale's folder."""
    write_theme(root, name, files)
    build_sale(write_sale(root, theme=name, **fields), root, root / "build", 1)
    return {key: body.decode() for key, body in tree(root / "build" / "night").items() if key.endswith(".html")}


def problem_of(root: Path, files: Mapping[str, str | bytes]) -> Problem:
    """The only problem of a build with this theme."""
    with pytest.raises(InvalidInput) as invalid:
        built(root, files)
    (problem,) = invalid.value.problems
    return problem


def test_a_theme_of_one_template_is_a_theme(tmp_path: Path) -> None:
    """Everything else is plain's."""
    pages = built(tmp_path, {"product.html": "<b>{{ product.name }}</b>"})
    assert pages["lamp/index.html"] == "<b>Lamp</b>"
    plain = tmp_path / "plain"
    build_sale(write_sale(plain, theme="plain"), plain, plain / "build", 1)
    assert pages["index.html"] == (plain / "build" / "night" / "index.html").read_text()


def test_a_theme_extends_the_one_it_names(tmp_path: Path) -> None:
    """And through it plain."""
    write_theme(tmp_path, "parent", {"product.html": "parent", "ended.html": "parent"})
    pages = built(tmp_path, {"theme.yaml": "extends: parent\n", "ended.html": "own"})
    assert ("parent", "own") == (pages["lamp/index.html"], pages["ended/index.html"])
    assert "Lamp" in pages["index.html"]
    folders = [folder.name for folder in find_theme("mine", tmp_path / "themes").folders]
    assert ["mine", "parent", "plain"] == folders


def test_a_template_can_fill_the_blocks_of_plain_s_base(tmp_path: Path) -> None:
    """`plain/base.html` is plain's own, even where the theme has a base.html."""
    files = {"base.html": '{% extends "plain/base.html" %}{% block header %}<p>ours</p>{% endblock %}'}
    pages = built(tmp_path, files)
    assert "<p>ours</p>" in pages["lamp/index.html"]
    assert "<h1>Lamp</h1>" in pages["lamp/index.html"]


def test_a_block_that_no_parent_has_is_a_mistake_with_a_suggestion(tmp_path: Path) -> None:
    """Jinja would leave it out without a word. A block inside of one that is known is new, and fine."""
    start = '{% extends "plain/product.html" %}\n'
    inner = "{% block after_specs %}{% block ours %}<p>ours</p>{% endblock %}{% endblock %}\n"
    assert "<p>ours</p>" in built(tmp_path / "fine", {"product.html": start + inner})["lamp/index.html"]
    problem = problem_of(tmp_path, {"product.html": start + "{% block after_spec %}x{% endblock %}\n"})
    assert (tmp_path / "themes/mine/product.html", 2) == (problem.where.file, problem.where.line)
    assert problem.message.startswith("no block `after_spec` in plain/product.html and what it extends")
    assert "did you mean `after_specs`?" == problem.hint


def test_a_project_s_own_plain_extends_the_packaged_one(tmp_path: Path) -> None:
    """`plain/base.html` is then the packaged one, not itself."""
    base = '{% extends "plain/base.html" %}{% block header %}<p>ours</p>{% endblock %}'
    assert "<p>ours</p>" in built(tmp_path, {"base.html": base}, name="plain")["lamp/index.html"]


def test_an_asset_of_the_same_name_replaces_plain_s(tmp_path: Path) -> None:
    """Assets that no page uses are left out; hidden files are ignored."""
    files = {
        "assets/plain.css": "a{color:red}",
        "assets/more.txt": "x",
        "assets/.DS_Store": "x",
    }
    built(tmp_path, files)
    assets = {path.name.split(".")[0]: path for path in (tmp_path / "build/night/assets").glob("*")}
    icons = {"icon", "favicon", "apple-touch-icon", "icon-192", "icon-512", "icon-maskable"}
    assert {*icons, "manifest", "page", "visitor", "plain", "gate", "waiting", "host"} == set(assets)
    assert assets["plain"].read_text() == "a{color:red}"


def test_a_message_replaces_plain_s_one_by_one(tmp_path: Path) -> None:
    """In its language: the theme's German, else plain's German, else English."""
    files = {
        "messages/de.yaml": "back: Heim\nours: Unser\n",
        "messages/en.yaml": "ours: Our\nonly: Only\n",
        "ended.html": "{{ t.back }}|{{ t.ended }}|{{ t.ours }}|{{ t.only }}",
    }
    expected = 'Heim|Der Verkauf ist beendet.|Unser|<span lang="en">Only</span>'
    assert expected == built(tmp_path, files, locale="de-AT")["ended/index.html"]


@pytest.mark.parametrize(
    "language", sorted(path.stem for path in (packaged("themes") / "plain/messages").glob("*.yaml"))
)
@pytest.mark.parametrize("name", ["plain", "catalogue"])
def test_packaged_themes_have_every_text_in_each_language(name: str, language: str) -> None:
    """The same keys, no empty text, and English only where the word is the same."""
    theme = find_theme(name, Path("none"))
    english, texts = vars(theme.messages("en")), vars(theme.messages(language))
    assert english.keys() == texts.keys()
    assert all(texts.values())
    if language != "en":
        assert sum(texts[key] == english[key] for key in texts) < 4


@pytest.mark.parametrize(
    ("template", "line", "message"),
    [
        ("{{ product.nme }}", 2, "template error: there is no `nme`; did you mean `name`?"),
        ("{{ prodct.name }}", 2, "template error: there is no `prodct`"),
        ("{{ t.bak }}", 2, "template error: there is no `bak`; did you mean `back`?"),
        ("{% if %}", 2, "template error: Expected an expression, got 'end of statement block'"),
        ("{{ 1 // 0 }}", 2, "template error: integer division or modulo by zero"),
        ("{{ product.name.encode('x') }}", 2, "template error: unknown encoding: x"),
        (
            '{{ asset("no.css") }}',
            2,
            "template error: no asset `no.css`; the theme has apple-touch-icon.png, contact.css, favicon.ico,",
        ),
        ('{% include "no.html" %}', 2, "theme `mine` needs a template `no.html`, and there is none"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 2, "template error: maximum recursion depth exceeded"),
    ],
)
def test_a_template_s_mistake_has_file_line_and_the_line_itself(
    tmp_path: Path, template: str, line: int, message: str
) -> None:
    """Not the line of flashgen that raised it."""
    problem = problem_of(tmp_path, {"product.html": f"<p>one</p>\n{template}\n<p>three</p>\n"})
    assert problem.message.startswith(message)
    assert (tmp_path / "themes/mine/product.html", line) == (problem.where.file, problem.where.line)
    assert template == problem.quote


def test_a_mistake_in_an_included_template_has_its_file(tmp_path: Path) -> None:
    """Not where it was included."""
    problem = problem_of(tmp_path, {"price.html": "{% macro price(product, t) %}\n\n{{ nothing }}{% endmacro %}"})
    assert (tmp_path / "themes/mine/price.html", 3) == (problem.where.file, problem.where.line)


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    """With its file."""
    problem = problem_of(tmp_path, {"product.html": "é".encode("latin-1")})
    assert problem.where.file == tmp_path / "themes/mine/product.html"
    assert "utf-8" in problem.message


@pytest.mark.parametrize(
    ("files", "place", "message", "hint"),
    [
        (
            {"theme.yaml": "title: Mine\nextends: plian\n"},
            "theme.yaml:2:10",
            "`extends` must be one of catalogue, mine, plain, spotlight, found plian",
            "did you mean `plain`?",
        ),
        ({"theme.yaml": "extends: mine\n"}, "theme.yaml:1:10", "theme mine extends itself", "name another theme"),
        ({"theme.yaml": "extend: plain\n"}, "theme.yaml:1:1", "unknown key `extend`", "did you mean `extends`?"),
        (
            {"theme.yaml": "products_per_page: 0\n"},
            "theme.yaml:1:20",
            "`products_per_page` must be a whole number from 1 to 9999, found 0",
            "24 fits 2, 3, 4 and 6 columns",
        ),
        ({"messages/en.yaml": "back: [a]\n"}, "messages/en.yaml:1:7", "`back` must be a name with one text", ""),
    ],
)
def test_a_theme_s_files_have_positions_too(
    tmp_path: Path, files: Mapping[str, str | bytes], place: str, message: str, hint: str
) -> None:
    """theme.yaml and messages are read by the same rules as a sale."""
    problem = problem_of(tmp_path, files)
    assert f"{tmp_path / 'themes/mine'}/{place}" == str(problem.where)
    assert (message, hint) == (problem.message, problem.hint)


def test_themes_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    """For a circle of any length."""
    write_theme(tmp_path, "other", {"theme.yaml": "extends: mine\n"})
    problem = problem_of(tmp_path, {"theme.yaml": "extends: other\n"})
    assert (tmp_path / "themes/other/theme.yaml", "theme mine extends itself") == (problem.where.file, problem.message)


def test_an_unknown_theme_has_its_line_in_the_yaml(tmp_path: Path) -> None:
    """With the name that was probably meant."""
    path = write_sale(tmp_path, theme="plian")
    with pytest.raises(InvalidInput) as invalid:
        build_sale(path, tmp_path, tmp_path / "build", 1)
    (problem,) = invalid.value.problems
    assert ("  theme: plian", "did you mean `plain`?") == (problem.quote, problem.hint)
    assert path == problem.where.file


def test_project_and_packaged_themes_can_be_named(tmp_path: Path) -> None:
    """Only folders are themes."""
    write_theme(tmp_path, "mine", {"ended.html": ""})
    (tmp_path / "themes" / "README").write_text("not a theme")
    assert {"mine", "plain"} <= set(theme_names(tmp_path / "themes"))
    assert "README" not in theme_names(tmp_path / "themes")


def test_texts_of_a_sale_never_become_tags(tmp_path: Path) -> None:
    """On every page, in attributes and in the page's own data too."""
    keys = ("name", "summary", "description")
    product = f"  - {{sku: {QUOTED}, slug: a, price: '1.00', {', '.join(f'{key}: {QUOTED}' for key in keys)}}}\n"
    path = write_sale(tmp_path, f"products:\n{product}", title=QUOTED, description=QUOTED)
    build_sale(path, tmp_path, tmp_path / "build", 1)
    pages = {key: body.decode() for key, body in tree(tmp_path / "build/night").items() if key.endswith(".html")}
    assert {"a/index.html", "ended/index.html", "waiting/index.html", "index.html"} == set(pages)
    for html in pages.values():
        assert "<script>" not in html
        assert "&lt;script&gt;alert(" in html
        assert 'alert("1")' not in html


@pytest.mark.parametrize(
    ("locale", "files"),
    [
        ("zh-CN", ("zh",)),
        ("zh-HK", ("zh", "zh-Hant")),
        ("zh-Hant-TW", ("zh", "zh-Hant")),
        ("pt-PT", ("pt",)),
        ("no", ("nb",)),
        ("nn-NO", ("nb",)),
        ("sr-RS", ("sr",)),
        ("sr-ME", ("sr", "sr-Latn")),
    ],
)
def test_readers_of_one_script_read_the_same_texts(locale: str, files: tuple[str, ...]) -> None:
    """Hong Kong reads Taiwan's texts; a country without its own file reads those of its language."""
    plain = find_theme("plain", Path("nowhere"))
    expected: dict[str, object] = {}
    for name in files:
        expected |= read_document(packaged("themes") / "plain" / "messages" / f"{name}.yaml").data
    assert expected == vars(plain.messages(locale))
