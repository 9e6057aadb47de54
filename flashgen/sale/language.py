"""Reads the locale of a sale: a BCP 47 tag that Babel has data for."""

from __future__ import annotations

import re

from babel.core import Locale, UnknownLocaleError

from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale.text import given

MAX_LOCALES = 50
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?")


def locale(value: object) -> str:
    """`de`, `pt-BR`, `zh-Hans-CN`: language, script and region in the case BCP 47 recommends (2.1.1)."""
    text = given(value)
    tag = normal_tag(text)
    if tag is None:
        raise InvalidValue(f"must be a language tag, found {quoted(text)}", "write it as de, pt-BR or zh-CN")
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        language = tag.partition("-")[0]
        raise InvalidValue(f"must be a locale that Babel knows, found {quoted(text)}", _hint(language)) from None
    return tag


def locales(value: object) -> tuple[str, ...]:
    """The languages of a sale, the first of which is its default: 1 to MAX_LOCALES different tags."""
    if isinstance(value, tuple):  # a sale that was read before
        return value
    if not isinstance(value, list):
        raise InvalidValue(f"must be a list, found {quoted(value)}", "write it as [de, en]; `locale` is for one")
    tags = tuple(map(locale, value))
    if not 1 <= len(tags) <= MAX_LOCALES:
        raise InvalidValue(f"must have 1 to {MAX_LOCALES} language tags, found {len(tags)}")
    if twice := next((tag for index, tag in enumerate(tags) if tag in tags[:index]), None):
        raise InvalidValue(f"must not name a locale twice, found {twice} again", "keep one of them")
    return tags


def normal_tag(text: str) -> str | None:
    """The tag in its usual case, with hyphens; None if the text is not a tag."""
    match = _TAG.fullmatch(text)
    if not match:
        return None
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def lookup_chain(tag: str) -> tuple[str, ...]:
    """The tag and its fallbacks, the most specific first (RFC 4647, 3.4): `de-AT`, `de`."""
    parts = tag.split("-")
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def message_chain(tag: str) -> tuple[str, ...]:
    """The tags under which a theme may have texts, the most general first: `zh`, `zh-Hant`, `zh-Hant-HK`, `zh-HK`.

    They include the script that a region implies (CLDR's likely subtags): Hong Kong reads the same script as Taiwan.
    Norwegian of any kind begins with Bokmål, which every Norwegian reads.
    """
    known = Locale.parse(tag, sep="-")
    script = [f"{known.language}-{known.script}"] if known.script else []
    bokmal = ["nb"] if known.language in ("no", "nn") else []
    return tuple(dict.fromkeys([*bokmal, known.language, *script, *reversed(lookup_chain(tag))]))


def _hint(language: str) -> str:
    try:
        Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return "write it as de, pt-BR or zh-CN"
    return f"did you mean `{language}`?"
