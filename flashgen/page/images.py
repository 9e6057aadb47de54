"""Product images: proved to be what they say before a shopper's browser sees them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from flashgen.errors import FlashgenError
from flashgen.page.assets import Asset, fingerprinted

FORMATS = {
    ".avif": "AVIF",
    ".gif": "GIF",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
}
"""Extensions a product image may have, and what must be inside."""

PIXELS_MAX = 50_000_000
"""Decoding takes up to 4 bytes a pixel: 200 MB, and no product photo needs more (8,660 × 5,773)."""

FILE_BYTES_MAX = 64 * 1024 * 1024


class BadImage(FlashgenError):
    """Why an image cannot be used; the caller knows at which line it is named."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in its final form: the asset, and its size in pixels."""

    asset: Asset
    width: int
    height: int


def load_picture(path: Path, root: Path) -> Picture:
    """Read and decode an image. Raises BadImage when missing, outside `root`, damaged, or not what its name says."""
    body = _read(path, root)
    extension = path.suffix.lower()
    if extension not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise BadImage(f"image `{path.name}` must be one of {known}", "convert it, or name another file")
    try:
        width, height = _decode(path, FORMATS[extension])
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadImage(*_explain(path, extension, error)) from error
    return Picture(fingerprinted(path.name, body), width, height)


def _read(path: Path, root: Path) -> bytes:
    if not path.resolve().is_relative_to(root.resolve()):
        raise BadImage(
            f"image `{path.name}` lies outside the project, at {path.resolve()}",
            "copy the file beside the YAML; links out of the project are not followed",
        )
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            size = path.stat().st_size // 1024**2
            raise BadImage(f"image `{path.name}` has {size} MiB", f"use one of at most {FILE_BYTES_MAX // 1024**2} MiB")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadImage(f"image `{path.name}` does not exist", f"put the file at {path}") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadImage(f"image `{path.name}` cannot be read: {reason}", f"look at {path}") from error


def _decode(path: Path, expected: str) -> tuple[int, int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata that no browser minds
        with Image.open(path) as image:
            found = "JPEG" if image.format == "MPO" else image.format  # MPO: a phone's JPEG with a second view
            if found != expected:
                raise ValueError(f"it holds {found}")
            if image.width * image.height > PIXELS_MAX:
                raise ValueError(f"it has {image.width} × {image.height} pixels; at most {PIXELS_MAX:,} are decoded")
            image.load()
            return image.width, image.height


def _explain(path: Path, extension: str, error: Exception) -> tuple[str, str]:
    name = f"image `{path.name}`"
    if isinstance(error, UnidentifiedImageError):
        return f"{name} is no {FORMATS[extension]} image", "export it again, or name another file"
    if isinstance(error, Image.DecompressionBombError):
        return f"{name} would decode to far more than {PIXELS_MAX:,} pixels", "scale it down"
    if isinstance(error, ValueError) and str(error).startswith("it "):
        return f"{name} is not a usable {FORMATS[extension]}: {error}", "rename or convert it"
    return f"{name} is damaged: {error}", "export it again, or name another file"
