"""Reads a YAML file as plain data. Every scalar stays the text that was written; every value has a position.

It handles libyaml's events itself, because PyYAML's composer recurses and overflows the stack at 100,000 nestings, and
its resolver turns `20:00` into 1200 and `NO` into False. Sales, settings and themes are all read with it.

A first pass builds the data. A second pass finds the positions, and is made only when a position is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import yaml

from flashgen.document.builder import KeyPath, Node, Note, TreeBuilder, dotted
from flashgen.document.source import Rules, Source, read_source
from flashgen.document.yaml_errors import explain
from flashgen.errors import InvalidInput, Problem, Where

RULES = Rules(
    max_bytes=32 << 20,
    too_large_hint="put the products in a CSV feed: `products: {from: products.csv}`",
    encoding_hint='save it as UTF-8 (in most editors: "save with encoding")',
)


class Span(NamedTuple):
    """Offsets in characters: of the key (for a list item, of the item), and of the value's start and end."""

    key: int
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """A parsed file. `data` holds dicts, lists and text only; an empty value, `null` or `~` is the empty text."""

    source: Source
    data: dict[str, Node] = field(repr=False)

    @property
    def file(self) -> Path:
        """The file it was read from, as the caller named it."""
        return self.source.file

    def where(self, path: KeyPath, *, at_key: bool = False) -> Where:
        """The position of the value at `path`, or of its key. A missing value has that of its nearest ancestor."""
        span = self.span(path)
        return self.source.where(span.key if at_key else span.start)

    def quote(self, line: int) -> str:
        """The text of a line, counted from 1."""
        return self.source.quote(line)

    def problem(self, path: KeyPath, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with the value at `path`, or with its key. Its position and the quoted line are filled in."""
        where = self.where(path, at_key=at_key)
        return Problem(where, message, hint, dotted(path), self.quote(where.line))

    def span(self, path: KeyPath) -> Span:
        """Offsets of the value at `path`, or of its nearest ancestor if it is missing."""
        while path not in self.spans:
            path = path[:-1]
        return self.spans[path]

    @cached_property
    def spans(self) -> dict[KeyPath, Span]:
        """The span of every value, by its path; found in a second pass."""
        positions = _PositionBuilder()
        _handle_events(self.source, positions)
        return positions.spans or {(): Span(0, 0, 0)}  # an empty file


def read_document(file: Path, rules: Rules = RULES) -> Document:
    """Read a YAML file whose root is a mapping; an empty file, or one of comments alone, is an empty mapping.

    Raises `InvalidInput` with every syntax problem.
    """
    document, problems = parse_document(read_source(file, rules), may_be_empty=True)
    if problems:
        raise InvalidInput(problems)
    return document


def parse_document(source: Source, *, may_be_empty: bool = False) -> tuple[Document, tuple[Problem, ...]]:
    """The document, and the problems that do not stop the parse: duplicate keys, tags, merge keys.

    If a key is given twice, the first value counts. Any other syntax problem raises `InvalidInput`. So
    does an empty file, unless it `may_be_empty`.
    """
    builder = TreeBuilder(source)
    try:
        _handle_events(source, builder)
    except _TooDeepForLibyaml as limit:
        # libyaml scans ahead of the events it returns, so it can reach its own limit before we reach MAX_DEPTH.
        # The text up to that offset is deep enough to reach MAX_DEPTH, which gives the better message.
        builder = TreeBuilder(source)
        _handle_events(replace(source, text=source.text[: limit.offset]), builder)
    document = Document(source, {} if may_be_empty and builder.is_empty else builder.root())
    return document, tuple(_problem_of(document, note) for note in builder.notes)


class _PositionBuilder:
    """Records the span of every value. If a key is given twice, the first counts. An alias has a span of its own."""

    def __init__(self) -> None:
        self.spans: dict[KeyPath, Span] = {}
        self._path: list[str | int] = []
        self._key: int | None = None  # offset of the key that waits for its value
        self._open: list[tuple[int, int, bool]] = []  # offsets of key and start; whether it is a mapping

    def document(self, _: Any) -> None:
        """A document has no span."""

    def scalar(self, event: Any) -> None:
        """A key, or a value with its span."""
        if self._open and self._open[-1][2] and self._key is None:
            self._path[-1] = event.value
            self._key = event.start_mark.index
        else:
            self._leaf(event)

    def alias(self, event: Any) -> None:
        """A value; the values inside it have no spans here."""
        self._leaf(event)

    def open(self, event: Any, new: list[Node] | dict[str, Node]) -> None:
        """A container starts. The path grows by a key or index, which the next event fills in."""
        start = event.start_mark.index
        self._open.append((start if self._key is None else self._key, start, isinstance(new, dict)))
        self._key = None
        self._path.append("" if isinstance(new, dict) else 0)

    def close(self, event: Any) -> None:
        """A container ends, so its span is known."""
        self._path.pop()
        key, start, _ = self._open.pop()
        self._put(Span(key, start, event.end_mark.index))

    def _leaf(self, event: Any) -> None:
        start = event.start_mark.index
        self._put(Span(start if self._key is None else self._key, start, event.end_mark.index))

    def _put(self, span: Span) -> None:
        self.spans.setdefault(tuple(self._path), span)
        self._key = None
        if self._path and isinstance(self._path[-1], int):
            self._path[-1] += 1


class _TooDeepForLibyaml(Exception):
    """The text is nested deeper than libyaml reads (1,000 levels since 0.2.6); `offset` is where it stopped."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class _EventHandler(Protocol):
    """Has a method for each kind of event. `new` is the empty value of the container that opens."""

    def document(self, event: Any) -> None: ...
    def scalar(self, event: Any) -> None: ...
    def open(self, event: Any, new: list[Node] | dict[str, Node]) -> None: ...
    def close(self, event: Any) -> None: ...
    def alias(self, event: Any) -> None: ...


def _handle_events(source: Source, handler: _EventHandler) -> None:
    methods = {
        yaml.DocumentStartEvent: handler.document,
        yaml.ScalarEvent: handler.scalar,
        yaml.MappingStartEvent: lambda event: handler.open(event, {}),
        yaml.MappingEndEvent: handler.close,
        yaml.SequenceStartEvent: lambda event: handler.open(event, []),
        yaml.SequenceEndEvent: handler.close,
        yaml.AliasEvent: handler.alias,
    }
    parser: Any = yaml.CSafeLoader(source.text)
    try:
        while (event := parser.get_event()) is not None:
            if method := methods.get(type(event)):
                method(event)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in (error.problem or "") and error.problem_mark:
            raise _TooDeepForLibyaml(error.problem_mark.index) from None
        raise InvalidInput([_malformed(source, error)]) from None
    finally:
        parser.dispose()


def _malformed(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    stopped = error.problem_mark.index if error.problem_mark else 0
    began = error.context_mark.index if error.context_mark else stopped
    advice = explain(error.context or "", error.problem or "", source.text[stopped : stopped + 1])
    return source.problem(began if advice.at_start else stopped, advice.message, advice.hint)


def _problem_of(document: Document, note: Note) -> Problem:
    where = document.source.where(note.offset)
    first = f", first on line {document.where(note.path, at_key=True).line}" if note.twice else ""
    return Problem(where, note.message + first, note.hint, dotted(note.path), document.quote(where.line))
