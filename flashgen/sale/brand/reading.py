"""Reads the section `brand` of a sale and of flashgen.yaml.

A sale's own values come first, key by key: `colours.accent` of the sale goes before that of flashgen.yaml, and leaves
`colours.text` as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flashgen.document.builder import KeyPath
from flashgen.document.parse import Document
from flashgen.document.validation import validate
from flashgen.document.wording import quoted
from flashgen.errors import Problem
from flashgen.sale.brand.settings import LINKS, BrandSettings
from flashgen.sale.translation import IN_YAML, Reading, TextLocator, UnmatchedTexts, text_problems

NOTE = ("note",)
_SECTIONS = ("colours", "fonts", "links", "texts")
"""The keys whose own keys are taken one by one from the sale and from flashgen.yaml."""


@dataclass(frozen=True)
class BrandDocuments:
    """The files that may have a `brand`: the sale's first. It is a Locator of paths that begin with `brand`."""

    documents: tuple[Document, ...]

    @property
    def data(self) -> dict[str, Any]:
        """The section, with each value from the first file that has it."""
        merged: dict[str, Any] = {}
        for document in reversed(self.documents):
            section = document.data.get("brand") or {}
            for key, value in section.items() if isinstance(section, dict) else ():
                shared = merged.get(key)
                if key in _SECTIONS and isinstance(value, dict) and isinstance(shared, dict):
                    merged[key] = {**shared, **value}
                else:
                    merged[key] = value
        return merged

    def owner(self, path: KeyPath) -> Document:
        """The file that has the value at `path`."""
        steps = path[1:3] if len(path) > 2 and path[1] in _SECTIONS else path[1:2]
        return next((each for each in self.documents if _has(each.data.get("brand"), steps)), self.documents[0])

    def folder(self, path: KeyPath) -> Path:
        """Where the files lie that the value at `path` names."""
        return self.owner(path).file.parent

    def problem(self, path: KeyPath, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with the value at `path`, or with its key."""
        return self.owner(path).problem(path, message, hint, at_key=at_key)


def _has(data: object, steps: Sequence[object]) -> bool:
    for step in steps:
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


@dataclass(frozen=True, slots=True)
class BrandResult:
    """The brand in each locale, with problems and warnings. `by_locale` is empty if there is no brand."""

    by_locale: Mapping[str, BrandSettings]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def read_brand(documents: BrandDocuments, locales: Sequence[str]) -> BrandResult:
    """Read the section `brand` once for each of a sale's locales, the default first."""
    problems: list[Problem] = []
    for document in documents.documents:
        written = document.data.get("brand")
        if written and not isinstance(written, dict):
            problems.append(document.problem(("brand",), f"`brand` must be a mapping of keys, found {quoted(written)}"))
    data = documents.data
    if problems or not data:
        return BrandResult({}, tuple(problems), ())
    problems += _empty_colours(data.get("colours"), ("brand", "colours"), documents)
    problems += _text_problems(data, locales[0], documents)
    brands = {}
    for tag in locales:
        brands[tag], found = _in_locale(data, Reading(tag, locales[0]), documents)
        problems += found
    unmatched = UnmatchedTexts(NOTE, locales)
    unmatched.add(_only_read(data, locales), ("brand",))
    warnings = tuple(unmatched.warnings(documents, "brand", IN_YAML))
    return BrandResult({tag: one for tag, one in brands.items() if one}, tuple(problems), warnings)


def _only_read(data: Mapping[str, Any], locales: Sequence[str]) -> dict[str, Any]:
    """The note in this sale's languages: in flashgen.yaml it may have more, for other sales."""
    note = data.get("note")
    if not isinstance(note, dict):
        return {"note": note}
    tags = {Reading(tag, locales[0]).written_tag("note", note) for tag in locales}
    return {"note": {tag: text for tag, text in note.items() if tag in tags}}


def _empty_colours(colours: Any, path: KeyPath, documents: BrandDocuments) -> Iterator[Problem]:
    """Keys without a value, which would count as not given: `accent: #0b6e4f` is one, because a comment begins at #."""
    for key, value in colours.items() if isinstance(colours, dict) else ():
        if value == "":
            message = f"`{key}` is empty: YAML takes what begins with # for a comment"
            yield documents.problem((*path, key), message, f'write it in quotes, such as `{key}: "#0b6e4f"`')
        yield from _empty_colours(value, (*path, key), documents)


def _text_problems(data: Mapping[str, Any], default: str, documents: BrandDocuments) -> list[Problem]:
    problems = [*text_problems(data, NOTE, default, documents, ("brand",))]
    problems += text_problems(data.get("links"), LINKS, default, documents, ("brand", "links"))
    texts: Any = data.get("texts")
    for key in texts if isinstance(texts, dict) else ():
        # A text may be for other languages only: the theme has one for each.
        own = {key: {**texts[key], default: "…"}} if isinstance(texts[key], dict) else {}
        problems += text_problems(own, (key,), default, documents, ("brand", "texts"))
    return problems


def _in_locale(
    data: Mapping[str, Any], reading: Reading, documents: BrandDocuments
) -> tuple[BrandSettings | None, tuple[Problem, ...]]:
    links: Any = data.get("links")
    texts: Any = data.get("texts")
    own = Reading(reading.locale, reading.locale)
    note: dict[str, Any] = reading.row({key: data[key] for key in NOTE if key in data}, NOTE)
    row = {**data, **note}
    locator: Any = TextLocator(documents, ("brand",), data, reading)
    if isinstance(links, dict):
        row["links"] = reading.row(links, LINKS)
        locator = TextLocator(locator, ("brand", "links"), links, reading)
    if isinstance(texts, dict):
        is_default = reading.locale == reading.default
        kept = {key: value for key, value in texts.items() if is_default or isinstance(value, dict)}
        row["texts"] = own.row(kept, [*kept])
        locator = TextLocator(locator, ("brand", "texts"), kept, own)
    brand, problems = validate(BrandSettings, row, locator, ("brand",))
    return brand and brand.model_copy(update=reading.fallbacks(data, {"note": brand.note})), problems
