"""What a heading means: the columns of flashgen, Shopify and Google Merchant, and common words of many languages."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from itertools import pairwise, zip_longest
from pathlib import Path

from flashgen.sale.language import lookup_chain, normal_tag
from flashgen.sale.money import known_currencies

COLUMNS = (
    "sku",
    "slug",
    "name",
    "price",
    "list_price",
    "stock",
    "image",
    "images",
    "gtin",
    "summary",
    "description",
    "description_format",
    "category",
    "specs",
)
"""The keys of a product, which are the columns of flashgen's own format."""

REQUIRED = ("sku", "name", "price")
TRANSLATED = frozenset({"slug", "name", "image", "summary", "description", "category", "specs"})
"""Keys that may have a column for each language, such as `name:de`."""


class Format(StrEnum):
    """The names that the columns of a feed have."""

    FLASHGEN = "flashgen"
    SHOPIFY = "shopify"
    MERCHANT = "merchant"


TITLES = {
    Format.FLASHGEN: "flashgen's columns",
    Format.SHOPIFY: "Shopify export",
    Format.MERCHANT: "Google Merchant feed",
}

# A role is a key of a product, or a value that a product is made from: `group`, `option1`, `sale_price`, `position`.
_SHOPIFY = {
    "handle": "group",
    "url handle": "group",
    "title": "name",
    "body (html)": "description",
    "body html": "description",
    "description": "description",
    "variant sku": "sku",
    "sku": "sku",
    "variant price": "price",
    "price": "price",
    "variant compare at price": "list_price",
    "compare at price": "list_price",
    "variant inventory qty": "stock",
    "inventory quantity": "stock",
    "variant barcode": "gtin",
    "barcode": "gtin",
    "variant inventory tracker": "tracker",
    "inventory tracker": "tracker",
    "image src": "image",
    "product image url": "image",
    "image position": "position",
    "type": "category",
    "product category": "taxonomy",
    "variant image": "variant_image",
    "variant image url": "variant_image",
    **{f"option{number} value": f"option{number}" for number in (1, 2, 3)},
}
_MERCHANT = {
    "id": "sku",
    "title": "name",
    "description": "description",
    "price": "price",
    "sale price": "sale_price",
    "sale price effective date": "sale_window",
    "image link": "image",
    "additional image link": "images",
    "item group id": "group",
    "availability": "availability",
    "product type": "category",
    "google product category": "taxonomy",
    "gtin": "gtin",
    "quantity": "stock",
    "sell on google quantity": "stock",
    "color": "option1",
    "colour": "option1",
    "size": "option2",
    "pattern": "option3",
    "material": "option4",
}
_MERCHANT_ONLY = frozenset(
    [
        "sale price",
        "image link",
        "additional image link",
        "item group id",
        "availability",
        "gtin",
        "mpn",
        "google product category",
    ]
)
ROLES = {Format.SHOPIFY: _SHOPIFY, Format.MERCHANT: _MERCHANT}

_FEWEST_HEADINGS = 2
_SIMILAR = 0.8
"""How alike two words must be, from 0 to 1: `Pries` is meant to be `Preis`, `cost` is not `code`."""

_BLANKS = re.compile(r"[\s_.:/\-]+")
_UNIT = re.compile(r"[\s(\[]+(?:in\s+)?([A-Za-z]{3}|[€$£¥])[\s)\]]*$")
_NUMBERED = re.compile(r" ?[0-9]{1,2}$")


def plain(heading: str) -> str:
    """A heading as headings are compared: without case, `g:` and punctuation between its words; `#` is `no`."""
    text = unicodedata.normalize("NFKC", heading).casefold().strip().removeprefix("g:").replace("#", " no ")
    return _BLANKS.sub(" ", text).strip()


def normal(heading: str) -> str:
    """A heading as flashgen spells it: `list_price` for `List Price`, `name:de-AT` for `name:de_AT`."""
    key, colon, tag = heading.strip().partition(":")
    spelled = key.strip().lower().replace(" ", "_")
    key = spelled if spelled in COLUMNS else key
    return f"{key}:{normal_tag(tag) or tag}" if colon else key


def format_of(header: Sequence[str]) -> Format:
    """The format with these headings; flashgen's own if they are not those of an export."""
    names = {plain(heading) for heading in header}
    roles = {_SHOPIFY.get(name) for name in names}
    if "group" in roles and roles & {"name", "option1"} and roles & {"sku", "price"} and not names >= set(REQUIRED):
        return Format.SHOPIFY
    if {"id", "title", "price"} <= names and names & _MERCHANT_ONLY:
        return Format.MERCHANT
    return Format.FLASHGEN


def known_count(cells: Sequence[str]) -> int:
    """How many cells of a row are known as headings, in any format and language."""
    return sum(map(_is_known, cells))


@dataclass(frozen=True, slots=True)
class Headings:
    """Where the headings are: the row, from 0, how many rows they take, and the names that those make together."""

    row: int
    height: int
    names: tuple[str, ...]


