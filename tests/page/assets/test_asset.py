"""A theme's files: named by their content, minified, with links to final names."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from support.projects import write_sale, write_theme

from flashgen.errors import InvalidInput, Problem
from flashgen.page.assets import Asset, fingerprinted, make_assets
from flashgen.page.build import build_sale


def made(root: Path, files: dict[str, str | bytes]) -> dict[str, Asset]:
    """The assets of these files by their plain names."""
    folder = write_theme(root, "mine", files)
    return make_assets({name: folder / name for name in files})


def problems_of(root: Path, files: dict[str, str | bytes]) -> tuple[Problem, ...]:
    """The problems of these files."""
    with pytest.raises(InvalidInput) as invalid:
        made(root, files)
    return invalid.value.problems


def test_a_name_holds_the_hash_of_what_is_served() -> None:
    """12 hex digits of the SHA-256, so that another content has another name."""
    assert f"a.{hashlib.sha256(b'x').hexdigest()[:12]}.txt" == fingerprinted("a.txt", b"x").name
    assert fingerprinted("a.txt", b"x").name != fingerprinted("a.txt", b"y").name


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Blue Shirt.JPG", "blue-shirt"),
        ("a#1?100%.png", "a-1-100"),
        ("長い.png", "file"),
        ("x" * 300 + ".png", "x" * 100),
    ],
)
def test_a_name_needs_no_quoting_in_a_url(name: str, stem: str) -> None:
    """And it is not too long for a file system."""
    asset = fingerprinted(name, b"x")
    assert stem == asset.name.partition(".")[0]
    assert re.fullmatch(r"[a-z0-9-]+\.[0-9a-f]{12}\.[a-z0-9]+", asset.name)


def test_css_and_js_are_minified(tmp_path: Path) -> None:
    """Comments and white space cost a shopper time."""
    assets = made(tmp_path, {"a.css": "/* why */ a  {\n color : red;\n}\n", "a.js": "// why\nlet  a  =  1;\n\n"})
    assert b"a{color:red}" == assets["a.css"].body
    assert b"let a=1;" == assets["a.js"].body


def test_other_files_stay_as_they_are(tmp_path: Path) -> None:
    """Byte by byte."""
    assert b"\x00\xff  \n" == made(tmp_path, {"a.woff2": b"\x00\xff  \n"})["a.woff2"].body


@pytest.mark.parametrize("form", ["url(bg.png)", "url( 'bg.png' )", 'url("bg.png")'])
def test_a_stylesheet_names_final_names(tmp_path: Path, form: str) -> None:
    """In any spelling. If a named file changes, the stylesheet's own name changes too."""
    first = made(tmp_path, {"a.css": f"a{{background:{form}}}", "bg.png": b"1"})
    assert f'a{{background:url("{first["bg.png"].name}")}}'.encode() == first["a.css"].body
    second = made(tmp_path, {"a.css": f"a{{background:{form}}}", "bg.png": b"2"})
    assert first["a.css"].name != second["a.css"].name


@pytest.mark.parametrize(
    "css",
    ["a{fill:url(#grad)}", "a{background:url(data:image/png;base64,AA==)}", 'a{b:url( "data:image/svg+xml,<a/>" )}'],
)
def test_data_and_fragment_urls_stay(tmp_path: Path, css: str) -> None:
    """They stay as they are."""
    assert css.replace("( ", "(").replace(" )", ")") == made(tmp_path, {"a.css": css})["a.css"].body.decode()


def test_a_url_of_a_missing_file_has_its_line_in_the_stylesheet(tmp_path: Path) -> None:
    """With its line."""
    (problem,) = problems_of(tmp_path, {"a.css": "a{}\nb{background:url(no.png)}\n"})
    assert (2, "`no.png` names no file in assets/") == (problem.where.line, problem.message)
    assert problem.where.file == tmp_path / "themes/mine/a.css"


def test_every_file_of_another_kind_is_reported(tmp_path: Path) -> None:
    """All at once, before anything is written."""
    problems = problems_of(tmp_path, {"a.md": "x", "b.css": "", "c": "x"})
    assert ["a.md", "c"] == [problem.where.file.name for problem in problems]
    assert all(problem.hint for problem in problems)


def test_a_stylesheet_that_is_not_utf_8_has_a_position(tmp_path: Path) -> None:
    """It is reported as a problem of the file, not as a bug of flashgen."""
    (problem,) = problems_of(tmp_path, {"a.css": "a{}\n/* é */".encode("latin-1")})
    assert (2, 4) == (problem.where.line, problem.where.column)


def test_a_stylesheet_brings_the_files_it_names(tmp_path: Path) -> None:
    """A page names only the stylesheet. Files that nothing names are left out."""
    theme = {
        "ended.html": "{{ asset('own.css') }}",
        "assets/own.css": "@import 'sky.css';",
        "assets/sky.css": "a { background: url(stars.svg) }",
        "assets/stars.svg": "<svg/>",
        "assets/unused.svg": "<svg></svg>",
    }
    path = write_sale(tmp_path, theme="mine")
    write_theme(tmp_path, "mine", theme)
    build_sale(path, tmp_path, tmp_path / "build", 1)
    names = {file.name.split(".")[0] for file in (tmp_path / "build" / "night" / "assets").iterdir()}
    assert {"own", "sky", "stars"} <= names
    assert "unused" not in names
