"""The models of the section `brand`: colours, logo, fonts, footer and texts."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import text
from flashgen.sale.order import url

LINKS = ("imprint", "privacy", "terms", "returns")
"""The links of the footer, in their order. A theme's texts have a word for each."""

MAX_FONT_FILES = 6
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_RELATIVE = re.compile(r"(?:\.\./)*[A-Za-z0-9._~%-][A-Za-z0-9._~%/?&=#-]*")


def colour(value: object) -> str:
    """A colour as `#rrggbb`, in lower case."""
    written = text.given(value).strip().lower()
    if not _HEX.fullmatch(written):
        raise InvalidValue(
            f"must be a colour such as #0b6e4f, found {quoted(value)}", "write it in quotes: YAML takes # for a comment"
        )
    return written if len(written) == 7 else "#" + "".join(digit * 2 for digit in written[1:])


def link(value: object) -> str:
    """An https URL, or a path that is relative to the sale's page."""
    written = text.given(value).strip()
    if written.startswith("/"):
        hint = f"write `..{written}`, or the https URL: the sale's page may lie in any folder"
        raise InvalidValue(f"must be an https URL, or relative to the sale's page, found {quoted(written)}", hint)
    if _RELATIVE.fullmatch(written) and "//" not in written:
        return written
    return url(written.split("#")[0]) + written[len(written.split("#")[0]) :]


class _LightAndDark(Model):
    """One value for light pages, and one for dark pages."""

    @model_validator(mode="before")
    @classmethod
    def _one_for_both(cls, data: Any) -> Any:
        return {"light": data} if isinstance(data, str) else data


class ColourPair(_LightAndDark):
    """A colour in light and in dark. Without `dark`, one is made that can be read."""

    light: Annotated[str, BeforeValidator(colour)] = Field(description="`#rrggbb`.", examples=['"#0b6e4f"'])
    dark: Annotated[str, BeforeValidator(colour)] | None = Field(default=None, description="`#rrggbb`.")

    @model_validator(mode="before")
    @classmethod
    def _checked(cls, data: Any) -> Any:
        """One colour alone is checked here, so that a message names its key and not `light`."""
        return colour(data) if isinstance(data, str) else data


class BrandColours(Model):
    """A few colours; a page's others are made from them."""

    accent: ColourPair | None = Field(default=None, description="Buttons, links, the countdown.", examples=["#0b6e4f"])
    background: ColourPair | None = Field(default=None, description="The page.", examples=["#ffffff"])
    text: ColourPair | None = Field(default=None, description="Text.", examples=["#10201a"])


class LogoFiles(_LightAndDark):
    """A picture beside the file that names it."""

    light: Annotated[str, text.line(500)] = Field(description=".svg, .png, .webp or .jpg.", examples=["logo.svg"])
    dark: Annotated[str, text.line(500)] | None = Field(default=None, description="For dark pages.")


def _font_files(value: object) -> object:
    files = (value,) if isinstance(value, str) else value
    if isinstance(files, list | tuple) and len(files) > MAX_FONT_FILES:
        raise InvalidValue(f"must have at most {MAX_FONT_FILES} files, found {len(files)}", "each costs a request")
    return files


_FontFiles = Annotated[tuple[Annotated[str, text.line(500)], ...], BeforeValidator(_font_files)]


class BrandFonts(Model):
    """Files of fonts, one for each weight and slope."""

    text: _FontFiles = Field(default=(), description=".woff2, .ttf or .otf for all texts.", examples=["Text.woff2"])
    display: _FontFiles = Field(
        default=(), description="For headings, digits and prices; `text` without it.", examples=["Title.woff2"]
    )


class BrandLinks(Model):
    """Links at the end of each page: an https URL or a path from the sale's page; one text, or one by language."""

    imprint: Annotated[str, BeforeValidator(link)] | None = Field(default=None, description="Who runs the shop.")
    privacy: Annotated[str, BeforeValidator(link)] | None = Field(default=None, description="The privacy policy.")
    terms: Annotated[str, BeforeValidator(link)] | None = Field(default=None, description="Terms and conditions.")
    returns: Annotated[str, BeforeValidator(link)] | None = Field(default=None, description="Returns and refunds.")


class BrandSettings(Model):
    """How the pages of any theme become a brand's own."""

    name: Annotated[str, text.line(100)] | None = Field(
        default=None, description="The brand's name, which is the logo's text.", examples=["Aurore"]
    )
    colours: BrandColours = Field(default=BrandColours(), description="Contrasts are checked.")
    logo: LogoFiles | None = Field(default=None, description="On every page; `{light: …, dark: …}` for two.")
    icon: Annotated[str, text.line(500)] | None = Field(
        default=None,
        description="A square picture for the browser's tab; else the logo if it is square, else a letter.",
    )
    fonts: BrandFonts = Field(default=BrandFonts(), description="Only the characters of the pages are sent.")
    links: BrandLinks = Field(default=BrandLinks(), description="Links at the end of each page.")
    note: Annotated[str, text.line(500)] | None = Field(
        default=None, description="On VAT and shipping, at the end of each page.", examples=["incl. VAT"]
    )
    texts: dict[str, Annotated[str, text.line(300)]] = Field(
        default_factory=dict, description="In place of the theme's texts, by their keys."
    )

    @field_validator("texts", mode="before")
    @classmethod
    def _no_empty_texts(cls, value: object) -> object:
        return {key: each for key, each in value.items() if each != ""} if isinstance(value, dict) else value
