"""Pictures that show badly are warned of, where they are named."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from support.projects import write_sale

from flashgen.errors import Problem
from flashgen.page.build import build_sale
from flashgen.page.pictures.decode import decode_image


def build_with(root: Path, **pictures: bytes) -> tuple[Path, tuple[Problem, ...]]:
    """The YAML of a sale with a product for each picture, and the warnings of its build."""
    names = [name.replace("_", ".") for name in pictures]
    rows = [f'  - {{sku: S{n}, name: N{n}, price: "1.00", image: {name}}}\n' for n, name in enumerate(names)]
    path = write_sale(root, "products:\n" + "".join(rows))
    for name, body in zip(names, pictures.values(), strict=True):
        (path.parent / name).write_bytes(body)
    return path, build_sale(path, root, root / "build", 1).warnings


def image_file(kind: str, size: tuple[int, int] = (900, 30), frames: int = 1) -> bytes:
    """An image of one colour, or an animation of several."""
    buffer = io.BytesIO()
    colours = [Image.new("RGB", size, (40 * n, 90, 60)) for n in range(frames)]
    colours[0].save(buffer, kind, **({"save_all": True, "append_images": colours[1:]} if frames > 1 else {}))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_is_warned_of(tmp_path: Path, kind: str) -> None:
    """With the number of its frames, at the line that names it, also when it was encoded by an earlier build."""
    name = f"a_{kind.lower()}"
    path, warnings = build_with(tmp_path, **{name: image_file(kind, frames=3)})
    (tmp_path / "build" / "_flashgen" / "night" / "site.json").unlink()
    assert warnings == build_sale(path, tmp_path, tmp_path / "build", 1).warnings
    (warning,) = warnings
    expected = f"image `a.{kind.lower()}` is animated: pages show only the first of its 3 frames"
    assert (expected, "products.0.image", path) == (warning.message, warning.path, warning.where.file)
    assert warning.hint


def test_the_second_view_of_a_phone_is_no_animation(tmp_path: Path) -> None:
    """Phones save it in the same file."""
    body = image_file("MPO", frames=2)
    assert "MPO" == Image.open(io.BytesIO(body)).format
    assert 1 == decode_image(tmp_path / "a.jpg", body).frames


def test_a_small_picture_is_warned_of(tmp_path: Path) -> None:
    """With its size; 800 pixels are enough."""
    _, (warning,) = build_with(tmp_path, a_png=image_file("PNG", (799, 30)), b_png=image_file("PNG", (800, 30)))
    expected = "image `a.png` is less than 800 pixels wide, and blurred on sharp screens: 799 × 30 pixels"
    assert expected == warning.message


def test_many_small_pictures_are_one_warning(tmp_path: Path) -> None:
    """At the first of them."""
    small = {f"a{n}_png": image_file("PNG", (300, 30)) for n in range(5)}
    _, (warning,) = build_with(tmp_path, big_png=image_file("PNG"), **small)
    assert warning.message.startswith("images `a0.png`, `a1.png`, `a2.png` and 2 more are less than 800 pixels wide")
    assert "products.1.image" == warning.path


@pytest.mark.parametrize("size", [(3_600, 30), (900, 120)])
def test_sizes_that_differ_wildly_are_warned_of(tmp_path: Path, size: tuple[int, int]) -> None:
    """The smallest and the largest, by the side that differs."""
    _, (warning,) = build_with(tmp_path, a_png=image_file("PNG", size), b_png=image_file("PNG"))
    width, height = size
    expected = f"images differ much in size: `b.png` has 900 × 30 pixels, `a.png` {width:,} × {height:,} pixels"
    assert (expected, "products.1.image") == (warning.message, warning.path)


def test_sizes_that_are_alike_are_not_warned_of(tmp_path: Path) -> None:
    """Cameras and shapes differ a little in every shop."""
    _, warnings = build_with(tmp_path, a_png=image_file("PNG", (3_599, 119)), b_png=image_file("PNG"))
    assert () == warnings
