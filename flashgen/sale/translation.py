"""Texts in several languages: `name: {de: Mütze, en: Hat}`, where one text alone is in the sale's first locale.

A table has one for each language, too: `specs: {de: {Stoff: Leinen}, en: {Fabric: linen}}`.

Models know one language. So the data is read once for each locale, with the text of that locale in each place.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flashgen.document.builder import KeyPath
from flashgen.document.validation import Locator
from flashgen.document.wording import counted, quoted
from flashgen.errors import Problem
from flashgen.sale.language import lookup_chain, normal_tag

IN_YAML = "write `{key}: {{{default}: …, {locale}: …}}`"
IN_FEED = "fill a column `{key}:{locale}`"
"""How a missing text is written."""

TABLES = frozenset({"specs"})
"""Keys whose value is a mapping in one language, too."""


START, LANG_END, END = "\ue010", "\ue012", "\ue011"
"""Private-use characters around a part of a page in another language, and after its tag; gate/forms.py has others."""


def marked(text: str, lang: str) -> str:
    """A text, or HTML, with marks that say its language. `page/foreign_parts.py` makes attributes of them."""
    return f"{START}{lang}{LANG_END}{text}{END}"


class FallbackText(str):
    """A text in another language than its sale: in `lang`. A template that writes it whole writes its marks, too."""

    lang: str

    def __new__(cls, text: str, lang: str) -> FallbackText:
        self = super().__new__(cls, text)
        self.lang = lang
        return self

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.lang

    def __html__(self) -> str:
        return marked(html.escape(self), self.lang)


@dataclass(frozen=True, slots=True)
class Reading:
    """How texts are read: in `locale`, else in `default`, the sale's first locale."""

    locale: str
    default: str

    def row(self, row: Any, keys: Sequence[str]) -> Any:
        """The mapping `row` with one text for each of `keys`; an empty one if there is none. Other data as it is."""
        if is_one_language(row):
            return row
        return {key: self._text(key, value) if key in keys else value for key, value in row.items()}

    def has_own_text(self, key: str, value: object) -> bool:
        """Whether the value of `key` has a text in `locale`, so that it need not fall back."""
        return _find(_by_language(key, value), self.locale) is not None

    def fallbacks(self, row: Any, texts: Mapping[str, object]) -> dict[str, FallbackText | dict[str, str]]:
        """Those of `texts`, which were read from `row`, that are in the default language instead.

        Of a table, both names and values are.
        """
        if self.locale == self.default or not isinstance(row, dict):
            return {}
        return {
            key: self._fallback(text)
            for key, text in texts.items()
            if isinstance(text, str | dict) and text and not self.has_own_text(key, row.get(key))
        }

    def _fallback(self, text: str | Mapping[str, str]) -> FallbackText | dict[str, str]:
        if isinstance(text, str):
            return FallbackText(text, self.default)
        return {FallbackText(name, self.default): FallbackText(value, self.default) for name, value in text.items()}

    def written_tag(self, key: str, value: object) -> str | None:
        """The tag of the text that counts, as the file spells it; None for a value of one language."""
        texts = _by_language(key, value)
        return _find(texts, self.locale) or _find(texts, self.default)

    def _text(self, key: str, value: object) -> object:
        texts = _by_language(key, value)
        if not texts:
            return value
        found = self.written_tag(key, value)
        return texts[found] if found else ""


def _by_language(key: str, value: object) -> Mapping[str, Any]:
    """The texts of `key` by language tag; empty for a value of one language."""
    if not isinstance(value, dict) or (key in TABLES and not all(map(_is_table_of, value, value.values()))):
        return {}
    return value


def _is_table_of(tag: str, value: object) -> bool:
    """Whether a value may be the table of a language: a mapping, or a cell of a feed such as `Size: 60 cm`."""
    return normal_tag(tag) is not None and (isinstance(value, dict) or ":" in str(value) or value == "")


def _find(texts: Mapping[str, Any], locale: str) -> str | None:
    """The key of the best text for a locale: `de-AT`, else `de`. An empty text counts as none."""
    written = {normal_tag(key): key for key in reversed([*texts]) if texts[key] != ""}
    return next((written[tag] for tag in lookup_chain(locale) if tag in written), None)


