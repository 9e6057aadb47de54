"""A brand, made of the section `brand` of a sale: colours, pictures and fonts that are checked and ready for pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flashgen.document.builder import KeyPath
from flashgen.document.wording import counted, suggestion
from flashgen.errors import InvalidInput, Problem
from flashgen.page.assets import Asset
from flashgen.page.brand.palette import Palette, low_contrasts, palettes
from flashgen.page.pictures.image_file import BadImage, find_image
from flashgen.page.pictures.social_card import CardLook
from flashgen.page.theme import FALLBACK_LANGUAGE, Theme
from flashgen.sale.brand.settings import BrandColours, BrandSettings
from flashgen.sale.load import Loaded

if TYPE_CHECKING:
    from flashgen.page.brand.fonts import BrandFont
    from flashgen.page.brand.logo import LogoPicture
    from flashgen.page.brand.stylesheet import Family

T = TypeVar("T")

_CHARACTERS_SHOWN = 8
_CARD_LOGO_WIDTH, _CARD_LOGO_HEIGHT = 480, 144
"""Pixels, twice what a social card shows of a logo."""

_PLACE = re.compile(r"\{[a-z_]+\}")
"""What a theme fills in."""


@dataclass(frozen=True)
class Brand:
    """What a sale's brand gives to its pages. Texts and links, which differ by language, are in `Sale.brand`.

    `light` and `dark` are always there: without colours of its own they are what a picture may be drawn in. `icons`
    replace assets of the theme; their keys are names in it. `files` are what it was made of.
    """

    name: str
    light: Palette
    dark: Palette
    has_colours: bool = False
    stylesheet: Asset | None = None
    logo: LogoPicture | None = None
    dark_logo: LogoPicture | None = None
    first_fonts: tuple[Asset, ...] = ()
    """The fonts that a page shows first, to be loaded early."""
    display_font: BrandFont | None = None
    icons: Mapping[str, Asset] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def assets(self) -> dict[str, Asset]:
        """Its files by the names that the Renderer asks for; icons by those of the theme."""
        pictures = {name: one.asset for name, one in (("logo", self.logo), ("dark logo", self.dark_logo)) if one}
        sheet = {"stylesheet": self.stylesheet} if self.stylesheet else {}
        return {**{f"brand {name}": each for name, each in {**sheet, **pictures}.items()}, **self.icons}

    @cached_property
    def card_look(self) -> CardLook:
        """How social cards are drawn: on the light background, with the light logo."""
        font = self.display_font.truetype if self.display_font else None
        logo = self.logo.png(_CARD_LOGO_WIDTH, _CARD_LOGO_HEIGHT) if self.logo else None
        if not self.has_colours:
            return CardLook(font=font, logo=logo)
        light = self.light
        return CardLook(
            ground=str(light.background),
            text=str(light.text),
            muted=str(light.muted),
            accent=str(light.accent),
            font=font,
            logo=logo,
        )


def make_brand(loaded: Loaded, theme: Theme, root: Path) -> Brand | None:
    """The brand of a sale; None if it has none. Raises InvalidInput with every problem."""
    if loaded.sale.brand is None:
        return None
    return _Maker(loaded, loaded.sale.brand, theme, root).make()


class _Maker:
    """Collects problems, so that one never hides another."""

    def __init__(self, loaded: Loaded, settings: BrandSettings, theme: Theme, root: Path) -> None:
        self._loaded = loaded
        self._settings = settings
        self._theme = theme
        self._root = root
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._files: list[Path] = []

    def make(self) -> Brand:
        from flashgen.page.brand.stylesheet import brand_stylesheet

        settings = self._settings
        light, dark = palettes(settings.colours)
        self._check_colours()
        self._check_texts()
        logo = self._picture(("logo", "light"), settings.logo.light) if settings.logo else None
        is_two = settings.logo and settings.logo.dark
        dark_logo = self._picture(("logo", "dark"), settings.logo.dark) if is_two and settings.logo else None
        mark = self._picture(("icon",), settings.icon) if settings.icon else None
        families = self._families()
        if self._problems:
            raise InvalidInput(self._problems)
        colours = (light, dark) if settings.colours != BrandColours() else None
        display = families[-1].first(families[-1].display_weight) if families else None
        firsts = [family.first(400 if family.role == "text" else family.display_weight) for family in families]
        return Brand(
            name=settings.name or self._loaded.sale.title,
            light=light,
            dark=dark,
            has_colours=colours is not None,
            stylesheet=brand_stylesheet(colours, families),
            logo=logo,
            dark_logo=dark_logo,
            first_fonts=tuple({font.asset.name: font.asset for font in firsts}.values()),
            display_font=display,
            icons=self._icons(mark or logo, light, display, is_mark=mark is not None),
            files=tuple(self._files),
            warnings=tuple(self._warnings),
        )

    def _check_colours(self) -> None:
        for pair in low_contrasts(self._settings.colours):
            path: KeyPath = ("brand", "colours", pair.key, pair.scheme)
            self._problems.append(self._loaded.problem(path, f"`{pair.key}` {pair.message}", pair.hint))

    def _check_texts(self) -> None:
        known = vars(self._theme.messages(FALLBACK_LANGUAGE))
        texts = [one for sale in self._loaded.sale.languages if sale.brand for one in sale.brand.texts.items()]
        for key, text in dict(texts).items():
            path: KeyPath = ("brand", "texts", key)
            if key not in known:
                message = f"unknown key `{key}`: theme `{self._theme.name}` has no such text"
                self._problems.append(self._loaded.problem(path, message, suggestion(key, known), at_key=True))
            elif missing := [place for place in _PLACE.findall(known[key]) if place not in text]:
                message = f"`{key}` must contain {', '.join(missing)}, as the theme's has it"
                self._problems.append(self._loaded.problem(path, message, f"the theme's is: {known[key]}"))

    def _picture(self, path: KeyPath, name: str | None) -> LogoPicture | None:
        from flashgen.page.brand.logo import read_logo

        return self._read(path, name, lambda file: read_logo(file, self._root)) if name else None

    def _read(self, path: KeyPath, name: str, read: Callable[[Path], T]) -> T | None:
        """What `read` makes of the file that is named at a path; None after a problem."""
        place: KeyPath = ("brand", *path)
        file = find_image(self._loaded.brand_folder(place), name, self._root)
        try:
            made = read(file)
        except BadImage as bad:
            self._problems.append(self._loaded.problem(place, f"`{path[0]}`: {bad.message}", bad.hint))
            return None
        self._files.append(file)
        return made

    def _families(self) -> tuple[Family, ...]:
        fonts = self._settings.fonts
        if not fonts.text and not fonts.display:
            return ()
        from flashgen.page.brand.characters import shown_characters, written_characters
        from flashgen.page.brand.fonts import read_font
        from flashgen.page.brand.stylesheet import Family

        written = written_characters(self._loaded.sale, self._theme)
        shown = shown_characters(self._loaded.sale, self._theme, written)

        def members(role: str, names: tuple[str, ...]) -> Iterator[BrandFont]:
            for index, name in enumerate(names):
                path: KeyPath = ("fonts", role, index)
                if made := self._read(path, name, lambda file: read_font(file, self._root, shown, written)):
                    self._warn_of_font(("brand", *path), made, written)
                    yield made

        families = (Family(role, tuple(members(role, getattr(fonts, role)))) for role in ("text", "display"))
        return tuple(family for family in families if family.fonts)

    def _warn_of_font(self, place: KeyPath, font: BrandFont, written: Counter[str]) -> None:
        if font.forbids_embedding:
            message = f"`{font.file.name}` says that its licence forbids embedding"
            self._warnings.append(self._loaded.problem(place, message, "ask its maker for a licence for the web"))
        if font.lacks:
            some = " ".join(font.lacks[:_CHARACTERS_SHOWN]) + (" …" if len(font.lacks) > _CHARACTERS_SHOWN else "")
            message = f"`{font.file.name}` lacks {counted(len(font.lacks), 'character')} of the texts: {some}"
            self._warnings.append(self._loaded.problem(place, message, "they are shown in the system's font"))

    def _icons(
        self, picture: LogoPicture | None, light: Palette, font: BrandFont | None, *, is_mark: bool
    ) -> Mapping[str, Asset]:
        if picture is None and self._settings.colours.accent is None and self._settings.name is None:
            return {}
        from flashgen.page.brand.icons import letter_icons, picture_icons

        if picture and (is_mark or picture.is_square):
            return picture_icons(picture, light.background)
        name = self._settings.name or self._loaded.sale.title
        return letter_icons(name, light.accent, light.on_accent, font.whole if font else None)
