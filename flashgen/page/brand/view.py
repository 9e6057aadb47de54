"""What templates see of a brand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

from flashgen.page.brand.brand import Brand
from flashgen.page.brand.logo import LogoPicture
from flashgen.sale.brand.settings import LINKS, BrandSettings

AssetUrl = Callable[[str], str]
"""Gives the URL of an asset by its name in `Brand.assets`, and notes that a page uses it."""


@dataclass(frozen=True, slots=True)
class LogoView:
    """A logo's picture: `src` relative to the page, its size in pixels, and one for dark pages if it is another."""

    src: str
    width: int
    height: int
    dark: LogoView | None = None


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link in the footer."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class BrandView:
    """What the sale's brand puts on each page, besides texts. URLs are relative to the page.

    `fonts` are the files that a page loads first. `stylesheet` is empty if there are no colours and fonts.
    """

    name: str = ""
    stylesheet: str = ""
    fonts: tuple[str, ...] = ()
    logo: LogoView | None = None
    note: str = ""
    links: tuple[LinkView, ...] = ()


NO_BRAND = BrandView()
"""What templates see of a sale without a brand."""


def brand_view(brand: Brand, settings: BrandSettings, texts: SimpleNamespace, root: str, url: AssetUrl) -> BrandView:
    """A brand on one page, in the language of `settings` and `texts`. `root` leads to the sale's folder."""
    assets = url("") if brand.first_fonts else ""
    return BrandView(
        name=brand.name,
        stylesheet=url("brand stylesheet") if brand.stylesheet else "",
        fonts=tuple(f"{assets}{font.name}" for font in brand.first_fonts),
        logo=_logo_view(brand, url) if brand.logo else None,
        note=settings.note or "",
        links=tuple(
            LinkView(target if "://" in target else root + target, getattr(texts, name))
            for name in LINKS
            if (target := getattr(settings.links, name))
        ),
    )


def _logo_view(brand: Brand, url: AssetUrl) -> LogoView:
    dark = _one_logo(brand.dark_logo, url("brand dark logo"), None) if brand.dark_logo else None
    assert brand.logo  # noqa: S101  the caller asked
    return _one_logo(brand.logo, url("brand logo"), dark)


def _one_logo(picture: LogoPicture, src: str, dark: LogoView | None) -> LogoView:
    return LogoView(src, picture.width, picture.height, dark)
