"""What the `<head>` of a page says to machines: its address, its languages, and how a messenger shows a link to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from babel import Locale
from babel.core import get_global
from markupsafe import Markup

DESCRIPTION_LENGTH = 160
"""Characters of a description that search engines show at most, about two lines."""


@dataclass(frozen=True, slots=True)
class CardView:
    """The picture that a messenger shows with a link: its absolute `url`, its size in pixels, and its text."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class AlternateView:
    """The page in another language: its tag, or `x-default` for readers of none of them; and its URL.

    The URL is absolute where the public address is known, else relative to the page.
    """

    lang: str
    url: str


@dataclass(frozen=True, slots=True)
class PageMeta:
    """A page's metadata. `canonical`, its own address, is absolute; empty where the public address is not known.

    `kind` is Open Graph's type, `locale` Open Graph's form of the language, such as `de_DE`. Where `is_hidden`, search
    engines are asked not to list the page.
    """

    title: str
    description: str
    kind: str
    canonical: str
    locale: str
    other_locales: tuple[str, ...]
    alternates: tuple[AlternateView, ...]
    is_hidden: bool
    card: CardView | None
    structured_data: Markup


@cache
def open_graph_locale(tag: str) -> str:
    """`de` as `de_DE`: Open Graph wants a country, so it is the one where most of its readers are."""
    locale = Locale.parse(tag, sep="-")
    if locale.territory:
        return f"{locale.language}_{locale.territory}"
    likely = get_global("likely_subtags")
    full = likely.get(f"{locale.language}_{locale.script}") if locale.script else None
    territory = (full or likely.get(locale.language) or "").rpartition("_")[2]
    return f"{locale.language}_{territory}" if territory else locale.language


def shortened(text: Markup | str) -> str:
    """A text without its HTML, cut at a word to at most DESCRIPTION_LENGTH characters."""
    plain = text.striptags() if isinstance(text, Markup) else " ".join(text.split())
    if len(plain) <= DESCRIPTION_LENGTH:
        return plain
    cut = plain[: DESCRIPTION_LENGTH - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:.–-") + "…"
