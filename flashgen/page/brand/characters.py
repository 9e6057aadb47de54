"""The characters that the pages of a sale can show: those of its texts, and those that are made of them."""

from __future__ import annotations

import html
import string
from collections import Counter
from collections.abc import Iterator

from babel import Locale

from flashgen.page.locale_format import LocaleFormat
from flashgen.page.theme import Theme
from flashgen.sale.model import Sale

_THEME_FILES = (".html", ".css", ".js")


def written_characters(sale: Sale, theme: Theme) -> Counter[str]:
    """How often each character is in the texts of a sale, its brand and its theme, in all languages."""
    counts: Counter[str] = Counter()
    for one in sale.languages:
        for text in (*_own_texts(one), *vars(theme.messages(one.locale)).values()):
            counts.update(html.unescape(text))
    return Counter({each: count for each, count in counts.items() if each.isprintable() and not each.isspace()})


def shown_characters(sale: Sale, theme: Theme, written: Counter[str]) -> frozenset[str]:
    """The characters of the texts in both cases, of numbers, money and dates, of the theme's files, and ASCII.

    Scripts format times in the visitor's zone, so all names of CLDR's calendar count.
    """
    shown = set(string.printable) | set(written)
    for one in sale.languages:
        shown.update(*_formatted(one))
    for path in theme.files():
        if path.suffix in _THEME_FILES:
            shown.update(path.read_text(encoding="utf-8", errors="ignore"))
    shown.update(*(each.upper() for each in shown), *(each.lower() for each in shown))
    return frozenset(each for each in shown if each.isprintable() or each.isspace())


def _own_texts(sale: Sale) -> Iterator[str]:
    yield from (sale.title, sale.description)
    if brand := sale.brand:
        yield from (brand.name or "", brand.note or "", *brand.texts.values())
    for product in sale.products:
        yield from (product.name, product.summary, product.description, product.sku)


def _formatted(sale: Sale) -> Iterator[str]:
    formats, locale = LocaleFormat(sale.locale, sale.currency, sale.zone), Locale.parse(sale.locale, sep="-")
    for product in sale.products[:1]:
        yield formats.money(product.price)
        yield formats.saving(product.price, product.price * 2)
    yield from (formats.date_and_time(sale.starts_at), formats.date_and_time(sale.ends_at))
    for calendar in (locale.months, locale.days, locale.day_periods):
        for names in calendar.values():
            yield from (name for width in names.values() for name in width.values())
    yield from (name for symbols in locale.number_symbols.values() for name in symbols.values())
    for other in sale.locales:
        known = Locale.parse(other, sep="-")
        yield known.get_display_name(known) or ""
