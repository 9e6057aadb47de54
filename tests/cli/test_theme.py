"""`flashgen theme`: a theme of one's own builds at once, and begins from what there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from support.command import Flashgen
from support.projects import tree, write_sale, write_theme

from flashgen import __version__
from flashgen.page.theme import own_theme_names


def test_list_names_each_theme_with_its_parent_and_its_character(flashgen: Flashgen, project: Path) -> None:
    """Those of flashgen and the project's own; in text and in JSON."""
    write_theme(project, "mine", {"theme.yaml": "extends: spotlight\ndescription: Ours\n"})
    rows = {row["name"]: row for row in flashgen("--json", "theme", "list").result["themes"]}
    assert {"catalogue", "mine", "plain", "spotlight"} == set(rows)
    assert {"name": "mine", "from": "themes/mine", "extends": "spotlight", "description": "Ours"} == rows["mine"]
    assert ("flashgen", None) == (rows["plain"]["from"], rows["plain"]["extends"])
    assert all(row["description"] for row in rows.values())
    listed = flashgen("theme", "list")
    assert "mine       themes/mine, extends spotlight\n           Ours\n" in listed.out
    assert "next: flashgen theme new mine" in listed.err


@pytest.mark.parametrize("parent", ["spotlight", "plain", "catalogue"])
def test_a_new_theme_builds_at_once_and_is_seen(flashgen: Flashgen, project: Path, parent: str) -> None:
    """Its css is in every page, the gate's too, after the parent's; with a brand, too. `check` has no more to say."""
    sale = write_sale(project, theme=parent)
    sale.write_text(sale.read_text(encoding="utf-8") + "brand: {note: Free shipping}\n", encoding="utf-8")
    before = [line for line in flashgen("check").err.splitlines() if line.startswith("warning")]
    made = flashgen("theme", "new", "evergreen", "--extends", parent)
    assert (0, "next: flashgen serve") == (made.exit_code, made.err.splitlines()[-1])
    assert {"README.md", "assets/evergreen.css", "base.html", "theme.yaml"} == set(tree(project / "themes/evergreen"))
    sale.write_text(sale.read_text(encoding="utf-8").replace(f"theme: {parent}", "theme: evergreen"), encoding="utf-8")
    checked = flashgen("check")
    assert 0 == checked.exit_code, checked.err
    assert before == [line for line in checked.err.splitlines() if line.startswith("warning")]
    assert 0 == flashgen("build").exit_code
    # The host's own pages, which no theme renders, lie above the sale's folder.
    pages = [body.decode() for key, body in tree(project / "build").items() if key.endswith(".html") and "/" in key]
    assert len(pages) > 8
    for page in pages:
        sheets = [line for line in page.splitlines() if 'rel="stylesheet"' in line]
        assert sum("/evergreen." in line for line in sheets) == 1
        assert "/evergreen." not in sheets[0]
        assert ['<footer class="foot">\n<p>Night'] == re.findall("<footer[^>]*>\n<p>Night", page)
        assert 1 == page.count("<footer")


def test_a_name_is_not_taken_twice(flashgen: Flashgen, project: Path) -> None:
    """Nor that of a theme of flashgen; nothing is written then."""
    assert 0 == flashgen("theme", "new", "mine").exit_code
    before = tree(project / "themes")
    for name in ("mine", "spotlight"):
        refused = flashgen("theme", "new", name)
        assert (1, f"error: there is a theme `{name}`") == (refused.exit_code, refused.err.splitlines()[0])
    unknown = flashgen("theme", "new", "other", "--extends", "spotligt")
    assert "error: no theme `spotligt`" in unknown.err
    assert "did you mean `spotlight`?" in unknown.err
    assert 2 == flashgen("theme", "new", "No Name").exit_code
    assert before == tree(project / "themes")


def test_an_ejected_template_changes_nothing_until_it_is_edited(flashgen: Flashgen, project: Path) -> None:
    """It is the nearest parent's, with a comment from which version; then the edit is seen."""
    flashgen("theme", "new", "mine")
    write_sale(project, theme="mine")
    flashgen("build")
    before = tree(project / "build/night")
    copied = flashgen("theme", "eject", "product.html")
    assert (0, "wrote themes/mine/product.html\n") == (copied.exit_code, copied.out)
    path = project / "themes/mine/product.html"
    assert f"{{# From theme spotlight of flashgen {__version__};" in path.read_text(encoding="utf-8")
    flashgen("build")
    assert before == tree(project / "build/night")
    path.write_text(path.read_text(encoding="utf-8").replace("<article", "<p>Ours</p><article"), encoding="utf-8")
    flashgen("build")
    assert b"<p>Ours</p>" in (project / "build/night/lamp/index.html").read_bytes()


@pytest.mark.parametrize(
    "name",
    ["gate/form.html", "page.js", "assets/spotlight.css", "icon.svg", "favicon.ico", "messages/de.yaml", "base.html"],
)
def test_every_kind_of_file_can_be_ejected(flashgen: Flashgen, project: Path, name: str) -> None:
    """The built pages stay the same, but for names of assets whose bytes have a comment that is kept."""
    flashgen("theme", "new", "mine")
    (project / "themes/mine/base.html").unlink()
    write_sale(project, theme="mine", locale="de")
    flashgen("build")
    before = tree(project / "build/night")
    copied = flashgen("--json", "theme", "eject", name).result
    assert copied["file"].endswith(name)
    assert 0 == flashgen("build").exit_code
    if name != "icon.svg":
        assert before == tree(project / "build/night")


def test_eject_writes_over_a_changed_file_only_when_told(
    flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal it needs --yes; on one it asks. A file that is the same is left alone."""
    flashgen("theme", "new", "mine")
    flashgen("theme", "eject", "product.html")
    path = project / "themes/mine/product.html"
    original = path.read_bytes()
    assert "is that file already" in flashgen("theme", "eject", "product.html").out
    path.write_bytes(b"mine")
    refused = flashgen("theme", "eject", "product.html")
    assert 2 == refused.exit_code
    assert "this writes over a file of yours: without a terminal it needs --yes" in refused.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []

    def no(question: str, **_: object) -> bool:
        asked.append(question)
        raise click.Abort

    monkeypatch.setattr(click, "confirm", no)
    assert 0 != flashgen("theme", "eject", "product.html").exit_code
    assert ["themes/mine/product.html is there, and differs: write over it?"] == asked
    assert b"mine" == path.read_bytes()
    assert 0 == flashgen("theme", "eject", "product.html", "--yes").exit_code
    assert original == path.read_bytes()


def test_eject_says_what_it_lacks(flashgen: Flashgen, project: Path) -> None:
    """A theme, which theme, or which file."""
    assert "flashgen theme new mine" in flashgen("theme", "eject", "product.html").err
    for name in ("mine", "ours"):
        flashgen("theme", "new", name)
    assert ("mine", "ours") == own_theme_names(project / "themes")
    assert "say which: --theme mine" in flashgen("theme", "eject", "product.html").err
    assert "did you mean `ours`?" in flashgen("theme", "eject", "product.html", "--theme", "our").err
    wrong = flashgen("theme", "eject", "prodct.html", "--theme", "ours")
    assert "no parent of theme `ours` has a file `prodct.html`" in wrong.err
    assert "did you mean `product.html`?" in wrong.err
    for outside in ("../../../secret.html", "theme.yaml", "/etc/hostname"):
        assert 1 == flashgen("theme", "eject", outside, "--theme", "ours").exit_code
