"""A build writes what changed and nothing else, and the same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.projects import png, tree, write_feed, write_sale, write_theme

from flashgen.errors import InvalidInput, Refused
from flashgen.page import site_files
from flashgen.page.build import Built, build_sale

PICTURED = 'products:\n  - {sku: LAMP, name: Lamp, price: "19.90", image: lamp.png}\n'


def build(root: Path, jobs: int = 1) -> Built:
    """Build the project's one sale into its `build/`."""
    return build_sale(root / "sale_configs" / "night.yaml", root, root / "build", jobs)


def changed_by(root: Path, change: Callable[[], object]) -> tuple[set[str], Built]:
    """The public files that one build after `change` writes, rewrites or deletes."""
    before = tree(root / "build" / "night")
    change()
    built = build(root)
    after = tree(root / "build" / "night")
    return {key for key in before | after if before.get(key) != after.get(key)}, built


class LoadedAgain(Exception):
    """A build loaded an unchanged sale again."""


def refuse_to_load(*_: object) -> None:
    """Replaces `load_sale`."""
    raise LoadedAgain


def test_a_second_build_writes_nothing(tmp_path: Path) -> None:
    """Not even the record: no file is touched."""
    write_sale(tmp_path)
    first = build(tmp_path)
    assert len(first.site.files) == first.written
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "build").rglob("*") if path.is_file()}
    assert build(tmp_path).written == 0
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_an_unchanged_sale_is_neither_loaded_nor_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digests of its inputs and of its files are the same."""
    write_sale(tmp_path)
    first = build(tmp_path)
    monkeypatch.setattr("flashgen.sale.load.load_sale", refuse_to_load)
    assert first.site == build(tmp_path).site


def test_a_changed_product_rewrites_only_its_page_and_the_sale_page(tmp_path: Path) -> None:
    """And gate.json. The other files keep their bytes, so push does not upload them."""
    path = write_sale(tmp_path)
    build(tmp_path)
    text = path.read_text().replace("name: Mug", "name: Large mug\n     , slug: mug")
    changed, built = changed_by(tmp_path, lambda: path.write_text(text))
    assert {"index.html", "mug/index.html"} == changed
    assert built.written == 3


def test_a_changed_description_rewrites_one_page(tmp_path: Path) -> None:
    """The sale page does not show it."""
    path = write_sale(tmp_path)
    build(tmp_path)
    changed, built = changed_by(tmp_path, lambda: path.write_text(path.read_text().replace("A *lamp*", "One *lamp*")))
    assert ({"lamp/index.html"}, 1) == (changed, built.written)


def test_a_removed_product_s_page_is_deleted(tmp_path: Path) -> None:
    """With its folder, so that no push uploads it again."""
    path = write_sale(tmp_path)
    build(tmp_path)
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if "MUG" not in line)
    changed, _ = changed_by(tmp_path, lambda: path.write_text(text))
    assert {"index.html", "mug/index.html", "ended/index.html"} == changed
    assert not (tmp_path / "build" / "night" / "mug").exists()


@pytest.mark.parametrize("damage", ["edit", "delete", "add bytes"])
def test_a_built_file_that_was_edited_is_restored(tmp_path: Path, damage: str) -> None:
    """`build/` is never a source."""
    write_sale(tmp_path)
    build(tmp_path)
    before = tree(tmp_path / "build")
    page = tmp_path / "build" / "night" / "lamp" / "index.html"
    if damage == "delete":
        page.unlink()
    else:
        page.write_bytes(b"mine" if damage == "edit" else page.read_bytes() + b" ")
    assert build(tmp_path).written == 1
    assert before == tree(tmp_path / "build")


@pytest.mark.parametrize(
    "record", [b"", b"[]", b"null", b'{"sale": "night"}', b'{"files": [], "inputs": 1}', b"\xff", b"[" * 100_000]
)
def test_a_damaged_record_is_written_again(tmp_path: Path, record: bytes) -> None:
    """Whatever its content is."""
    write_sale(tmp_path)
    build(tmp_path)
    before = tree(tmp_path / "build")
    (tmp_path / "build" / "_flashgen" / "night" / "site.json").write_bytes(record)
    assert build(tmp_path).written == 0
    assert before == tree(tmp_path / "build")


def test_every_input_is_noticed(tmp_path: Path) -> None:
    """A changed image, template, stylesheet or message changes a built file."""
    path = write_sale(tmp_path, PICTURED, theme="mine")
    image = path.parent / "lamp.png"
    image.write_bytes(png())
    mine = {"ended.html": "<title>{{ t.back }}</title>", "assets/plain.css": "a { color: red }"}
    theme = write_theme(tmp_path, "mine", {**mine, "messages/en.yaml": "back: Back\n"})
    build(tmp_path)

    def rewritten(file: Path, body: bytes) -> set[str]:
        return changed_by(tmp_path, lambda: file.write_bytes(body))[0]

    assert {"index.html", "lamp/index.html"} <= rewritten(image, png(8, 8))
    assert {"ended/index.html"} == rewritten(theme / "ended.html", b"<p>{{ t.back }}</p>")
    assert {"ended/index.html", "waiting/index.html"} == rewritten(theme / "messages" / "en.yaml", b"back: Home\n")
    assert {"index.html", "lamp/index.html"} <= rewritten(theme / "assets" / "plain.css", b"a { color: blue }")
    assert set() == changed_by(tmp_path, lambda: None)[0]


def test_a_changed_feed_is_noticed(tmp_path: Path) -> None:
    """The YAML stays as it is."""
    feed = write_feed(tmp_path, 3).parent / "feed.csv"
    build(tmp_path)
    changed, _ = changed_by(tmp_path, lambda: feed.write_text(feed.read_text().replace("part 2", "two")))
    assert {"thing-2/index.html"} == changed


def test_a_project_s_theme_that_appears_later_is_noticed(tmp_path: Path) -> None:
    """A folder `themes/plain` has precedence over the packaged one."""
    write_sale(tmp_path, theme="plain")
    build(tmp_path)
    changed, _ = changed_by(tmp_path, lambda: write_theme(tmp_path, "plain", {"ended.html": "over"}))
    assert {"ended/index.html"} == changed


def test_a_newer_flashgen_builds_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values of its templates, or a library's output, may have changed."""
    write_sale(tmp_path)
    build(tmp_path)
    monkeypatch.setattr("flashgen.page.inputs._tool_digest", lambda: b"another")
    monkeypatch.setattr("flashgen.sale.load.load_sale", refuse_to_load)
    with pytest.raises(LoadedAgain):
        build(tmp_path)