def find_headings(rows: Sequence[Sequence[str]], known: Callable[[str], bool]) -> Headings:
    """The first row that names what every product needs, alone or with the one below, else the one that names most.

    `known` tells whether a heading is one that the YAML names.
    """
    for row, cells in enumerate(rows):
        if _is_complete(cells):
            names = tuple(cells)
            return Headings(row, 2 if row + 1 < len(rows) and _explains(rows[row + 1], names) else 1, names)
    for row, (upper, lower) in enumerate(pairwise(rows)):
        if _is_complete(names := _together(upper, lower)):
            return Headings(row, 2, names)
    counts = [sum(_is_known(cell) or known(cell) for cell in cells) for cells in rows]
    row = next((row for row, count in enumerate(counts) if count >= _FEWEST_HEADINGS), 0)
    return Headings(row, 1, tuple(rows[row]))


def has_headings(rows: Sequence[Sequence[str]]) -> bool:
    """Whether one of these rows, or two together, name what every product needs."""
    return any(map(_is_complete, rows)) or any(_is_complete(_together(*both)) for both in pairwise(rows))


def _is_complete(cells: Sequence[str]) -> bool:
    roles = {_role_in_any_format(cell) for cell in cells}
    return {"sku", "name"} <= roles and bool(roles & {"price", "sale_price"})


def _role_in_any_format(cell: str) -> str:
    key, name = normal(cell).partition(":")[0], plain(cell)
    return key if key in COLUMNS else _SHOPIFY.get(name) or _MERCHANT.get(name) or role_of(cell, "en")


def _explains(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row below the headings says more of them, such as units: it has no number, and neither SKU nor name."""
    roles = dict(zip(map(_role_in_any_format, names), cells, strict=False))
    has_digit = any(each.isdecimal() for cell in cells for each in cell)
    return not has_digit and not roles.get("sku", "").strip() and not roles.get("name", "").strip()


def _together(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Headings of two rows. A heading of the upper row counts for the empty cells beside it, as merged cells do."""
    names, above = [], ""
    for over, under in zip_longest(upper, lower, fillvalue=""):
        above = over.strip() or (above if under.strip() else "")
        both = f"{above} {under}".strip()
        candidates = (both, both.replace(" ", ""), under.strip(), over.strip())
        names.append(next((text for text in candidates if text and _is_known(text)), both))
    return tuple(names)


def heading_for(key: str, format: Format, locale: str) -> str:
    """The usual heading of a key of a product in this format and language."""
    if format is not Format.FLASHGEN:
        return next((heading for heading, role in ROLES[format].items() if role == key), key)
    languages = _languages()
    return next((languages[tag][key][0] for tag in lookup_chain(locale) if key in languages.get(tag, {})), key)


def meant_by(heading: str, format: Format, language: str) -> tuple[str, str]:
    """The role that a misspelt heading probably means, and the word for it: one of the format, else of any language,
    the given one first. Both are empty if no word is close, or if it has several roles.
    """
    own, words = ROLES.get(format, {}), _words()
    if close := get_close_matches(plain(heading), own, n=1, cutoff=_SIMILAR):
        return own[close[0]], close[0]
    close = get_close_matches(plain(heading), words, n=5, cutoff=_SIMILAR)
    word = next((each for each in close if language in words[each]), "".join(close[:1]))
    roles = {*words.get(word, {}).values()}
    return (roles.pop(), word) if len(roles) == 1 else ("", "")


def language_of(headings: Iterable[str]) -> str:
    """The language whose words most of the headings are; empty if there is none, or several have as many."""
    counts = Counter(tag for heading in headings for tag in _words().get(plain(heading), ()))
    (first, most), (_, second) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    return first if most > second else ""


def role_of(heading: str, locale: str) -> str:
    """The role that the words of a heading mean; empty if they mean none, or several.

    A word that means different roles in different languages has the meaning of the locale's language, else of English.
    """
    name = plain(heading)
    for text in dict.fromkeys((name, plain(_without_currency(heading)))):
        if by_language := _words().get(text):
            roles = set(by_language.values())
            own = next((by_language[tag] for tag in lookup_chain(locale) if tag in by_language), "")
            return own or (roles.pop() if len(roles) == 1 else by_language.get("en", ""))
    if _NUMBERED.search(name) and role_of(_NUMBERED.sub("", name), locale) in ("image", "images"):
        return "images"
    return ""


def unit_of(heading: str) -> str:
    """The currency at the end of a heading such as `Preis (EUR)`: a sign or a code in capitals, else empty."""
    found = _UNIT.search(heading)
    return found[1] if found and not found[1].islower() else ""  # all and top are codes, and words


def _without_currency(heading: str) -> str:
    """`Preis` for `Preis (EUR)`, or for `Preis in €`; `Preis UVP` is another heading."""
    found = _UNIT.search(heading)
    is_currency = found and (not found[1].isalpha() or found[1].upper() in known_currencies())
    return heading[: found.start()] if found and is_currency else heading


def _is_known(cell: str) -> bool:
    name = plain(cell)
    key = normal(cell).partition(":")[0]
    return key in COLUMNS or name in _SHOPIFY or name in _MERCHANT or bool(role_of(cell, "en")) or name in _words()


@cache
def _words() -> dict[str, dict[str, str]]:
    """For each word its role by language."""
    words: dict[str, dict[str, str]] = {}
    for language, roles in _languages().items():
        for role, synonyms in roles.items():
            for word in synonyms:
                words.setdefault(plain(word), {})[language] = role
    return words


@cache
def _languages() -> dict[str, dict[str, list[str]]]:
    """The words of each role, by language."""
    words: dict[str, dict[str, list[str]]] = json.loads(
        Path(__file__).with_name("words.json").read_text(encoding="utf-8")
    )
    return words
