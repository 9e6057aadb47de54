"""An image is found by its name in any Unicode form; a name that was mistyped is suggested."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from support.projects import png, write_sale

from flashgen.errors import InvalidInput
from flashgen.page.build import build_sale
from flashgen.page.pictures.image_file import BadImage, find_image, read_image

COMPOSED = unicodedata.normalize("NFC", "café")
DECOMPOSED = unicodedata.normalize("NFD", "café")


def refusal(root: Path, name: str) -> BadImage:
    """Why there is no such image."""
    with pytest.raises(BadImage) as bad:
        read_image(find_image(root, name, root), root)
    return bad.value


@pytest.mark.parametrize(("written", "on_disk"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
@pytest.mark.parametrize("pattern", ["{}.png", "{0}/{0}.png", "./{}.png"])
def test_a_name_in_another_unicode_form_is_found(tmp_path: Path, written: str, on_disk: str, pattern: str) -> None:
    """Copied from macOS, or typed there; folders, too."""
    file = tmp_path / pattern.format(on_disk)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(png())
    assert png() == read_image(find_image(tmp_path, pattern.format(written), tmp_path), tmp_path)


def test_the_exact_name_is_preferred(tmp_path: Path) -> None:
    """When there are both."""
    (tmp_path / f"{COMPOSED}.png").write_bytes(b"composed")
    (tmp_path / f"{DECOMPOSED}.png").write_bytes(b"decomposed")
    for form in (COMPOSED, DECOMPOSED):
        assert tmp_path / f"{form}.png" == find_image(tmp_path, f"{form}.png", tmp_path)


def test_a_sale_builds_with_such_a_name_and_once(tmp_path: Path) -> None:
    """The file that was found is what a later build compares."""
    path = write_sale(tmp_path, f'products:\n  - {{sku: S1, name: N, price: "1.00", image: "{COMPOSED}.png"}}\n')
    file = path.parent / f"{DECOMPOSED}.png"
    file.write_bytes(png())
    assert build_sale(path, tmp_path, tmp_path / "build", 1).written
    assert not build_sale(path, tmp_path, tmp_path / "build", 1).written
    file.write_bytes(png(5))
    assert build_sale(path, tmp_path, tmp_path / "build", 1).written


def test_a_name_without_a_folder_is_found_in_one(tmp_path: Path) -> None:
    """A spreadsheet has names, and the pictures lie together; one beside the YAML is preferred, once it is there."""
    path = write_sale(tmp_path, 'products:\n  - {sku: S1, name: N, price: "1.00", image: lamp.png}\n')
    for folder, body in {"pictures": png(5), ".hidden": png(6), "fetched-images": png(7)}.items():
        (path.parent / folder).mkdir()
        (path.parent / folder / "lamp.png").write_bytes(body)
    built = build_sale(path, tmp_path, tmp_path / "build", 1)
    assert "image `lamp.png` is taken from the folder `pictures`" in [one.message for one in built.warnings]
    assert not build_sale(path, tmp_path, tmp_path / "build", 1).written
    (path.parent / "lamp.png").write_bytes(png(8))
    built = build_sale(path, tmp_path, tmp_path / "build", 1)
    assert built.written
    assert not [one for one in built.warnings if "taken from" in one.message]


def test_a_name_in_two_folders_has_two_meanings(tmp_path: Path) -> None:
    """Only a person knows which is meant."""
    for folder in ("new", "old"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "lamp.png").write_bytes(png())
    bad = refusal(tmp_path, "lamp.png")
    assert ("image `lamp.png` can be `new/lamp.png` and `old/lamp.png`", "write the folder, too") == (
        bad.message,
        bad.hint,
    )
    assert png() == read_image(find_image(tmp_path, "old/lamp.png", tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("lamp.jpg", "did you mean `Lamp.JPG`, which differs in upper and lower case?"),
        ("lmap.jpg", "did you mean `Lamp.JPG`?"),
        ("lamp.png", "did you mean `Lamp.JPG`?"),
        ("notes.jpg", "put the file at "),
    ],
)
def test_a_name_that_is_nearly_right_is_suggested(tmp_path: Path, written: str, hint: str) -> None:
    """Images only."""
    (tmp_path / "Lamp.JPG").write_bytes(png())
    (tmp_path / "notes.txt").write_bytes(b"")
    bad = refusal(tmp_path, written)
    assert f"image `{written}` does not exist" == bad.message
    assert bad.hint.startswith(hint)


@pytest.mark.parametrize("written", ["Bilder\\rot\\a.png", "Bilder\\rot/a.png"])
def test_a_backslash_is_a_slash(tmp_path: Path, written: str) -> None:
    """As Windows writes paths; a file that has one in its name keeps it."""
    (tmp_path / "Bilder" / "rot").mkdir(parents=True)
    (tmp_path / "Bilder" / "rot" / "a.png").write_bytes(png())
    assert tmp_path / "Bilder" / "rot" / "a.png" == find_image(tmp_path, written, tmp_path)
    (tmp_path / "b\\c.png").write_bytes(png())
    assert tmp_path / "b\\c.png" == find_image(tmp_path, "b\\c.png", tmp_path)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("bilder/a.PNG", "did you mean `Bilder/a.png`, which differs in upper and lower case?"),
        (
            "C:\\Users\\kim\\a.png",
            "that is a place on another computer: copy the file beside the YAML, and write `a.png`",
        ),
        ("nowhere/a.png", "put the file at "),
    ],
)
def test_a_folder_that_is_nearly_right_is_suggested(tmp_path: Path, written: str, hint: str) -> None:
    """In its own case, and a drive of Windows is no folder here."""
    (tmp_path / "Bilder").mkdir()
    (tmp_path / "Bilder" / "a.png").write_bytes(png())
    assert refusal(tmp_path, written.replace("\\", "\\")).hint.startswith(hint)


def test_names_outside_the_project_are_not_looked_at(tmp_path: Path) -> None:
    """A hint must not list what lies there."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(png())
    for name in ("../Secret.png", f"{tmp_path}/Secret.png"):
        bad = refusal(root, name)
        assert "secret.png" not in bad.message + bad.hint


def test_a_suggestion_is_at_the_line_of_the_name(tmp_path: Path) -> None:
    """Like every problem."""
    path = write_sale(tmp_path, 'products:\n  - {sku: S1, name: N, price: "1.00", image: lamp.png}\n')
    (path.parent / "LAMP.png").write_bytes(png())
    with pytest.raises(InvalidInput) as invalid:
        build_sale(path, tmp_path, tmp_path / "build", 1)
    (problem,) = invalid.value.problems
    assert "products.0.image" == problem.path
    assert problem.hint.startswith("did you mean `LAMP.png`")
