"""Bad input of any kind: one clear message with position and fix, and no file changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Flashgen, Run
from support.projects import png, tree, write_sale, write_theme

SALE = Path("sale_configs/night.yaml")
IMAGE = Path("sale_configs/lamp.png")
TEMPLATE = Path("themes/mine/product.html")
PRODUCTS = """\
products:
  - {sku: LAMP, name: Lamp, price: "19.90", image: lamp.png}
  - {sku: MUG, name: Mug, price: "5.00"}
"""


@pytest.fixture
def shop(flashgen: Flashgen, project: Path) -> Path:
    """A project whose sale has a picture and a theme of its own, built and pushed."""
    write_theme(project, "mine", {"product.html": "{{ product.name }}"})
    write_sale(project, PRODUCTS, theme="mine")
    IMAGE.write_bytes(png())
    assert flashgen("push", "--yes").exit_code == 0
    return project


def replaced(path: Path, body: bytes) -> Callable[[], object]:
    """Overwrites the file."""
    return lambda: path.write_bytes(body)


def edited(path: Path, old: str, new: str) -> Callable[[], object]:
    """Replaces a word in the file."""
    return lambda: path.write_text(path.read_text().replace(old, new))


def instead(path: Path, make: Callable[[Path], object]) -> Callable[[], object]:
    """Puts something else in the file's place."""

    def spoil() -> None:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        make(path)

    return spoil


def added(text: str) -> Callable[[], object]:
    """Appends to the YAML."""
    return lambda: SALE.write_text(SALE.read_text() + text)


ALIASES = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9))

YAML = {
    "a folder": (instead(SALE, Path.mkdir), "night.yaml: a folder"),
    "a broken link": (instead(SALE, lambda path: path.symlink_to("nowhere")), "night.yaml: no such file"),
    "a link to itself": (instead(SALE, lambda path: path.symlink_to(path.name)), "night.yaml: "),
    "a pipe": (instead(SALE, os.mkfifo), "night.yaml: not a regular file"),
    "empty": (replaced(SALE, b""), "night.yaml: "),
    "malformed": (added("a: [1\n"), "night.yaml:14:4: "),
    "50 MB scalar": (added("a: " + "x" * 50_000_000), "night.yaml: larger than 32 MiB"),
    "a scalar of 5 MB": (added("a: " + "x" * 5_000_000), "night.yaml:14:1: "),
    "100,000 nestings": (added("a: " + "[" * 100_000), "night.yaml:14:"),
    "100,000 nested mappings": (added("a: " + "{a: " * 100_000), "night.yaml:14:"),
    "alias explosion": (added(f"x0: &x0 [1]\n{ALIASES}"), "night.yaml:"),
    "unknown tag": (edited(SALE, "title: Night", "title: !!python/object/apply:os.system [id]"), "night.yaml:3:10: "),
    "UTF-16": (lambda: SALE.write_text(SALE.read_text(), encoding="utf-16"), "night.yaml:1:1: the file is UTF-16"),
    "latin-1": (replaced(SALE, "sale: é".encode("latin-1")), "night.yaml:1:7: the file is not UTF-8"),
    "null bytes": (replaced(SALE, b"sale:\n  id: \0"), "night.yaml:2:7: control character U+0000"),
}

FILES = {
    "missing image": (IMAGE.unlink, "night.yaml:9:52: image `lamp.png` does not exist"),
    "an image that is a folder": (instead(IMAGE, Path.mkdir), "night.yaml:9:52: image `lamp.png` is not a file"),
    "a truncated image": (replaced(IMAGE, png(60, 60)[:-40]), "night.yaml:9:52: image `lamp.png` is damaged"),
    "an empty image": (replaced(IMAGE, b""), "night.yaml:9:52: image `lamp.png` is no PNG image"),
    "a bomb": (replaced(IMAGE, png(declared=(60_000, 60_000))), "night.yaml:9:52: image `lamp.png` would decode"),
    "an image out of the project": (
        instead(IMAGE, lambda path: path.symlink_to("/etc/hostname")),
        "night.yaml:9:52: image `lamp.png` lies outside the project, at /etc/hostname",
    ),
    "a template's syntax": (replaced(TEMPLATE, b"\n{% if %}"), "themes/mine/product.html:2: template error: "),
    "an undefined name": (replaced(TEMPLATE, b"\n{{ nme }}"), "themes/mine/product.html:2: template error: "),
    "an exception in a template": (replaced(TEMPLATE, b"{{ 1 // 0 }}"), "themes/mine/product.html:1: template error: "),
    "an include of nothing": (
        replaced(TEMPLATE, b'{% include "no" %}'),
        "themes/mine/product.html:1: theme `mine` needs",
    ),
    "a missing theme": (lambda: shutil.rmtree("themes"), "night.yaml:7:10: `theme` must be one of catalogue, plain"),
    "a theme that extends nothing": (
        lambda: Path("themes/mine/theme.yaml").write_text("extends: plian"),
        "themes/mine/theme.yaml:1:10: `extends` must be one of",
    ),
    "a stylesheet in latin-1": (
        lambda: write_theme(Path(), "mine", {"assets/a.css": b"/* \xe9 */"}),
        "themes/mine/assets/a.css:1:4: the file is not UTF-8",
    ),
    "settings": (
        lambda: Path("flashgen.yaml").write_text("targets: {local: {stroe: x}}"),
        "flashgen.yaml:1:19: ",
    ),
    "settings that are a list": (lambda: Path("flashgen.yaml").write_text("- x"), "flashgen.yaml"),
}

