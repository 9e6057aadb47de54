"""Decodes product images, turns them upright and into sRGB.

Pillow decodes to 8 bits a channel, except 16-bit grey. The rest of flashgen sees RGB and RGBA only.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from flashgen.page.pictures.image_file import FORMATS, BadImage

PIXELS_MAX = 50_000_000
"""Decoding takes up to 4 bytes a pixel, so 200 MB. 8,660 × 5,773 pixels are enough for any product photo."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The first image of a file, and how many there are: more than one if it is animated."""

    image: Image.Image
    frames: int


def decode_image(path: Path, body: bytes) -> Decoded:
    """The first image in `body`, fully decoded. Raises BadImage if it is damaged, or not of the kind `path` says."""
    extension = path.suffix.lower()
    try:
        return _decode(body, FORMATS[extension])
    except Exception as error:  # the bytes may be anything, and Pillow's decoders raise many kinds of errors
        raise BadImage(*_explain(path, extension, error)) from error


def _decode(body: bytes, expected: str) -> Decoded:
    """Decode. Raises what the decoder raises, and ValueError for an image that is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which browsers ignore
        image = Image.open(io.BytesIO(body))
        found = "JPEG" if image.format == "MPO" else image.format  # MPO: a phone's JPEG with a second view
        if found != expected:
            raise ValueError(f"it holds {found}")
        if image.width * image.height > PIXELS_MAX:
            raise ValueError(f"it has {image.width} × {image.height} pixels; at most {PIXELS_MAX:,} are decoded")
        _rescale_transparent_colour(image)
        # The second view of an MPO is no animation.
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        image.load()
        return Decoded(image, frames)


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


_GREY_STEPS = {"L;2": 85, "L;4": 17}
"""How far apart Pillow sets the levels of a PNG's 2-bit and 4-bit greys."""


def _rescale_transparent_colour(image: ImageFile.ImageFile) -> None:
    """Give a PNG's transparent colour in the units of the decoded pixels; Pillow leaves it in those of the file.

    The file's depth is known before it is decoded. A 16-bit grey keeps its own, and so its colour's.
    """
    colour = image.info.get("transparency")
    depth = image.tile[0].args if image.format == "PNG" and image.tile else None
    if depth == "RGB;16B" and isinstance(colour, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in colour)
    elif depth in _GREY_STEPS and isinstance(colour, int):
        image.info["transparency"] = colour * _GREY_STEPS[depth]


def upright_srgb(image: Image.Image) -> Image.Image:
    """The image turned upright, in sRGB, as RGB or RGBA, without metadata, which may hold the place where it was taken.

    `image` is a decoded one. A profile that is broken, or of other colours than the pixels, is ignored, as browsers do.
    """
    profile = image.info.get("icc_profile")
    colours, alpha = _without_alpha(ImageOps.exif_transpose(image))
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            colours = _in_srgb(colours, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    upright = colours.convert("RGB")
    if alpha:
        upright.putalpha(alpha)
    upright.info.clear()
    return upright


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours as L, RGB or CMYK, and what is transparent, if anything may be.

    They are parted because only colours have a profile: converting a palette, or pixels with alpha, would lose one of
    the two.
    """
    if image.mode.startswith("I"):
        return _eight_bits(image)
    if not image.has_transparency_data:
        return image if image.mode in ("L", "RGB", "CMYK") else image.convert("L" if image.mode == "1" else "RGB"), None
    *bands, alpha = image.convert("LA" if image.mode in ("1", "L", "LA") else "RGBA").split()
    return Image.merge("L" if len(bands) == 1 else "RGB", bands), alpha


def _eight_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A 16-bit grey as L, which Pillow would clip at 255; and as alpha, whether it is the transparent colour."""
    key, wide = image.info.get("transparency"), image.convert("I")

    def levels(of: Callable[[int], int]) -> Image.Image:
        return wide.point([of(value) for value in range(65_536)], "L")

    alpha = levels(lambda value: 0 if value == key else 255) if key is not None else None
    return levels(lambda value: round(value / 257)), alpha


def _in_srgb(colours: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """The colours by their profile. A grey image may have a profile of RGB, as many cameras write it."""
    space = profile.profile.xcolor_space.strip()
    if space == "RGB" and colours.mode == "L":
        colours = colours.convert("RGB")
    if {"L": "GRAY"}.get(colours.mode, colours.mode) != space:
        return colours
    return ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"), outputMode="RGB") or colours
