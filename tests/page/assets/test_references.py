"""The files that css and js name: which words name one, and which only look like it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flashgen.document.source import Source
from flashgen.errors import InvalidInput, Problem
from flashgen.page.assets import Asset, make_assets
from flashgen.page.assets.references import Reference, rewritten_script, rewritten_stylesheet

SECONDS_FOR_A_LIBRARY = 5


def found(text: str, file: str) -> list[str]:
    """The URLs in a text, as they are written."""
    urls: list[str] = []

    def note(reference: Reference) -> str:
        urls.append(reference.url)
        return "new"

    rewrite = rewritten_stylesheet if file.endswith(".css") else rewritten_script
    rewrite(Source(Path(file), text), note)
    return urls


def made(folder: Path, files: dict[str, str]) -> dict[str, Asset]:
    """The assets of these files."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return make_assets({name: folder / name for name in files})


def problems_of(folder: Path, files: dict[str, str]) -> tuple[Problem, ...]:
    """What is wrong with these files."""
    with pytest.raises(InvalidInput) as invalid:
        made(folder, files)
    return invalid.value.problems


@pytest.mark.parametrize(
    ("css", "urls"),
    [
        ('@import "a.css";', ["a.css"]),
        ("@import url(a.css) layer(x) screen;", ["a.css"]),
        ("@import/**/'a.css' supports(display: grid);", ["a.css"]),
        ('a{b:image-set("x.png" 1x, "y.png" type("image/png") 2x)}', ["x.png", "y.png"]),
        ("a{b:-webkit-image-set(url(x.png) 1x)}", ["x.png"]),
        ("@media print{a{b:url('x.png')}}", ["x.png"]),
        ("a{--b:url(x.png)}", ["x.png"]),
        ('@font-face{src:url("f.woff2?v=4.7") format("woff2")}', ["f.woff2?v=4.7"]),
        (r"a{b:url(x\.png)}", ["x.png"]),
        ("/* url(x.png) */ a{content:'url(x.png)'}", []),
        ("@charset 'utf-8'; @namespace svg url(http://www.w3.org/2000/svg); a{b:c}", []),
        ("@namespace 'http://www.w3.org/1999/xhtml'; a{b:url(x.png)}", ["x.png"]),
        ("a{b:url()} c{d:url('')} e{f:url(#g)} h{i:url(data:image/png;base64,AA==)}", []),
    ],
)
def test_what_names_a_file_in_css(css: str, urls: list[str]) -> None:
    """By the tokens of css, not by how it looks."""
    assert urls == found(css, "a.css")


@pytest.mark.parametrize(
    ("js", "urls"),
    [
        ('import "./a.js";', ["./a.js"]),
        ("import{a}from'./a.js';import*as b from'./b.js'", ["./a.js", "./b.js"]),
        ('import a, { b as c } from "./a.js"', ["./a.js"]),
        ('import {\n  a, // one\n} from "./a.js";'.replace(" // one", ""), ["./a.js"]),
        ('import /* why */ "./a.js"', ["./a.js"]),
        (
            'export * from "./a.js"; export { b } from "./b.js"; export * as c from "./c.js"',
            ["./a.js", "./b.js", "./c.js"],
        ),
        ('const a = await import("./a.js")', ["./a.js"]),
        ("import(/* late */ './a.js').then(b)", ["./a.js"]),
        ('new Worker(new URL("a.js", import.meta.url))', ["a.js"]),
        ('// import "./a.js"\n/* import "./b.js" */', []),
        ('const a = \'import "./a.js"\', b = `import "./b.js"`', []),
        ('const a = /import "b"/; const c = {import: "./d.js"}; e.import(\'./f.js\')', []),
        ("export const a = 'b'; export default 'c'; import(d); import.meta.url; imports('./e.js')", []),
        ('new URL("a.js", location.href)', []),
    ],
)
def test_what_names_a_file_in_js(js: str, urls: list[str]) -> None:
    """Code does; comments, strings and regular expressions do not."""
    assert urls == found(js, "a.js")


def test_files_point_at_one_another_by_their_final_names(tmp_path: Path) -> None:
    """Through several files; a query or fragment stays."""
    files = {
        "a.css": '@import "./b.css"; i{b:url(f.woff2?v=4.7)} u{b:url("f.woff2?#iefix")}',
        "b.css": 'b{c:image-set("x%20y.png" 1x)}',
        "x y.png": "x",
        "f.woff2": "f",
        "m.js": 'import { u } from "./u.js"; u();',
        "u.js": "export function u() {}",
    }
    assets = made(tmp_path, files)
    name = {plain: asset.name for plain, asset in assets.items()}
    font = name["f.woff2"]
    assert (
        f'@import "{name["b.css"]}";i{{b:url("{font}?v=4.7")}}u{{b:url("{font}?#iefix")}}'
        == assets["a.css"].body.decode()
    )
    assert f'b{{c:image-set("{name["x y.png"]}" 1x)}}' == assets["b.css"].body.decode()
    assert f'import{{u}}from"./{name["u.js"]}";u();' == assets["m.js"].body.decode()
    assert {"a.css", "b.css", "x y.png", "f.woff2"} == {
        plain for plain in name if assets[plain] in assets["a.css"].with_needs()
    }


