"""Product images as browsers want them: AVIF and WebP in a few widths, and one JPEG or PNG that every browser reads.

Encoding is slow, so that its results are kept by what went in: a second build encodes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import PIL
from PIL import Image, ImageCms, ImageOps

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.images import decode_image, read_image
from flashgen.page.output import replace_file

WIDTHS = (480, 960, 1440)
"""Pixels across: a card on a phone, a hero on a phone or a card on a sharp screen, a hero on a sharp screen."""

FALLBACK_WIDTH = 960

MODERN = ("AVIF", "WEBP")
"""The smallest first: a browser takes the first that it knows."""

OPTIONS: dict[str, dict[str, int | bool]] = {
    # One thread: with more, the bytes depend on the machine's number of cores.
    "AVIF": {"quality": 55, "speed": 6, "max_threads": 1},
    "WEBP": {"quality": 78, "method": 4},
    "JPEG": {"quality": 80, "progressive": True, "optimize": True},
    "PNG": {"optimize": True},
}

_EXTENSIONS = {"AVIF": "avif", "WEBP": "webp", "JPEG": "jpg", "PNG": "png"}

_RECIPE = repr((WIDTHS, FALLBACK_WIDTH, MODERN, OPTIONS, PIL.__version__)).encode()


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


def make_picture(path: Path, root: Path, cache: Path) -> Picture:
    """All renditions of an image file, from the folder `cache` if they are there. Raises BadImage."""
    body = read_image(path, root)
    kept = cache / hashlib.sha256(_RECIPE + body).hexdigest()
    made = _read_kept(kept)
    if made is None:
        made = list(_renditions(_upright_srgb(decode_image(path, body))))
        _keep(kept, made)
    fallback, *modern = (_named(path.stem, one) for one in made)
    return Picture(tuple(modern), fallback)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A rendition that has no name yet: two files with the same content share what is kept."""

    format: str
    width: int
    height: int
    body: bytes

    @property
    def file(self) -> str:
        return f"{self.width}x{self.height}.{_EXTENSIONS[self.format]}"


def _named(stem: str, one: _Encoded) -> Rendition:
    name = f"{stem}-{one.width}.{_EXTENSIONS[one.format]}"
    return Rendition(fingerprinted(name, one.body), one.format, one.width, one.height)


def _renditions(source: Image.Image) -> Iterator[_Encoded]:
    """The fallback first."""
    fallback = "PNG" if source.mode == "RGBA" else "JPEG"
    yield _encoded(source, fallback, min(FALLBACK_WIDTH, source.width))
    for kind in MODERN:
        # No wider than the original: enlarging adds bytes and no detail.
        for width in sorted({min(width, source.width) for width in WIDTHS}):
            yield _encoded(source, kind, width)


def _encoded(source: Image.Image, kind: str, width: int) -> _Encoded:
    height = max(1, round(source.height * width / source.width))
    buffer = io.BytesIO()
    source.resize((width, height), Image.Resampling.LANCZOS).save(buffer, kind, **OPTIONS[kind])
    return _Encoded(kind, width, height, buffer.getvalue())


def _upright_srgb(image: Image.Image) -> Image.Image:
    """As it should be seen: turned as the camera was held, in sRGB, without metadata (which may tell a place)."""
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if profile and image.mode in ("RGB", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):  # a broken profile: what browsers do, ignore it
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    upright = image.convert("RGBA" if image.has_transparency_data else "RGB")
    upright.info.clear()
    return upright


def _keep(folder: Path, made: list[_Encoded]) -> None:
    """The list last: without it nothing counts. Losing the folder costs time, never correctness."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in made:
        replace_file(folder / one.file, one.body)
    rows = [[one.format, one.width, one.height, hashlib.sha256(one.body).hexdigest()] for one in made]
    replace_file(folder / "renditions.json", json.dumps(rows).encode())


def _read_kept(folder: Path) -> list[_Encoded] | None:
    try:
        rows = json.loads((folder / "renditions.json").read_bytes())
        made = [_read_one(folder, *row) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return made or None


def _read_one(folder: Path, kind: str, width: int, height: int, sha256: str) -> _Encoded:
    empty = _Encoded(kind, width, height, b"")
    body = (folder / empty.file).read_bytes()
    if hashlib.sha256(body).hexdigest() != sha256:
        raise ValueError("damaged")
    return _Encoded(kind, width, height, body)