@dataclass(frozen=True, slots=True)
class TextLocator:
    """A Locator of `row`, which is at `path` in `locator`: a problem with a text is at the language that was read."""

    locator: Locator
    path: KeyPath
    row: Any
    reading: Reading

    def problem(self, path: KeyPath, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with the value at `path`, or with its key."""
        if not at_key and isinstance(self.row, dict) and path[:-1] == self.path:
            tag = self.reading.written_tag(str(path[-1]), self.row.get(path[-1]))
            path = (*path, tag) if tag else path
        return self.locator.problem(path, message, hint, at_key=at_key)


def is_one_language(row: object) -> bool:
    """Whether data has no mapping in it, and so no text for each language. A feed of 100,000 rows asks for each."""
    return not isinstance(row, dict) or dict not in map(type, row.values())


def text_problems(
    row: object, keys: Sequence[str], default: str, locator: Locator, path: KeyPath, hint: str = IN_YAML
) -> Iterator[Problem]:
    """Texts whose keys are no language tags, and texts that the `default` locale lacks.

    `hint` is IN_YAML or IN_FEED.
    """
    texts = {key: _by_language(key, row.get(key)) for key in keys} if isinstance(row, dict) else {}
    for key, by_tag in texts.items():
        wrong = [tag for tag in by_tag if normal_tag(tag) is None]
        for tag in wrong:
            message = f"`{key}` has texts by language tag, found {quoted(tag)}"
            yield locator.problem((*path, key, tag), message, "write the tag as de, pt-BR or zh-CN", at_key=True)
        if by_tag and not wrong and _find(by_tag, default) is None:
            message = f"`{key}` has no text in {default}, the sale's first locale"
            fix = f"add `{default}: …` to its texts" if hint == IN_YAML else hint.format(key=key, locale=default)
            yield locator.problem((*path, key), message, fix)


class UnmatchedTexts:
    """Counts the texts that the default locale has and another lacks, and the texts that no locale reads.

    There is one warning for each key and language.
    """

    def __init__(self, keys: Sequence[str], locales: Sequence[str]) -> None:
        self._keys = keys
        self._locales = locales
        self._readings = [Reading(locale, locales[0]) for locale in locales[1:]]
        self._read = {tag for locale in locales for tag in lookup_chain(locale)}
        self._missing: dict[tuple[str, str], tuple[KeyPath, int]] = {}
        self._unread: dict[tuple[str, str], tuple[KeyPath, int]] = {}

    def add(self, row: object, path: KeyPath) -> None:
        """Note what the row at `path` lacks, and what it has in vain."""
        for key in self._keys if isinstance(row, dict) else ():
            value = row.get(key) if isinstance(row, dict) else None
            for reading in self._readings if value else ():
                if not reading.has_own_text(key, value):
                    first, count = self._missing.get((key, reading.locale), ((*path, key), 0))
                    self._missing[key, reading.locale] = first, count + 1
            for written in _by_language(key, value):
                tag = normal_tag(written)
                if tag and tag not in self._read:
                    first, count = self._unread.get((key, tag), ((*path, key, written), 0))
                    self._unread[key, tag] = first, count + 1

    def warnings(self, locator: Locator, noun: str, hint: str) -> Iterator[Problem]:
        """One for each key and language, at the first place. `noun` names a row, `hint` is IN_YAML or IN_FEED."""
        for (key, locale), (path, count) in self._missing.items():
            message = f"`{key}` has no text in {locale}{_for(count, noun)}: the one in {self._locales[0]} is shown"
            yield locator.problem(path, message, hint.format(key=key, default=self._locales[0], locale=locale))
        for (key, tag), (path, count) in self._unread.items():
            message = f"`{key}` has a text in {tag}{_for(count, noun)}, which no page shows"
            yield locator.problem(path, message, unread_hint(self._locales, tag), at_key=True)


def unread_hint(locales: Sequence[str], tag: str) -> str:
    """How texts in `tag`, which is none of the sale's `locales`, are shown."""
    if meant := next((each for each in locales if each.partition("-")[0] == tag.partition("-")[0]), None):
        return f"write {meant} in place of {tag}, or delete it"
    instead = " in place of `locale`" if len(locales) == 1 else ""
    return f"write `locales: [{', '.join((*locales, tag))}]`{instead} to show it, or delete it"


def _for(count: int, noun: str) -> str:
    return f" for {counted(count, noun)}" if count > 1 else ""
