"""Colours are those that the file means: in every mode, with or without a profile, in every encoding."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from flashgen.page.pictures.decode import upright_srgb
from flashgen.page.pictures.encode import make_picture

SIZE = (32, 32)
RED = (200, 40, 40)
GREY = 64
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapping() -> bytes:
    """A profile in which red is green: (200, 40, 40) means (40, 200, 40)."""
    return SRGB.replace(b"rXYZ", b"tmp.", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tmp.", b"gXYZ", 1)


def linear_grey() -> bytes:
    """A grey profile whose values are proportional to light: 64 means 137 in sRGB."""
    place = struct.unpack(">I", SRGB[SRGB.index(b"rTRC") + 4 :][:4])[0]
    curve = b"curv" + bytes(8)
    profile = SRGB[:16] + b"GRAY" + SRGB[20:place] + curve + SRGB[place + len(curve) :]
    return profile.replace(b"rTRC", b"kTRC", 1)


def filled(mode: str) -> Image.Image:
    """An image of RED or GREY in this mode, its left half transparent where the mode can have it."""
    image = Image.new("L", SIZE, GREY) if mode in ("L", "LA") else Image.new("RGB", SIZE, RED)
    if mode in ("LA", "RGBA"):
        alpha = Image.new("L", SIZE, 255)
        alpha.paste(0, (0, 0, SIZE[0] // 2, SIZE[1]))
        image.putalpha(alpha)
    return image.quantize(16) if mode == "P" else image


def in_file(image: Image.Image, kind: str, **options: object) -> bytes:
    """The image in a file of this kind, without loss where the kind can do that."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **{"lossless": True, "quality": 100, "subsampling": "4:4:4", **options})
    return buffer.getvalue()


def renditions(folder: Path, body: bytes, extension: str) -> list[Image.Image]:
    """Every rendition of a file, as a browser reads it."""
    path = folder / f"a.{extension}"
    path.write_bytes(body)
    picture = make_picture(path, folder, folder / "cache")
    return [Image.open(io.BytesIO(asset.body)) for asset in picture.assets]


def assert_near(expected: tuple[int, ...], image: Image.Image, place: tuple[int, int] = (24, 16)) -> None:
    """The pixel at `place` is this colour, but for what encoding loses."""
    found = image.convert("RGB").getpixel(place)
    assert isinstance(found, tuple)
    assert all(abs(value - wanted) <= 6 for value, wanted in zip(found, expected, strict=True)), (image.format, found)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "PNG"),
        ("RGB", "JPEG"),
        ("RGB", "WEBP"),
        ("RGB", "AVIF"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
        ("RGBA", "AVIF"),
        ("P", "PNG"),
    ],
)
def test_a_profile_is_applied_whatever_the_pixels_are(tmp_path: Path, mode: str, kind: str) -> None:
    """In every encoding, and then none is needed."""
    found = renditions(tmp_path, in_file(filled(mode), kind, icc_profile=swapping()), kind.lower())
    assert {"AVIF", "WEBP", "PNG" if mode == "RGBA" else "JPEG"} == {one.format for one in found}
    for one in found:
        assert_near((40, 200, 40), one)
        assert "icc_profile" not in one.info


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_is_applied(tmp_path: Path, mode: str) -> None:
    """Beside alpha, too."""
    for one in renditions(tmp_path, in_file(filled(mode), "PNG", icc_profile=linear_grey()), "png"):
        assert_near((137, 137, 137), one)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_as_it_was(tmp_path: Path, mode: str) -> None:
    """A profile is of colours only."""
    profile = swapping() if mode == "RGBA" else linear_grey()
    for one in renditions(tmp_path, in_file(filled(mode), "PNG", icc_profile=profile), "png"):
        alpha = one.convert("RGBA").getchannel("A")
        assert (0, 255) == (alpha.getpixel((4, 16)), alpha.getpixel((28, 16)))


