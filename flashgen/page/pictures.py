"""Product images as browsers want them: AVIF and WebP in a few widths, and one JPEG or PNG that every browser reads.

Encoding is slow, so that its results are kept by what went in: a second build encodes nothing.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import PIL
from PIL import Image, ImageCms, ImageOps

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.output import replace_file

WIDTHS = (480, 960, 1440)
"""Pixels across: a card on a phone, a hero on a phone or a card on a sharp screen, a hero on a sharp screen."""

FALLBACK_WIDTH = 960

FORMATS = ("AVIF", "WEBP")
"""Modern formats, the smallest first: a browser takes the first that it knows."""

OPTIONS: dict[str, dict[str, int | bool]] = {
    # One thread: with more, the bytes depend on the machine's number of cores.
    "AVIF": {"quality": 55, "speed": 6, "max_threads": 1},
    "WEBP": {"quality": 78, "method": 4},
    "JPEG": {"quality": 80, "progressive": True, "optimize": True},
    "PNG": {"optimize": True},
}

_RECIPE = repr((WIDTHS, FALLBACK_WIDTH, FORMATS, OPTIONS, PIL.__version__))


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of an image. `width` and `height` are pixels."""

    asset: Asset
    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in all its renditions: `modern` by format and then width, ascending, and one fallback."""

    modern: tuple[Rendition, ...]
    fallback: Rendition

    @property
    def assets(self) -> Iterator[Asset]:
        """Every file the picture needs."""
        yield self.fallback.asset
        yield from (rendition.asset for rendition in self.modern)


def make_picture(name: str, body: bytes, cache: Path) -> Picture:
    """All renditions of an image file's body, from `cache` where they are there. `name` is the file's, for people."""
    with Image.open(io.BytesIO(body)) as opened:
        source = _upright_srgb(opened)
    keep = _Cache(cache / hashlib.sha256(body + _RECIPE.encode()).hexdigest())
    stem = Path(name).stem
    fallback_format = "PNG" if source.mode == "RGBA" else "JPEG"
    modern = tuple(_render(source, stem, kind, width, keep) for kind in FORMATS for width in _widths(source))
    return Picture(modern, _render(source, stem, fallback_format, min(FALLBACK_WIDTH, source.width), keep))


def _widths(source: Image.Image) -> tuple[int, ...]:
    """No wider than the original: enlarging adds bytes and no detail."""
    return tuple(sorted({min(width, source.width) for width in WIDTHS}))


def _upright_srgb(opened: Image.Image) -> Image.Image:
    """As it should be seen: turned as the camera was held, in sRGB, without metadata (which may hold a place)."""
    image = ImageOps.exif_transpose(opened)
    profile = opened.info.get("icc_profile")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if profile and image.mode in ("RGB", "CMYK", "L"):
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), srgb, outputMode="RGB"
        )
        image = converted or image
    return image.convert(mode)


def _render(source: Image.Image, stem: str, kind: str, width: int, keep: _Cache) -> Rendition:
    height = max(1, round(source.height * width / source.width))
    body = keep.get(f"{width}.{kind.lower()}")
    if body is None:
        body = _encode(source.resize((width, height), Image.Resampling.LANCZOS), kind)
        keep.put(f"{width}.{kind.lower()}", body)
    extension = "jpg" if kind == "JPEG" else kind.lower()
    return Rendition(fingerprinted(f"{stem}-{width}.{extension}", body), kind, width, height)


def _encode(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **OPTIONS[kind])
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Cache:
    """Renditions of one image, named by width and format. Losing it costs time, never correctness."""

    folder: Path

    def get(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes() or None
        except OSError:
            return None

    def put(self, name: str, body: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / name, body)