NEEDS_NO_HINT = {"a folder", "a broken link", "a link to itself", "a pipe", "an exception in a template"}
NEEDS_NO_HINT |= {"a template's syntax", "an undefined name", "settings that are a list", "empty"}


def check_failure(run: Run, place: str, *, hint: bool) -> None:
    """The message has one form: position, problem and fix."""
    assert run.exit_code == 1, run.err
    assert "Traceback" not in run.err
    assert place in run.err
    first, *_ = run.err.splitlines()
    assert first.startswith("error: ")
    assert not first.endswith(".")
    assert len(run.err) < 3000
    assert not hint or "\nhint: " in run.err


@pytest.mark.parametrize("command", ["check", "build", "push --yes"])
@pytest.mark.parametrize("case", [*YAML, *FILES])
def test_a_bad_file_is_one_message_and_changes_nothing(flashgen: Flashgen, shop: Path, case: str, command: str) -> None:
    """Neither what was built nor what was pushed."""
    spoil, place = (YAML | FILES)[case]
    spoil()
    before = tree(shop / "build"), tree(shop / ".flashgen")
    check_failure(flashgen(*command.split()), place, hint=case not in NEEDS_NO_HINT)
    assert before == (tree(shop / "build"), tree(shop / ".flashgen"))


@pytest.mark.parametrize("case", [case for case in YAML if case != "50 MB scalar"])
def test_a_bad_yaml_in_json_has_file_and_message(flashgen: Flashgen, shop: Path, case: str) -> None:
    """stdout stays one document."""
    YAML[case][0]()
    run = flashgen("check", "--json")
    (problem, *_) = run.document["problems"]
    assert (1, False, str(SALE)) == (run.exit_code, run.document["ok"], problem["file"])
    assert problem["message"]
    assert run.err == ""


def test_one_bad_sale_does_not_hide_another(flashgen: Flashgen, shop: Path) -> None:
    """Problems of all files are reported together, and the good sale is built."""
    day = SALE.with_name("day.yaml")
    day.write_text(SALE.read_text().replace("id: night", "id: day"))
    dusk = SALE.with_name("dusk.yaml")
    dusk.write_text("a: [")
    IMAGE.unlink()
    day.write_text(day.read_text().replace(", image: lamp.png", ""))
    run = flashgen("build")
    assert run.exit_code == 1
    assert "dusk.yaml:1:" in run.err
    assert "night.yaml:9:52" in run.err
    assert (shop / "build" / "day" / "index.html").exists()


@pytest.mark.parametrize("place", ["build"])
def test_a_file_where_a_folder_has_to_be(flashgen: Flashgen, shop: Path, place: str) -> None:
    """It stays, and is named."""
    shutil.rmtree(shop / place)
    (shop / place).write_text("mine")
    check_failure(flashgen("build"), "there is a file where a folder has to be", hint=True)
    assert "mine" == (shop / place).read_text()


@pytest.mark.parametrize("command", ["build", "push --yes"])
def test_a_damaged_record_of_the_last_build_is_written_again(flashgen: Flashgen, shop: Path, command: str) -> None:
    """It is only a cache."""
    before = tree(shop / "build")
    (shop / "build" / "_flashgen" / "night" / "site.json").write_text('{"sale": "night", "files": {"a": [1]}}')
    assert flashgen(*command.split()).exit_code == 0
    assert before == tree(shop / "build")


def test_python_s_recursion_limit_is_never_reached(shop: Path) -> None:
    """In a separate process, because the stack of this one may have another size."""
    SALE.write_text("a: " + "[" * 100_000)
    done = subprocess.run(
        [sys.executable, "-m", "flashgen", "build"], cwd=shop, capture_output=True, text=True, check=False
    )
    check_failure(Run(done.returncode, done.stdout, done.stderr), "night.yaml:1:", hint=True)
