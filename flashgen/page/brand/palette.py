"""The colours of pages, made from the few that a brand gives; and the pairs of them that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from flashgen.page.brand.colour import BLACK, TEXT_CONTRAST_MIN, WHITE, Colour, contrast
from flashgen.sale.brand.settings import BrandColours

_INK = Colour(20, 20, 24)
_NIGHT_LIGHTNESS = 0.17
_NEARLY_BLACK = 0.35
"""OKLab's lightness below which a colour is text rather than a hue."""

_DERIVED_CONTRAST = 6.0
"""Of derived colours on a dark page: more than text needs, so that fields of the colour can be told from the page."""

_SAFETY = 0.05
"""Added to the contrast of derived colours, so that a browser's rounding cannot take them below it."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The custom properties of a theme, in light or in dark. docs/brand.md says where themes use them."""

    background: Colour
    surface: Colour
    sunken: Colour
    text: Colour
    muted: Colour
    line: Colour
    accent: Colour
    on_accent: Colour
    accent_strong: Colour
    tint: Colour

    def items(self) -> Iterator[tuple[str, Colour]]:
        """The name of each custom property, without its hyphens in front, and its colour."""
        for field in fields(self):
            yield field.name.replace("_", "-"), getattr(self, field.name)


@dataclass(frozen=True, slots=True)
class LowContrast:
    """A written colour that cannot be read on a background. `suggestion` is the nearest of its hue that can."""

    key: str
    scheme: str
    colour: Colour
    background: Colour
    is_written: bool
    suggestion: Colour | None

    @property
    def message(self) -> str:
        """What to say after the key's name."""
        where = "" if self.is_written else ", which pages have without `background`,"
        return (
            f"{self.colour} on the {self.scheme} background {self.background}{where} has a contrast of "
            f"{_down(contrast(self.colour, self.background))}:1, and text needs {TEXT_CONTRAST_MIN}:1 (WCAG 2.2, 1.4.3)"
        )

    @property
    def hint(self) -> str:
        """The fix."""
        near = f"{self.suggestion} is the nearest of its hue that passes" if self.suggestion else ""
        return near or "choose a background that is lighter or darker: no colour of this hue can be read on it"


def _down(ratio: float) -> str:
    """Two places, never rounded up: 4.499 is no 4.5."""
    return f"{int(ratio * 100) / 100:g}"


def palettes(colours: BrandColours) -> tuple[Palette, Palette]:
    """In light and in dark. What is not written is made from what is, so that it can be read."""
    light, dark = _written(colours)
    return _palette(light), _palette(dark)


def low_contrasts(colours: BrandColours) -> Iterator[LowContrast]:
    """The written colours that cannot be read on the background of their scheme."""
    for scheme, written in zip(("light", "dark"), _written(colours), strict=True):
        background = written["background"]
        for key in ("text", "accent"):
            given = getattr(colours, key)
            if given is None or (scheme == "dark" and given.dark is None):
                continue  # it is derived
            if not _reads(written[key], background):
                near = written[key].nearest(lambda one, on=background: _reads(one, on))  # type: ignore[misc]
                is_written = colours.background is not None
                yield LowContrast(key, scheme, written[key], background, is_written, near)


def _written(colours: BrandColours) -> tuple[Mapping[str, Colour], Mapping[str, Colour]]:
    """Background, text and accent of both schemes. A dark one that is not written is the light one, made to fit."""
    accent = Colour.of(colours.accent.light) if colours.accent else _INK
    background = Colour.of(colours.background.light) if colours.background else WHITE
    text = Colour.of(colours.text.light) if colours.text else _text_on(background, accent)
    if colours.accent is None:
        accent = text
    light = {"background": background, "text": text, "accent": accent}
    night = _night(background, accent)
    if colours.background and colours.background.dark:
        night = Colour.of(colours.background.dark)
    dark = {"background": night}
    for key, day in (("text", text), ("accent", accent)):
        given = getattr(colours, key)
        dark[key] = Colour.of(given.dark) if given and given.dark else _fitting(day, night)
    return light, dark


def _night(background: Colour, accent: Colour) -> Colour:
    """The dark background for a light one: nearly black, with a little of the brand's hue."""
    if background.is_dark:
        return background
    hue = accent if contrast(background, WHITE) < 1.02 else background
    return hue.at_lightness(_NIGHT_LIGHTNESS, chroma=0.12)


def _text_on(background: Colour, accent: Colour) -> Colour:
    wanted = accent.at_lightness(0.96, 0.05) if background.is_dark else accent.at_lightness(0.2, 0.15)
    most = WHITE if background.is_dark else BLACK
    return wanted if _reads(wanted, background) else most


def _fitting(colour: Colour, background: Colour) -> Colour:
    """The colour, or one of its hue that can be read on a dark background; one that is nearly black becomes white."""
    if _reads(colour, background):
        return colour
    if colour.lightness < _NEARLY_BLACK and _reads(pale := colour.at_lightness(1 - colour.lightness * 0.3), background):
        return pale
    good = colour.nearest(lambda one: contrast(one, background) >= _DERIVED_CONTRAST)
    return good or colour.nearest(lambda one: _reads(one, background)) or WHITE


def _reads(colour: Colour, background: Colour) -> bool:
    return contrast(colour, background) >= TEXT_CONTRAST_MIN


def _palette(written: Mapping[str, Colour]) -> Palette:
    background, text, accent = written["background"], written["text"], written["accent"]
    surface = _toward(background, text, 0.045, (text, accent))
    sunken = _toward(background, text, 0.09, (text,))
    tint = _toward(background, accent, 0.2 if background.is_dark else 0.13, (text, accent))
    on_accent = _on(accent, background, text)
    grounds = (background, surface, sunken)
    return Palette(
        background=background,
        surface=surface,
        sunken=sunken,
        text=text,
        muted=_weakest(text, background, grounds),
        line=background.mixed(text, 0.14),
        accent=accent,
        on_accent=on_accent,
        accent_strong=_strong(accent, (background, tint, on_accent)),
        tint=tint,
    )


def _toward(background: Colour, other: Colour, share: float, texts: tuple[Colour, ...]) -> Colour:
    """The background with at most a `share` of another colour: less if a text could not be read on it."""
    while share > 0.002:
        mixed = background.mixed(other, share)
        if all(_reads(one, mixed) for one in texts):
            return mixed
        share *= 0.8
    return background


def _weakest(text: Colour, background: Colour, grounds: tuple[Colour, ...]) -> Colour:
    """The text with as much of the background as it can take, up to 40 %."""
    for percent in range(40, 0, -2):
        mixed = text.mixed(background, percent / 100)
        if all(contrast(mixed, ground) >= TEXT_CONTRAST_MIN + _SAFETY for ground in grounds):
            return mixed
    return text


def _on(accent: Colour, background: Colour, text: Colour) -> Colour:
    """The text of buttons: the brand's own colours if they can be read, else white or black."""
    preferred = (WHITE, background, text, BLACK) if accent.is_dark else (background, text, BLACK, WHITE)
    return next(one for one in preferred if _reads(one, accent))


def _strong(accent: Colour, grounds: tuple[Colour, ...]) -> Colour:
    """The accent with more contrast to what it is on; with less, if it is black or white already."""
    away = 1 if grounds[0].is_dark else -1
    for step in (*range(8, 31), *range(-12, -31, -1)):
        lightness = accent.lightness + away * step / 100
        if 0 <= lightness <= 1:
            mixed = accent.at_lightness(lightness)
            if all(contrast(mixed, each) >= TEXT_CONTRAST_MIN + _SAFETY for each in grounds):
                return mixed
    return accent
