"""The locale of a sale: a BCP 47 tag whose languages, numbers and dates Babel knows."""

from __future__ import annotations

import re

from babel.core import Locale, UnknownLocaleError

from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale.text import given

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


def normal_tag(text: str) -> str | None:
    """The tag in its usual case with hyphens, or None if it has not the form of one."""
    match = _TAG.fullmatch(text)
    if not match:
        return None
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def lookup_chain(tag: str) -> tuple[str, ...]:
    """The tag and what it falls back to, most special first (RFC 4647, 3.4): `de-AT`, `de`."""
    parts = tag.split("-")
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def message_chain(tag: str) -> tuple[str, ...]:
    """Where a page's texts are looked for, most general first: `zh`, `zh-Hant`, `zh-Hant-HK`, `zh-HK`.

    A script that a region implies counts (CLDR's likely subtags): readers in Hong Kong expect what Taiwan's read.
    """
    known = Locale.parse(tag, sep="-")
    script = [f"{known.language}-{known.script}"] if known.script else []
    return tuple(dict.fromkeys([known.language, *script, *reversed(lookup_chain(tag))]))


def _hint(language: str) -> str:
    try:
        Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return "write it as de, pt-BR or zh-CN"
    return f"did you mean `{language}`?"
