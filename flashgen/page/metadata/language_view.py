"""A language of the sale, as templates see it."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale

from flashgen.sale.model import Sale


@dataclass(frozen=True, slots=True)
class LanguageView:
    """A language of the sale: its tag, its direction, its name in itself, the sale's title in it, and a URL."""

    lang: str
    dir: str
    name: str
    title: str
    url: str


def language_view(sale: Sale, url: str) -> LanguageView:
    """The view of the sale's own language; `url` is the page in it."""
    locale = Locale.parse(sale.locale, sep="-")
    name = locale.get_display_name(locale) or sale.locale
    return LanguageView(sale.locale, locale.text_direction, name[:1].upper() + name[1:], sale.title, url)
