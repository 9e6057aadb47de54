"""Encodes a product image as AVIF and WebP in a few widths, and once as JPEG or PNG.

Encoding is slow, so its results are cached by their input: a second build encodes nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import PIL
from PIL import Image
from pydantic import Field

from flashgen.files import replace_file
from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.pictures import decode
from flashgen.page.pictures.decode import PIXELS_MAX, Decoded, decode_image, upright_srgb
from flashgen.page.pictures.image_file import read_image
from flashgen.typed_json import JsonReader, UnreadableObject

WIDTHS = (480, 960, 1440)
"""Pixels, for a card on a phone; for a hero on a phone or a card on a sharp screen; for a hero on a sharp screen."""

FALLBACK_WIDTH = 960

MODERN = ("AVIF", "WEBP")
"""The smallest files first: a browser takes the first format that it knows."""

OPTIONS: dict[str, dict[str, int | bool]] = {
    # One thread: with more, the bytes depend on the machine's number of cores.
    "AVIF": {"quality": 55, "speed": 6, "max_threads": 1},
    "WEBP": {"quality": 78, "method": 4},
    "JPEG": {"quality": 80, "progressive": True, "optimize": True},
    "PNG": {"optimize": True},
}

_EXTENSIONS = {"AVIF": "avif", "WEBP": "webp", "JPEG": "jpg", "PNG": "png"}

_ENCODER = repr((PIL.__version__, [Path(str(file)).read_bytes() for file in (__file__, decode.__file__)])).encode()
"""What the result depends on besides the file: code that decodes otherwise must not find older results."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of an image. `width` and `height` are pixels."""

    asset: Asset
    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in all its renditions: `modern` in the order of MODERN and then by width, and one fallback.

    `file` is where it was read from. `width` and `height` are its own pixels, upright. An animated one has more than
    one of `frames`.
    """

    file: Path
    width: int
    height: int
    frames: int
    modern: tuple[Rendition, ...]
    fallback: Rendition

    @property
    def assets(self) -> Iterator[Asset]:
        """Every file the picture needs."""
        yield self.fallback.asset
        yield from (rendition.asset for rendition in self.modern)


def make_picture(path: Path, root: Path, cache: Path) -> Picture:
    """All renditions of an image file, from the folder `cache` if it has them. Raises BadImage."""
    body = read_image(path, root)
    folder = cache / hashlib.sha256(_ENCODER + body).hexdigest()
    made = _read_cached(folder)
    if made is None:
        made = _made(decode_image(path, body))
        _write_cached(folder, made)
    fallback, *modern = (_named(path.stem, one) for one in made.encoded)
    return Picture(path, made.width, made.height, made.frames, tuple(modern), fallback)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A rendition without a name: two image files with the same content share it in the cache."""

    format: str
    width: int
    height: int
    body: bytes

    @property
    def file(self) -> str:
        return f"{self.width}x{self.height}.{_EXTENSIONS[self.format]}"


@dataclass(frozen=True, slots=True)
class _Made:
    """What the cache keeps of an image: its own size in pixels, its frames, and its renditions, the fallback first."""

    width: int
    height: int
    frames: int
    encoded: tuple[_Encoded, ...]


def _made(decoded: Decoded) -> _Made:
    source = upright_srgb(decoded.image)
    return _Made(source.width, source.height, decoded.frames, tuple(_renditions(source)))


def _named(stem: str, one: _Encoded) -> Rendition:
    name = f"{stem}-{one.width}.{_EXTENSIONS[one.format]}"
    return Rendition(fingerprinted(name, one.body), one.format, one.width, one.height)


def _renditions(source: Image.Image) -> Iterator[_Encoded]:
    """All renditions, the fallback first."""
    fallback = "PNG" if source.mode == "RGBA" else "JPEG"
    yield _encoded(source, fallback, min(FALLBACK_WIDTH, source.width))
    for kind in MODERN:
        # No wider than the original, because enlarging adds bytes and no detail.
        for width in sorted({min(width, source.width) for width in WIDTHS}):
            yield _encoded(source, kind, width)


def _encoded(source: Image.Image, kind: str, width: int) -> _Encoded:
    height = max(1, round(source.height * width / source.width))
    buffer = io.BytesIO()
    source.resize((width, height), Image.Resampling.LANCZOS).save(buffer, kind, **OPTIONS[kind])
    return _Encoded(kind, width, height, buffer.getvalue())


_Pixels = Annotated[int, Field(ge=1, le=PIXELS_MAX)]


@dataclass(frozen=True, slots=True)
class _RenditionRow:
    format: Annotated[str, Field(pattern=f"^({'|'.join(_EXTENSIONS)})$")]
    width: _Pixels
    height: _Pixels
    sha256: str


@dataclass(frozen=True, slots=True)
class _CacheRecord:
    width: _Pixels
    height: _Pixels
    frames: Annotated[int, Field(ge=1)]
    renditions: Annotated[tuple[_RenditionRow, ...], Field(min_length=1, max_length=1 + len(MODERN) * len(WIDTHS))]


_CACHE_RECORD = JsonReader(_CacheRecord, "a picture's renditions", 64 * 1024)


def _write_cached(folder: Path, made: _Made) -> None:
    """Write the list last: a folder without it is ignored. Losing the folder costs time, never correctness."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in made.encoded:
        replace_file(folder / one.file, one.body)
    rows = (_RenditionRow(one.format, one.width, one.height, _digest(one.body)) for one in made.encoded)
    record = _CacheRecord(made.width, made.height, made.frames, tuple(rows))
    replace_file(folder / "renditions.json", json.dumps(asdict(record)).encode())


def _read_cached(folder: Path) -> _Made | None:
    path = folder / "renditions.json"
    try:
        record = _CACHE_RECORD.read(path.read_bytes(), str(path), "")
        encoded = tuple(_read_one(folder, row) for row in record.renditions)
    except (OSError, UnreadableObject):
        return None
    intact = all(_digest(one.body) == row.sha256 for one, row in zip(encoded, record.renditions, strict=True))
    return _Made(record.width, record.height, record.frames, encoded) if intact else None


def _read_one(folder: Path, row: _RenditionRow) -> _Encoded:
    empty = _Encoded(row.format, row.width, row.height, b"")
    return replace(empty, body=(folder / empty.file).read_bytes())


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
