"""A product image is of the format its name says, or a problem at the line that names it."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import pytest
from PIL import Image
from support.projects import png, write_sale

from flashgen.errors import InvalidInput
from flashgen.page.build import build_sale
from flashgen.page.pictures.decode import PIXELS_MAX, decode_image
from flashgen.page.pictures.image_file import FORMATS, BadImage, read_image


def load(path: Path, root: Path) -> Image.Image:
    """The image in a file, as a build reads it."""
    return decode_image(path, read_image(path, root)).image


def encoded(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A noisy image of this format."""
    noise = Image.frombytes("RGB", size, random.Random(1).randbytes(size[0] * size[1] * 3))
    buffer = io.BytesIO()
    noise.save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(root: Path, name: str, body: bytes) -> BadImage:
    """Why this file cannot be used."""
    path = root / name
    path.write_bytes(body)
    with pytest.raises(BadImage) as bad:
        load(path, root)
    return bad.value


@pytest.mark.parametrize(("extension", "kind"), sorted(FORMATS.items()))
def test_each_format_is_read(tmp_path: Path, extension: str, kind: str) -> None:
    """By what is in it."""
    path = tmp_path / f"lamp{extension}"
    path.write_bytes(encoded(kind))
    assert (40, 30) == load(path, tmp_path).size


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.jpg", png(), "image `a.jpg` is not a usable JPEG: it holds PNG"),
        ("a.png", encoded("JPEG"), "image `a.png` is not a usable PNG: it holds JPEG"),
        ("a.png", b"", "image `a.png` is no PNG image"),
        ("a.png", b"<svg/>", "image `a.png` is no PNG image"),
        ("a.svg", b"<svg/>", "image `a.svg` must be one of .avif, .gif, .jpeg, .jpg, .png, .webp"),
        ("a.jpg", encoded("JPEG")[:-400], "image `a.jpg` is damaged: image file is truncated"),
        ("a.png", encoded("PNG")[:-400], "image `a.png` is damaged: image file is truncated"),
        ("a.png", png(declared=(60_000, 60_000)), "image `a.png` would decode to far more than 50,000,000 pixels"),
        ("a.png", png(declared=(8_000, 8_000)), "image `a.png` is not a usable PNG: it has 8000 × 8000 pixels"),
    ],
)
def test_an_image_of_another_kind_is_refused(tmp_path: Path, name: str, body: bytes, message: str) -> None:
    """With what was found, and what to do."""
    bad = refusal(tmp_path, name, body)
    assert bad.message.startswith(message)
    assert bad.hint


def test_a_bomb_is_not_decoded(tmp_path: Path) -> None:
    """Its header is enough: 60,000 × 60,000 pixels would take 10 GB."""
    assert PIXELS_MAX < 60_000**2
    before = peak_bytes()
    refusal(tmp_path, "a.png", png(declared=(60_000, 60_000)))
    refusal(tmp_path, "a.png", png(declared=(8_000, 8_000)))
    assert peak_bytes() - before < 50_000_000


def peak_bytes() -> int:
    """The most memory this process has ever held."""
    (line,) = [row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "link to itself", "link out", "outside"])
def test_only_files_of_the_project_are_read(tmp_path: Path, kind: str) -> None:
    """Without opening it: reading a pipe waits, and a link could publish the build machine's files."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(png())
    path = root / "a.png"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "link to itself":
            path.symlink_to("a.png")
        case "link out":
            path.symlink_to(tmp_path / "secret.png")
        case "outside":
            path = root / ".." / "secret.png"
    with pytest.raises(BadImage) as bad:
        load(path, root)
    assert bad.value.hint


def test_a_link_inside_the_project_is_followed(tmp_path: Path) -> None:
    """Sales may share their pictures."""
    (tmp_path / "real.png").write_bytes(png())
    (tmp_path / "a.png").symlink_to("real.png")
    assert (4, 3) == load(tmp_path / "a.png", tmp_path).size


def test_an_image_that_cannot_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the system's reason."""
    path = tmp_path / "a.png"
    path.write_bytes(png())

    def broken(_: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(BadImage, match="cannot be read: input/output error"):
        load(path, tmp_path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_any_bytes_are_a_picture_or_a_bad_image(tmp_path: Path, kind: str) -> None:
    """Decoders raise many kinds of errors, which must all become BadImage."""
    whole, chance = encoded(kind), random.Random(2)
    extension = kind.lower()
    path = tmp_path / f"a.{extension}"
    refusals = []
    for _ in range(60):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            body[chance.randrange(len(body) if chance.random() < 0.3 else 60)] = chance.randrange(256)
        path.write_bytes(body)
        try:
            load(path, tmp_path)
        except BadImage as bad:
            refusals.append(bad.message)
    assert refusals
    assert not any("\n" in message for message in refusals)


def test_every_bad_image_of_a_sale_is_reported_where_it_is_named(tmp_path: Path) -> None:
    """All at once, and nothing is written."""
    rows = [
        f'  - {{sku: S{n}, name: N{n}, price: "1.00", image: {name}}}\n'
        for n, name in enumerate(("a.png", "b.gif", "zebra.png", "lamp.png"))
    ]
    path = write_sale(tmp_path, "products:\n" + "".join(rows))
    for name in ("a.png", "b.gif"):
        (path.parent / name).write_bytes(b"no image")
    (path.parent / "Lamp.png").write_bytes(png())
    with pytest.raises(InvalidInput) as invalid:
        build_sale(path, tmp_path, tmp_path / "build", 1)
    lines = path.read_text().splitlines()
    missing, *problems = invalid.value.problems
    assert "2 images do not exist: `zebra.png`, `lamp.png`" == missing.message
    assert "for `lamp.png`, did you mean `Lamp.png`, which differs in upper and lower case?" in missing.hint
    assert "zebra.png" in lines[missing.where.line - 1]
    assert ["image `a.png` is no PNG image", "image `b.gif` is no GIF image"] == [one.message for one in problems]
    assert ["a.png", "b.gif"] == [lines[one.where.line - 1][one.where.column - 1 :].rstrip("}") for one in problems]
    assert not (tmp_path / "build" / "night").exists()