def test_a_change_changes_every_name_that_leads_to_it(tmp_path: Path) -> None:
    """Or a cache would keep the old one for a year."""
    files = {"a.css": "@import 'b.css'", "b.css": "@import 'c.css'", "c.css": "a{b:c}"}
    before, after = made(tmp_path, files), made(tmp_path, {**files, "c.css": "a{b:d}"})
    assert all(before[name].name != after[name].name for name in files)


@pytest.mark.parametrize(
    ("name", "text", "place", "message"),
    [
        ("a.css", 'a{}\n@import "no.css";', (2, 9), "`no.css` names no file in assets/"),
        ("a.css", 'a{\nb:image-set("no.png" 1x)}', (2, 13), "`no.png` names no file in assets/"),
        ("a.css", "a{b:url(f/x.png)}", (1, 5), "`f/x.png` names no file in assets/"),
        ("a.js", "a();\nimport './no.js'", (2, 8), "`./no.js` names no file in assets/"),
        ("a.js", "import 'x.js'", (1, 8), "`x.js` must begin with `./`, or browsers do not find it"),
        ("a.css", "a{b:url(//cdn.example/x.png)}", (1, 5), "`//cdn.example/x.png` is on another server"),
        ("a.css", "@import 'a.css'", (1, 9), "`a.css` leads back here: a.css → a.css"),
    ],
)
def test_a_reference_that_leads_nowhere_has_a_place(
    tmp_path: Path, name: str, text: str, place: tuple[int, int], message: str
) -> None:
    """Line and column of the name, the line itself, and a fix."""
    (problem,) = problems_of(tmp_path, {name: text, "x.js": ""})
    assert problem.message.startswith(message)
    assert (tmp_path / name, *place) == (problem.where.file, problem.where.line, problem.where.column)
    assert problem.quote == text.splitlines()[place[0] - 1]
    assert problem.hint


def test_all_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    """Not one a build."""
    problems = problems_of(tmp_path, {"a.css": "a{b:url(1.png);c:url(2.png)}", "b.js": "import './3.js'"})
    assert ["1.png", "2.png", "./3.js"] == [problem.message.split("`")[1] for problem in problems]


def test_a_circle_is_refused(tmp_path: Path) -> None:
    """No file could be named by its content."""
    files = {"a.js": 'import "./b.js"', "b.js": 'import "./c.js"', "c.js": 'import "./b.js"'}
    (problem,) = problems_of(tmp_path, files)
    assert "`./b.js` leads back here: b.js → c.js → b.js" == problem.message


def test_a_script_keeps_bytes_that_are_not_text(tmp_path: Path) -> None:
    """A library is published as it is."""
    (tmp_path / "a.js").write_bytes(b"a='\xff\x01';")
    assert b"a='\xff\x01';" == make_assets({"a.js": tmp_path / "a.js"})["a.js"].body


@pytest.mark.parametrize("part", ["import a,b,", "import /**/ /**/ ", "/*", "new URL(", "`${", "a=/["])
def test_odd_scripts_take_no_time(part: str) -> None:
    """No text makes the search try every way to read it."""
    begun = time.monotonic()
    found(part * (20_000 // len(part)), "a.js")
    assert time.monotonic() - begun < SECONDS_FOR_A_LIBRARY


@pytest.mark.parametrize("part", ["import ", "import{a} /*b*/", "/*", "import/*", '\\"', "`\\`", "=/[", "=/[\\"])
def test_a_long_script_is_read_in_one_pass(part: str) -> None:
    """A million characters. If each part made the reader look at all that follow, this would take hours."""
    text = part * (1_000_000 // len(part))
    assert text == rewritten_script(Source(Path("a.js"), text), lambda reference: "b.js")


def test_what_is_imported_may_have_the_name_of_a_keyword() -> None:
    """And a comment between, however long."""
    text = "import { import as a, b } /* " + "c " * 5_000 + '*/ from "./a.js"'
    assert text.replace("./a.js", "./b.js") == rewritten_script(Source(Path("a.js"), text), lambda reference: "b.js")
