"""A CSV feed of products: from a spreadsheet's export to rows of texts, each cell with its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flashgen.document.source import Rules, Source, read_source
from flashgen.document.wording import counted, quoted, suggestion
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.language import lookup_chain, normal_tag

COLUMNS = ("sku", "slug", "name", "price", "list_price", "stock", "image", "summary", "description")
REQUIRED = ("sku", "name", "price")
TRANSLATED = frozenset({"slug", "name", "image", "summary", "description"})
DELIMITERS = (",", ";", "\t")
RULES = Rules(
    max_bytes=256 << 20,
    too_large_hint="split the sale",
    encoding_hint='save it as UTF-8 (in Excel: "CSV UTF-8 (Comma delimited)")',
)
_LONGEST_CELL = 131_072  # the csv module's own limit


@dataclass(frozen=True)
class Feed:
    """A feed's cells. `lines[i]` is the line, from 1, on which row `i` begins; `columns` gives for each key the
    columns to read it from, from 0: the first that is not empty counts."""

    source: Source
    columns: dict[str, tuple[int, ...]]
    cells: tuple[list[str], ...] = field(repr=False)
    lines: tuple[int, ...] = field(repr=False)
    warnings: tuple[Problem, ...] = ()

    @property
    def file(self) -> Path:
        """The file it was read from, as the caller named it."""
        return self.source.file

    @cached_property
    def rows(self) -> tuple[dict[str, str], ...]:
        """Every row as a mapping of the keys that have a value."""
        return tuple(map(self._row, self.cells))

    def where(self, row: int, key: str) -> Where:
        """The line on which the row begins, and the column of the key's cell, counted in cells from 1."""
        columns = self.columns.get(key, (0,))
        used = next((column for column in columns if self.cells[row][column]), columns[-1])
        return Where(self.file, self.lines[row], used + 1)

    def problem(self, path: tuple[str | int, ...], message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with `("products", row, key)`. A column has no place of its own but its cell's."""
        row = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        where = self.where(row, str(path[-1]))
        return Problem(where, message, hint, ".".join(map(str, path)), self.source.quote(where.line))

    def _row(self, cells: list[str]) -> dict[str, str]:
        row = {}
        for key, columns in self.columns.items():
            for column in columns:
                if cells[column]:
                    row[key] = cells[column]
                    break
        return row


def read_feed(file: Path, locale: str) -> Feed:
    """Read a feed in the words of a locale (`de-AT` prefers `name:de-AT` to `name:de` to `name`).

    Raises `InvalidInput` with every problem of its form: of the file, its header and the lengths of its rows.
    """
    source = read_source(file, RULES)
    delimiter = _delimiter(_lines(source).readline())
    header, cells, lines = _parsed(source, delimiter)
    names = [_normal(name.strip()) for name in header]
    columns = _columns(names, locale)
    problems = (*_header_problems(source, names, columns), *_ragged(source, names, cells, lines))
    if not cells:
        problems = (*problems, Problem(Where(file, 1), "the feed has a header and no products"))
    if problems:
        raise InvalidInput(problems)
    return Feed(source, columns, cells, lines, tuple(_left_out(source, names)))


def _delimiter(header: str) -> str:
    """The delimiter by which most columns of the header are ours; the comma if none is."""

    def known(delimiter: str) -> int:
        names = (_normal(cell.strip(' "\r\n')) for cell in header.split(delimiter))
        return sum(name.partition(":")[0] in COLUMNS for name in names)

    return max(DELIMITERS, key=known)


def _parsed(source: Source, delimiter: str) -> tuple[list[str], tuple[list[str], ...], tuple[int, ...]]:
    reader = csv.reader(_lines(source), delimiter=delimiter, strict=True)
    cells, lines, line = [], [], 1
    try:
        for row in reader:
            if any(map(str.strip, row)):
                cells.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput([_malformed(source, line, str(error))]) from None
    if not cells:
        raise InvalidInput([Problem(Where(source.file), "the feed is empty", f"begin it with {','.join(REQUIRED)}")])
    return cells[0], tuple(cells[1:]), tuple(lines[1:])


def _lines(source: Source) -> io.StringIO:
    """Physical lines with their ends as they are, which is how the csv module counts them."""
    return io.StringIO(source.text, newline="")


def _malformed(source: Source, line: int, complaint: str) -> Problem:
    hint = 'write a quote inside quotes twice: ""'
    if "field limit" in complaint:
        message = f"a cell of the row that begins here is longer than {counted(_LONGEST_CELL, 'character')}"
        hint = "close its quote, or shorten it"
    elif "unexpected end" in complaint:
        message, hint = "a quote in the row that begins here is never closed", "close the quote"
    else:
        message = "text after a closing quote in the row that begins here"
    return Problem(Where(source.file, line), message, hint, quote=source.quote(line))


def _columns(names: list[str], locale: str) -> dict[str, tuple[int, ...]]:
    """For each key its columns in the order in which they count; keys without a column are left out."""
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    found = {}
    for key in COLUMNS:
        wanted = [f"{key}:{tag}" for tag in lookup_chain(locale)] if key in TRANSLATED else []
        if columns := tuple(places[name] for name in (*wanted, key) if name in places):
            found[key] = columns
    return found


def _normal(name: str) -> str:
    """A column's name as we spell it: spreadsheets like `List Price`."""
    key, colon, tag = name.partition(":")
    plain = key.strip().lower().replace(" ", "_")
    key = plain if plain in COLUMNS else key
    return f"{key}:{normal_tag(tag) or tag}" if colon else key


def _is_known(name: str) -> bool:
    key, colon, tag = name.partition(":")
    return key in TRANSLATED and normal_tag(tag) is not None if colon else key in COLUMNS


def _header_problems(source: Source, names: list[str], columns: Iterable[str]) -> Iterable[Problem]:
    for key in REQUIRED:
        if key not in columns:
            hint = f"columns found: {', '.join(filter(None, names))}"
            yield _in_header(source, 0, f"column `{key}` is missing", hint)
    for place, name in enumerate(names):
        if name and name in names[:place]:
            message = f"column `{name}` is there twice, first as column {names.index(name) + 1}"
            yield _in_header(source, place + 1, message, "delete one of them")


def _ragged(
    source: Source, names: list[str], cells: tuple[list[str], ...], lines: tuple[int, ...]
) -> Iterable[Problem]:
    for row, line in zip(cells, lines, strict=True):
        if len(row) != len(names):
            message = f"a row of {counted(len(row), 'cell')} under a header of {len(names)}"
            hint = "put text that contains the delimiter in quotes"
            yield Problem(Where(source.file, line), message, hint, quote=source.quote(line))


def _left_out(source: Source, names: list[str]) -> Iterable[Problem]:
    for place, name in enumerate(names, start=1):
        if not name:
            yield _in_header(source, place, f"column {place} has no name, and is left out", "name or delete it")
        elif not _is_known(name):
            message = f"unknown column {quoted(name)}, left out"
            yield _in_header(source, place, message, suggestion(name, COLUMNS))


def _in_header(source: Source, column: int, message: str, hint: str) -> Problem:
    return Problem(Where(source.file, 1, column), message, hint, quote=source.quote(1))
