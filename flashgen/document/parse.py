"""A YAML file as plain data, where every scalar stays the text that was written, and every value knows its place.

One pass over libyaml's events: PyYAML's composer recurses, and overflows the stack at 100,000 nestings; its resolver
turns `20:00` into 1200 and `NO` into False. Nothing here knows of sales: settings and themes are read with it too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import yaml

from flashgen.document.builder import Node, Note, Place, Tree
from flashgen.document.positions import Places, Span
from flashgen.document.source import Rules, Source, read_source
from flashgen.document.syntax import plain_words
from flashgen.errors import InvalidInput, Problem, Where

RULES = Rules(
    max_bytes=32 << 20,
    too_large_hint="put the products in a CSV feed: `products: {from: products.csv}`",
    encoding_hint='save it as UTF-8 (in most editors: "save with encoding")',
)


@dataclass(frozen=True)
class Document:
    """A parsed file. `data` holds dicts, lists and text only; what is empty, `null` or `~` is the empty text."""

    source: Source
    data: dict[str, Node] = field(repr=False)

    @property
    def file(self) -> Path:
        """The file it was read from, as the caller named it."""
        return self.source.file

    def where(self, path: Place, *, at_key: bool = False) -> Where:
        """The place of the value at `path`, or of its key; for what is not there, of its nearest ancestor."""
        span = self.span(path)
        return self.source.where(span.key if at_key else span.start)

    def quote(self, line: int) -> str:
        """A line as it stands in the file, counted from 1."""
        return self.source.quote(line)

    def problem(self, path: Place, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with the value at `path`, or with its key; place and line are filled in."""
        where = self.where(path, at_key=at_key)
        return Problem(where, message, hint, dotted(path), self.quote(where.line))

    def span(self, path: Place) -> Span:
        """Offsets of the value at `path`, or of its nearest ancestor."""
        while path not in self._spans:
            path = path[:-1]
        return self._spans[path]

    @cached_property
    def _spans(self) -> dict[Place, Span]:
        places = Places()
        _drive(self.source, places)
        return places.spans


def dotted(path: Place) -> str:
    """A path as `Problem.path` has it: `products.3.price`."""
    return ".".join(map(str, path))


def read_document(file: Path, rules: Rules = RULES) -> Document:
    """Read a YAML file whose root is a mapping; raise `InvalidInput` with every problem of its form."""
    document, problems = parse_document(read_source(file, rules))
    if problems:
        raise InvalidInput(problems)
    return document


def parse_document(source: Source) -> tuple[Document, tuple[Problem, ...]]:
    """The document, and what is wrong with its form but can be read past: duplicate keys, tags, merge keys.

    Of a key given twice the first value counts. What cannot be read past raises `InvalidInput`.
    """
    tree = Tree(source)
    try:
        _drive(source, tree)
    except _BeyondLibyaml as limit:
        # Events lag behind what libyaml scans, so its limit can come before ours. The text up to there breaks ours.
        tree = Tree(source)
        _drive(replace(source, text=source.text[: limit.offset]), tree)
    document = Document(source, tree.root())
    return document, tuple(_noted(document, note) for note in tree.notes)


class _BeyondLibyaml(Exception):
    """Nested deeper than libyaml reads (1,000 levels since 0.2.6); noticed at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class _Taker(Protocol):
    """What the events of a document are poured into."""

    def document(self, event: Any) -> None: ...
    def scalar(self, event: Any) -> None: ...
    def open(self, event: Any, new: list[Node] | dict[str, Node]) -> None: ...
    def close(self, event: Any) -> None: ...
    def alias(self, event: Any) -> None: ...


def _drive(source: Source, taker: _Taker) -> None:
    take = {
        yaml.DocumentStartEvent: taker.document,
        yaml.ScalarEvent: taker.scalar,
        yaml.MappingStartEvent: lambda event: taker.open(event, {}),
        yaml.MappingEndEvent: taker.close,
        yaml.SequenceStartEvent: lambda event: taker.open(event, []),
        yaml.SequenceEndEvent: taker.close,
        yaml.AliasEvent: taker.alias,
    }
    parser: Any = yaml.CSafeLoader(source.text)
    try:
        while (event := parser.get_event()) is not None:
            if taken := take.get(type(event)):
                taken(event)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in (error.problem or "") and error.problem_mark:
            raise _BeyondLibyaml(error.problem_mark.index) from None
        raise InvalidInput([_malformed(source, error)]) from None
    finally:
        parser.dispose()


def _malformed(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    stopped = error.problem_mark.index if error.problem_mark else 0
    began = error.context_mark.index if error.context_mark else stopped
    words = plain_words(error.context or "", error.problem or "", source.text[stopped : stopped + 1])
    return source.problem(began if words.at_start else stopped, words.message, words.hint)


def _noted(document: Document, note: Note) -> Problem:
    where = document.source.where(note.offset)
    first = f", first on line {document.where(note.path, at_key=True).line}" if note.twice else ""
    return Problem(where, note.message + first, note.hint, dotted(note.path), document.quote(where.line))
