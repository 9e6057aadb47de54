"""The stylesheet of a brand: custom properties, which every theme uses, and fonts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.brand.fallback_metrics import LOCAL_FONTS
from flashgen.page.brand.fonts import BrandFont
from flashgen.page.brand.palette import Palette

_NAME = "brand.css"
_DISPLAY_WEIGHT_MAX = 800
_DESCRIPTORS = ("size-adjust", "ascent-override", "descent-override", "line-gap-override")


@dataclass(frozen=True, slots=True)
class Family:
    """The files of one role of a brand's fonts, `text` or `display`."""

    role: str
    fonts: tuple[BrandFont, ...]

    @property
    def css(self) -> str:
        """The value of `font-family`: its own, then the stretched local ones, then the system's."""
        locals_ = (f'"brand {self.role} {local}"' for local in LOCAL_FONTS)
        generic = "serif" if self.fonts[0].is_serif else "sans-serif"
        return ",".join((f'"brand {self.role}"', *locals_, "system-ui", generic))

    @property
    def display_weight(self) -> int:
        """The heaviest weight that it has; a browser would smear a heavier one."""
        return min(_DISPLAY_WEIGHT_MAX, max(font.heaviest for font in self.fonts))

    def first(self, weight: int) -> BrandFont:
        """The file for a weight."""
        return min(self.fonts, key=lambda font: font.distance(weight))


def brand_stylesheet(palettes: tuple[Palette, Palette] | None, families: Sequence[Family]) -> Asset | None:
    """Colours in light and dark, and fonts; None if there are neither."""
    parts = [*_faces(families)]
    properties = [*_font_properties(families)]
    if palettes:
        light, dark = palettes
        parts.append(f":root{{{_colours(light)}{''.join(properties)}}}")
        parts.append(f"@media (prefers-color-scheme:dark){{:root{{{_colours(dark)}}}}}")
    elif properties:
        parts.append(f":root{{{''.join(properties)}}}")
    if not parts:
        return None
    return Asset(fingerprinted(_NAME, "".join(parts).encode()).name, "".join(parts).encode(), _files(families))


def _colours(palette: Palette) -> str:
    scheme = "dark" if palette.background.is_dark else "light"
    return f"color-scheme:{scheme};" + "".join(f"--{name}:{colour};" for name, colour in palette.items())


def _font_properties(families: Sequence[Family]) -> Iterator[str]:
    for family in families:
        yield f"--{'font' if family.role == 'text' else 'display-font'}:{family.css};"
    if families:
        yield f"--display-weight:{families[-1].display_weight};--tracking:-.01em;"


def _faces(families: Sequence[Family]) -> Iterator[str]:
    for family in families:
        for font in family.fonts:
            slope = "italic" if font.is_italic else "normal"
            yield (
                f'@font-face{{font-family:"brand {family.role}";src:url("{font.asset.name}") format("woff2");'
                f"font-weight:{font.css_weight};font-style:{slope};font-display:swap}}"
            )
        yield from _local_faces(family)


def _local_faces(family: Family) -> Iterator[str]:
    wanted = family.first(400 if family.role == "text" else family.display_weight)
    for local, metrics in wanted.fallbacks.items():
        source = ",".join(f'local("{name}")' for name in LOCAL_FONTS[local])
        values = zip(_DESCRIPTORS, astuple(metrics), strict=True)
        descriptors = "".join(f"{name}:{value:.2f}%;" for name, value in values)
        yield f'@font-face{{font-family:"brand {family.role} {local}";src:{source};{descriptors}}}'


def _files(families: Sequence[Family]) -> tuple[Asset, ...]:
    return tuple({font.asset.name: font.asset for family in families for font in family.fonts}.values())
