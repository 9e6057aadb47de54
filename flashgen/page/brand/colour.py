"""Colours: contrast as WCAG defines it, and changes of lightness that keep the hue, in OKLab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cbrt

TEXT_CONTRAST_MIN = 4.5
"""Of a text of any size and its background (WCAG 2.2, 1.4.3)."""

LARGE_CONTRAST_MIN = 3.0
"""Of large text, and of parts of controls (WCAG 2.2, 1.4.3 and 1.4.11)."""

_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Colour:
    """An opaque sRGB colour; each part is from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def of(cls, text: str) -> Colour:
        """The colour of `#rrggbb`."""
        return cls(*(int(text[start : start + 2], 16) for start in (1, 3, 5)))

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance, from 0 to 1 (WCAG 2.2, "relative luminance")."""
        red, green, blue = (_linear(part) for part in (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    @property
    def is_dark(self) -> bool:
        """Whether white is easier to read on it than black."""
        return contrast(self, WHITE) > contrast(self, BLACK)

    @property
    def lightness(self) -> float:
        """OKLab's lightness, from 0 to 1."""
        return _oklab(self)[0]

    def at_lightness(self, lightness: float, chroma: float = 1.0) -> Colour:
        """The same hue with another lightness. `chroma` scales its chroma, which is lowered to what sRGB can show."""
        _, a, b = _oklab(self)
        scale = chroma
        while scale > 0.01 and not _is_shown(_srgb(lightness, a * scale, b * scale)):
            scale *= 0.95
        return _colour(_srgb(lightness, a * scale, b * scale))

    def mixed(self, other: Colour, share: float) -> Colour:
        """With a `share`, from 0 to 1, of another colour, in OKLab."""
        parts = zip(_oklab(self), _oklab(other), strict=True)
        lightness, a, b = (mine + (theirs - mine) * share for mine, theirs in parts)
        return _colour(_srgb(lightness, a, b))

    def nearest(self, passes: Callable[[Colour], bool]) -> Colour | None:
        """The colour of this hue whose lightness differs least, and which passes; None if there is none."""
        if passes(self):
            return self
        start = self.lightness
        for step in range(1, _STEPS + 1):
            for lightness in (start - step / _STEPS, start + step / _STEPS):
                if 0 <= lightness <= 1 and passes(found := self.at_lightness(lightness)):
                    return found
        return None


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def _linear(part: int) -> float:
    value = part / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _encoded(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else float(1.055 * value ** (1 / 2.4) - 0.055)


def _oklab(colour: Colour) -> tuple[float, float, float]:
    """Lightness and two axes of colour (CSS Color 4, 9; the matrices are Björn Ottosson's)."""
    red, green, blue = (_linear(part) for part in (colour.red, colour.green, colour.blue))
    long = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _srgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """The parts in sRGB, from 0 to 1 if it can show the colour."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _is_shown(parts: tuple[float, float, float]) -> bool:
    return all(-0.001 <= part <= 1.001 for part in parts)


def _colour(parts: tuple[float, float, float]) -> Colour:
    return Colour(*(min(255, max(0, round(part * 255))) for part in parts))


WHITE, BLACK = Colour(255, 255, 255), Colour(0, 0, 0)
