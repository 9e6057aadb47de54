"""The larger icons of a sale, which a web manifest names: for home screens, which may cut them to any shape."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.brand.logo import rasterised
from flashgen.page.pictures.image_file import BadImage

_SIDES = (192, 512)
"""Pixels of the icons that browsers look for (https://web.dev/articles/add-manifest#icons)."""

_BADGE_PART, _PICTURE_PART = 0.8, 0.56
"""How much of a maskable icon the icon takes. A system may show only a circle in the middle, of 80 % of its width
(https://www.w3.org/TR/appmanifest/#icon-masks): a badge of one colour reaches its edge, a picture has to fit inside."""


@dataclass(frozen=True, slots=True)
class AppIcon:
    """An icon with its `side` in pixels, or 0 for a drawing of any size. A maskable one may be cut to any shape."""

    asset: Asset
    side: int
    is_maskable: bool = False


@lru_cache(maxsize=4)
def app_icons(icon: Asset, ground: str) -> tuple[AppIcon, ...]:
    """Icons from a theme's `icon.svg`, or a brand's. `ground` (`#rrggbb`) is behind a maskable one without its own.

    A theme's drawing that is not plain enough to be drawn here is the only icon.
    """
    try:
        pixels = rasterised(icon.body.decode(), _SIDES[-1], _SIDES[-1])
    except (BadImage, UnicodeDecodeError):
        return (AppIcon(icon, 0),)
    square = Image.new("RGBA", (_SIDES[-1], _SIDES[-1]))
    square.alpha_composite(pixels, ((square.width - pixels.width) // 2, (square.height - pixels.height) // 2))
    sized = [AppIcon(_png(f"icon-{side}.png", _scaled(square, side)), side) for side in _SIDES]
    return *sized, AppIcon(_png("icon-maskable.png", _maskable(square, ground)), square.width, is_maskable=True)


def _maskable(icon: Image.Image, ground: str) -> Image.Image:
    """A badge is set on its own colour, any other picture on `ground`."""
    last, middle = icon.width - 1, icon.width // 2
    edges = {icon.getpixel(place) for place in ((middle, 1), (middle, last - 1), (1, middle), (last - 1, middle))}
    colour = edges.pop()
    is_badge = not edges and isinstance(colour, tuple) and colour[-1] == 255
    place = Image.new("RGBA", icon.size, colour if is_badge else ground)
    small = _scaled(icon, round(icon.width * (_BADGE_PART if is_badge else _PICTURE_PART)))
    corner = (place.width - small.width) // 2
    place.alpha_composite(small, (corner, corner))
    return place.convert("RGB")


def _scaled(icon: Image.Image, side: int) -> Image.Image:
    return icon if icon.width == side else icon.resize((side, side), Image.Resampling.LANCZOS)


def _png(name: str, image: Image.Image) -> Asset:
    body = io.BytesIO()
    image.save(body, "PNG")
    return fingerprinted(name, body.getvalue())