def test_a_palette_with_transparent_entries_has_its_profile(tmp_path: Path) -> None:
    """It is both at once: a small PNG as tools for the web write it."""
    image = Image.new("P", SIZE, 0)
    image.putpalette((*RED, 0, 0, 0))
    image.paste(1, (0, 0, 16, 32))
    body = in_file(image, "PNG", icc_profile=swapping(), transparency=bytes([255, 0]))
    for one in renditions(tmp_path, body, "png"):
        assert_near((40, 200, 40), one)
        assert (0, 255) == tuple(one.convert("RGBA").getpixel((x, 16))[3] for x in (4, 28))  # type: ignore[index]


@pytest.mark.parametrize(
    ("mode", "profile"),
    [("RGB", linear_grey()), ("P", linear_grey()), ("L", b"not a profile"), ("RGBA", SRGB[:200])],
    ids=["grey beside RGB", "grey beside a palette", "no profile", "cut off"],  # profiles hold the time they were made
)
def test_a_profile_of_other_colours_or_a_broken_one_is_ignored(mode: str, profile: bytes) -> None:
    """As browsers do."""
    image = filled(mode)
    image.info["icc_profile"] = profile
    assert_near((64, 64, 64) if mode == "L" else RED, upright_srgb(image))


def test_a_grey_photo_may_have_a_profile_of_rgb() -> None:
    """Cameras write the one that is set for all their photos."""
    image = filled("L")
    image.info["icc_profile"] = swapping()
    assert_near((64, 64, 64), upright_srgb(image))


def test_a_grey_of_16_bits_keeps_its_levels(tmp_path: Path) -> None:
    """From black to white, not white from 256 on."""
    ramp = [min(65_535, column * 2114) for column in range(32)]
    rows = [struct.pack(">32H", *ramp)] * 32
    for one in renditions(tmp_path, png(16, 0, rows), "png"):
        assert "RGB" == one.mode
        for column in (1, 8, 16, 24, 30):
            level = round(ramp[column] / 257)
            assert_near((level, level, level), one, (column, 16))


def test_a_profile_of_a_grey_of_16_bits_is_applied(tmp_path: Path) -> None:
    """After it is brought to 8 bits."""
    body = png(16, 0, [struct.pack(">32H", *[64 * 257] * 32)] * 32, profile=linear_grey())
    for one in renditions(tmp_path, body, "png"):
        assert_near((137, 137, 137), one)


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "key"),
    [
        (1, 0, b"\x0f\x0f\x0f\x0f", struct.pack(">H", 0)),
        (2, 0, bytes([0b00000000, 0b10101010] * 4), struct.pack(">H", 0b10)),
        (4, 0, bytes([0x33, 0x33, 0x99, 0x99] * 4), struct.pack(">H", 9)),
        (16, 0, struct.pack(">32H", *([0x1234] * 4 + [0x9ABC] * 4) * 4), struct.pack(">H", 0x9ABC)),
        (16, 2, struct.pack(">96H", *([0x1234] * 12 + [0x9ABC] * 12) * 4), struct.pack(">3H", *[0x9ABC] * 3)),
    ],
)
def test_a_transparent_colour_is_found_in_every_depth(
    tmp_path: Path, depth: int, colour_type: int, row: bytes, key: bytes
) -> None:
    """The file has it in units of its own depth."""
    path = tmp_path / "a.png"
    path.write_bytes(png(depth, colour_type, [row] * 32, key))
    (fallback,) = [one for one in renditions(tmp_path, path.read_bytes(), "png") if one.format == "PNG"]
    alphas = {fallback.getpixel((x, 16))[3] for x in range(32)}  # type: ignore[index]
    assert {0, 255} == alphas
    is_first_clear = depth == 1
    assert (0 if is_first_clear else 255) == fallback.getpixel((1, 16))[3]  # type: ignore[index]


def png(depth: int, colour_type: int, rows: list[bytes], key: bytes = b"", profile: bytes = b"") -> bytes:
    """A PNG of 32 × 32 pixels in a depth that Pillow does not write, perhaps with a transparent colour."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, depth, colour_type, 0, 0, 0))
    extra = (chunk(b"iCCP", b"p\0\0" + zlib.compress(profile)) if profile else b"") + (
        chunk(b"tRNS", key) if key else b""
    )
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + chunk(b"IEND", b"")
