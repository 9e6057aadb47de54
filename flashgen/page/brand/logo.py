"""A brand's pictures: its logo and its icon, as files for pages and as pixels to draw with."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.brand.svg import checked_svg
from flashgen.page.pictures.image_file import BadImage

RASTERS = (".png", ".webp", ".jpg", ".jpeg")
LOGO_BYTES_MAX = 512 * 1024
HEIGHT_MAX = 240
"""Pixels, enough for the logo of a theme on a screen of any density."""

WIDTH_MAX = 960
_PIXELS_MAX = 40_000_000
_SQUARE_MAX = 1.25
"""The ratio of its sides up to which a logo is an icon, too."""


@dataclass(frozen=True, slots=True)
class LogoPicture:
    """A picture of a brand: its file, and how large it is shown at most, in CSS pixels."""

    file: Path
    asset: Asset
    width: int
    height: int

    @property
    def is_svg(self) -> bool:
        """Whether it is drawn, and not made of pixels."""
        return self.asset.name.endswith(".svg")

    @property
    def is_square(self) -> bool:
        """Whether it can be an icon."""
        return max(self.width, self.height) <= _SQUARE_MAX * min(self.width, self.height)

    def pixels(self, width: int, height: int) -> Image.Image:
        """The picture with transparency, as large as fits into a box of pixels."""
        if self.is_svg:
            return rasterised(self.asset.body.decode(), width, height)
        image = Image.open(io.BytesIO(self.asset.body)).convert("RGBA")
        scale = min(width / image.width, height / image.height)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        return image.resize(size, Image.Resampling.LANCZOS)

    def png(self, width: int, height: int) -> bytes:
        """The bytes of those pixels."""
        body = io.BytesIO()
        self.pixels(width, height).save(body, "PNG")
        return body.getvalue()


def rasterised(svg: str, width: int, height: int) -> Image.Image:
    """A drawing as pixels, as large as fits into a box. No font of this machine is used."""
    import resvg_py

    size = checked_svg(svg.encode(), "logo")
    scale = min(width / size.width, height / size.height)
    wanted = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    png = resvg_py.svg_to_bytes(svg_string=svg, width=wanted[0], height=wanted[1], skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(png))).convert("RGBA")


def read_logo(path: Path, root: Path) -> LogoPicture:
    """The picture of a file. Raises BadImage if it is missing, outside `root`, or no picture that pages can show."""
    body = _read(path, root)
    if path.suffix.lower() == ".svg":
        size = checked_svg(body, path.name)
        scale = min(WIDTH_MAX / size.width, HEIGHT_MAX / size.height)
        width, height = max(1, round(size.width * scale)), max(1, round(size.height * scale))
        return LogoPicture(path, fingerprinted(path.name, body), width, height)
    image = _decoded(body, path.name)
    image.thumbnail((WIDTH_MAX, HEIGHT_MAX), Image.Resampling.LANCZOS)
    png = io.BytesIO()
    image.save(png, "PNG", optimize=True)
    return LogoPicture(path, fingerprinted(f"{path.stem}.png", png.getvalue()), image.width, image.height)


def _read(path: Path, root: Path) -> bytes:
    known = (".svg", *RASTERS)
    if path.suffix.lower() not in known:
        raise BadImage(f"`{path.name}` must be one of {', '.join(known)}", "convert it")
    return read_brand_file(path, root, LOGO_BYTES_MAX)


def read_brand_file(path: Path, root: Path, bytes_max: int) -> bytes:
    """A file that a brand names. Raises BadImage if it is missing, outside `root`, no file, or larger."""
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            raise BadImage(f"`{path.name}` lies outside the project", "copy it into the project")
        if not path.is_file():
            raise BadImage(f"`{path.name}` does not exist", f"put the file at {path}")
        body = path.read_bytes()
    except (OSError, RuntimeError) as error:
        raise BadImage(f"`{path.name}` cannot be read: {error}", f"look at {path}") from error
    if len(body) > bytes_max:
        raise BadImage(f"`{path.name}` has {len(body) // 1024:,} KiB", f"use one of at most {bytes_max // 1024:,} KiB")
    return body


def _decoded(body: bytes, name: str) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(body), formats=("PNG", "WEBP", "JPEG"))
        if image.width * image.height > _PIXELS_MAX:
            raise BadImage(f"`{name}` has {image.width} × {image.height} pixels", "scale it down")
        return image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise BadImage(f"`{name}` is not a picture that can be read", "export it again as .svg or .png") from error
