"""Product images: proved to be what they say before a shopper's browser sees them."""

from __future__ import annotations

import stat
import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from flashgen.errors import FlashgenError

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


def read_image(path: Path, root: Path) -> bytes:
    """An image file's bytes. Raises BadImage when it is missing, outside `root`, too large, or of no kind we know."""
    body = _read(path, root)
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise BadImage(f"image `{path.name}` must be one of {known}", "convert it, or name another file")
    return body


def decode_image(path: Path, body: bytes) -> Image.Image:
    """The first picture in `body`, wholly decoded. Raises BadImage when it is damaged, or not what `path` says."""
    extension = path.suffix.lower()
    try:
        return _decode(body, FORMATS[extension])
    except Exception as error:  # a decoder meets bytes from anywhere, and Pillow's raise what they like
        raise BadImage(*_explain(path, extension, error)) from error


def _read(path: Path, root: Path) -> bytes:
    try:
        _refuse_outside(path, root)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadImage(f"image `{path.name}` is not a file", f"look at {path}")
        if status.st_size > FILE_BYTES_MAX:
            size = status.st_size // 1024**2
            raise BadImage(f"image `{path.name}` has {size} MiB", f"use one of at most {FILE_BYTES_MAX // 1024**2} MiB")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadImage(f"image `{path.name}` does not exist", f"put the file at {path}") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadImage(f"image `{path.name}` cannot be read: {reason}", f"look at {path}") from error
    except RuntimeError:  # what pathlib makes of ELOOP before Python 3.13
        raise BadImage(f"image `{path.name}` is a link to itself", f"put the file at {path}") from None


def _refuse_outside(path: Path, root: Path) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        raise BadImage(
            f"image `{path.name}` lies outside the project, at {path.resolve()}",
            "copy the file beside the YAML; links out of the project are not followed",
        )


def _decode(body: bytes, expected: str) -> Image.Image:
    """Raises whatever a decoder raises, and ValueError for what is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata that no browser minds
        image = Image.open(BytesIO(body))
        found = "JPEG" if image.format == "MPO" else image.format  # MPO: a phone's JPEG with a second view
        if found != expected:
            raise ValueError(f"it holds {found}")
        if image.width * image.height > PIXELS_MAX:
            raise ValueError(f"it has {image.width} × {image.height} pixels; at most {PIXELS_MAX:,} are decoded")
        image.load()
        return image


def _explain(path: Path, extension: str, error: Exception) -> tuple[str, str]:
    name = f"image `{path.name}`"
    if isinstance(error, UnidentifiedImageError):
        return f"{name} is no {FORMATS[extension]} image", "export it again, or name another file"
    if isinstance(error, Image.DecompressionBombError):
        return f"{name} would decode to far more than {PIXELS_MAX:,} pixels", "scale it down"
    if isinstance(error, ValueError) and str(error).startswith("it "):
        return f"{name} is not a usable {FORMATS[extension]}: {error}", "rename or convert it"
    reason = str(error).partition("\n")[0] or type(error).__name__
    return f"{name} is damaged: {reason}", "export it again, or name another file"