@pytest.mark.parametrize("template", ["sale.html", "product.html", "ended.html"])
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_template_that_fails_leaves_the_last_build_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, jobs: int
) -> None:
    """For any page, after any number of rendered pages."""
    monkeypatch.setattr(site_files, "PAGES_WORTH_A_FORK", 2)
    monkeypatch.setattr(site_files, "PAGES_A_TASK", 1)
    path = write_sale(tmp_path, theme="mine")
    theme = write_theme(tmp_path, "mine", {"product.html": "{{ product.name }}"})
    build(tmp_path)
    before = tree(tmp_path / "build")
    path.write_text(path.read_text().replace("title: Night", "title: Day"))
    (theme / template).write_text("{{ 1 // 0 if product is not defined or product.sku == 'RUG' }}")
    with pytest.raises(InvalidInput, match="1 problem"):
        build(tmp_path, jobs)
    assert before == tree(tmp_path / "build")


def test_a_build_never_deletes_files_that_no_build_made(tmp_path: Path) -> None:
    """A sale that has the name of another folder, among other sales that were built."""
    folder, other = tmp_path / "public", tmp_path / "project"
    path = write_sale(other)
    day = path.with_name("day.yaml")
    day.write_text(path.read_text().replace("id: night", "id: day"))
    build_sale(day, other, folder, 1)
    (folder / "night").mkdir()
    (folder / "night" / ".precious").write_text("hidden")
    with pytest.raises(Refused, match=r"holds files that no build made: \.precious"):
        build_sale(path, other, folder, 1)
    assert {".precious": b"hidden"} == tree(folder / "night")


def test_nothing_is_built_among_other_files(tmp_path: Path) -> None:
    """Git's and a file manager's are no matter."""
    path, folder = write_sale(tmp_path), tmp_path / "public"
    folder.mkdir()
    (folder / ".gitignore").touch()
    (folder / "thesis.odt").write_text("precious")
    with pytest.raises(Refused, match=r"public holds files that no build made: thesis\.odt$"):
        build_sale(path, tmp_path, folder, 1)
    assert [".gitignore", "thesis.odt"] == sorted(tree(folder))
    (folder / "thesis.odt").unlink()
    assert build_sale(path, tmp_path, folder, 1).written
    (folder / "CNAME").write_text("sale.example.com")
    path.write_text(path.read_text().replace("Lamp", "Lantern"))
    assert build_sale(path, tmp_path, folder, 1).written


def test_nothing_is_built_over_a_project_or_a_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a build was once made, and where nothing is in the way."""
    root, home = tmp_path / "work" / "project", tmp_path / "home"
    path = write_sale(root)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    build_sale(path, root, tmp_path / "public", 1)
    (tmp_path / "public" / "_flashgen").rename(root / "_flashgen")
    for folder in (root, root.parent, Path("/")):
        with pytest.raises(Refused, match=r"the project lies in it$") as caught:
            build_sale(path, root, folder, 1)
        assert "-o public" in caught.value.hint
    with pytest.raises(Refused, match=f"nothing is built into {home}: it is the home folder$"):
        build_sale(path, root, home, 1)
    assert {} == tree(home)


def test_a_link_to_a_yaml_elsewhere_builds(tmp_path: Path) -> None:
    """A team may keep its sales in another repository."""
    root = tmp_path / "project"
    path = write_sale(root)
    path.rename(tmp_path / "elsewhere.yaml")
    path.symlink_to(tmp_path / "elsewhere.yaml")
    first = build(root)
    assert len(first.site.files) == first.written
    assert build(root).written == 0
