"""The icons of a brand, for tabs, bookmarks and home screens: its picture, else the first letter of its name."""

from __future__ import annotations

import base64
import io
from xml.sax.saxutils import quoteattr

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont
from PIL import Image, ImageFont

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.brand.colour import Colour
from flashgen.page.brand.logo import LogoPicture, rasterised

SVG, ICO, TOUCH = "icon.svg", "favicon.ico", "apple-touch-icon.png"
"""The names of a theme's icons, which these replace."""

_ICO_PIXELS = (48, 32, 16)
_TOUCH_PIXELS = 180
_TOUCH_MARGIN = 22
_BOLT = "M18.5 4 8 18h6.5L13 27.5l11-14.5h-7z"
"""The mark of a brand whose letter no font at hand can draw, in a square of 32."""

_LETTER_PART = 0.56
"""How much of the square a letter takes."""


def picture_icons(picture: LogoPicture, background: Colour) -> dict[str, Asset]:
    """Icons from a square picture. A home screen shows no transparency, so there it lies on `background`."""
    inner = _TOUCH_PIXELS - 2 * _TOUCH_MARGIN
    touch = _centred(picture.pixels(inner, inner), _TOUCH_PIXELS, (*_parts(background), 255)).convert("RGB")
    tabs = [_centred(picture.pixels(side, side), side, (0, 0, 0, 0)) for side in _ICO_PIXELS]
    return _assets(picture.asset.body if picture.is_svg else _embedded(picture), tabs, touch)


def letter_icons(name: str, accent: Colour, on_accent: Colour, font: bytes | None) -> dict[str, Asset]:
    """Icons with the first letter of a name, in the `font` of these bytes if it has it."""
    mark = _letter(name[:1].upper(), TTFont(io.BytesIO(font)) if font else None)
    tab = _square(mark, accent, on_accent, corner=8)
    tabs = [rasterised(tab, side, side) for side in _ICO_PIXELS]
    touch = rasterised(_square(mark, accent, on_accent, corner=0), _TOUCH_PIXELS, _TOUCH_PIXELS).convert("RGB")
    return _assets(tab.encode(), tabs, touch)


def _assets(svg: bytes, tabs: list[Image.Image], touch: Image.Image) -> dict[str, Asset]:
    ico, png = io.BytesIO(), io.BytesIO()
    sizes = [image.size for image in tabs]
    tabs[0].save(ico, "ICO", sizes=sizes, append_images=tabs[1:])
    touch.save(png, "PNG", optimize=True)
    bodies = {SVG: svg, ICO: ico.getvalue(), TOUCH: png.getvalue()}
    return {name: fingerprinted(name, body) for name, body in bodies.items()}


def _centred(image: Image.Image, side: int, background: tuple[int, int, int, int]) -> Image.Image:
    square = Image.new("RGBA", (side, side), background)
    square.alpha_composite(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def _embedded(picture: LogoPicture) -> bytes:
    data = base64.b64encode(picture.asset.body).decode()
    side = max(picture.width, picture.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<image width="{side}" height="{side}" href="data:image/png;base64,{data}"/></svg>'
    ).encode()


def _square(mark: str, accent: Colour, on_accent: Colour, corner: int) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="{corner}" fill="{accent}"/>'
        f'<path fill="{on_accent}" stroke="{on_accent}" {mark}/></svg>'
    )


def _letter(letter: str, font: TTFont | None) -> str:
    """The attributes of a path that draws a letter in the middle of a square of 32."""
    for one, weight in ((font, 0.0), (_default_font(), 0.04)):
        glyph = one.getBestCmap().get(ord(letter)) if one and letter else None
        if one is None or glyph is None:
            continue
        glyphs = one.getGlyphSet()
        path, bounds = SVGPathPen(glyphs, ntos=lambda value: f"{value:g}"), BoundsPen(glyphs)
        glyphs[glyph].draw(path)
        glyphs[glyph].draw(bounds)
        if bounds.bounds:
            left, bottom, right, top = bounds.bounds
            scale = 32 * _LETTER_PART / max(right - left, top - bottom)
            x, y = 16 - scale * (left + right) / 2, 16 + scale * (bottom + top) / 2
            place = quoteattr(f"matrix({scale:.5f} 0 0 {-scale:.5f} {x:.3f} {y:.3f})")
            return (
                f"transform={place} d={quoteattr(path.getCommands())}"
                f' stroke-width="{weight * one["head"].unitsPerEm:g}"'
            )
    return f'd="{_BOLT}" stroke-width="0"'


def _default_font() -> TTFont | None:
    """Pillow's own font, Aileron, which has Latin letters."""
    font = ImageFont.load_default(16)
    body = getattr(font, "font_bytes", None)
    return TTFont(io.BytesIO(body)) if body else None


def _parts(colour: Colour) -> tuple[int, int, int]:
    return colour.red, colour.green, colour.blue
