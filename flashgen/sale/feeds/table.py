"""The rows of a file as text cells with their positions, and the table that begins at the header."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flashgen.document.wording import counted, quoted
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feeds.headings import Headings, normal

MAX_CELLS = 20_000_000
MAX_COLUMNS = 1_000

HEADER_WITHIN = 20
"""Rows in which the header is looked for: a sheet may begin with a title or the date of the export."""


class NumberCell(str):
    """A cell that a workbook stores as a number, in plain digits with a point.

    `unit` is the currency of its number format, a code or a sign; empty if the format shows none.
    """

    __slots__ = ("unit",)
    unit: str

    def __new__(cls, text: str, unit: str = "") -> NumberCell:
        cell = super().__new__(cls, text)
        cell.unit = unit
        return cell

    @property
    def shown(self) -> str:
        """The number with its unit."""
        return f"{self} {self.unit}".strip()


class DateCell(str):
    """A cell that a workbook stores as a date or a time, in ISO 8601."""

    __slots__ = ()


@dataclass(frozen=True)
class Grid:
    """All rows of a file that are not blank. `lines[i]` is the line of `cells[i]` in the file, from 1.

    `row_numbers[i]` is the row of `cells[i]` in a spreadsheet program, from 1: not its line if a cell above has several
    lines. `kind` describes the file in words. `quote` returns a line as a problem quotes it. `sheet` is the sheet of a
    workbook, else empty. `has_columns` is False for XML, whose values have a line and no column. `notes` are for the
    summary. `header_hint` is added to problems of the header.
    """

    file: Path
    kind: str
    cells: Sequence[list[str]] = field(repr=False)
    lines: Sequence[int] = field(repr=False)
    quote: Callable[[int], str] = field(repr=False)
    sheet: str = ""
    row_numbers: Sequence[int] = field(repr=False, default=())
    has_columns: bool = True
    notes: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    header_hint: str = ""

    def where(self, line: int, column: int = 0) -> Where:
        """A cell by its line and column, both from 1; column 0 is the whole row."""
        if not self.has_columns:
            return Where(self.file, line)
        return Where(self.file, line, column, self._cell(line, column))

    def _cell(self, line: int, column: int) -> str:
        if self.sheet:
            return f"{self.sheet}!{_letters(column) if column else ''}{line}"
        if not self.row_numbers:
            return ""
        number = self.row_number(line)
        return f"{_letters(column)}{number}" if column else f"row {number}" if number != line else ""

    def row_number(self, line: int) -> int:
        """The number of the row on a line, as a spreadsheet program shows it."""
        index = bisect_left(self.lines, line)
        return self.row_numbers[index] if index < len(self.row_numbers) else line

    def problem(self, line: int, column: int, message: str, hint: str = "", path: str = "") -> Problem:
        """A problem with a cell, its line quoted."""
        return Problem(self.where(line, column), message, hint, path, self.quote(line))


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, each as long as the header. `lines[i]` is the line of `rows[i]`."""

    grid: Grid = field(repr=False)
    header: tuple[str, ...]
    header_line: int
    rows: tuple[list[str], ...] = field(repr=False)
    lines: tuple[int, ...] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def file(self) -> Path:
        """The file it was read from, as the caller named it."""
        return self.grid.file

    def where(self, row: int, column: int) -> Where:
        """The position of a cell; both are counted from 0."""
        return self.grid.where(self.lines[row], column + 1)

    def row_numbers(self, rows: Sequence[int], most: int = 10) -> str:
        """The numbers of some rows as a spreadsheet program shows them: `7, 9, 12`, with `…` after `most` of them."""
        numbers = [str(self.grid.row_number(self.lines[row])) for row in rows[:most]]
        return ", ".join([*numbers, *(["…"] if len(rows) > most else [])])

    def called(self, column: int, key: str) -> str:
        """What a message calls a column that is read as `key`: its heading, or the key if they are the same."""
        heading = self.header[column].strip()
        if not heading or normal(heading) == key:
            return f"`{key}`"
        shown = quoted(heading)
        return shown if shown.startswith('"') else f'"{shown}"'

    def problem(self, row: int, column: int, message: str, hint: str = "", path: str = "") -> Problem:
        """A problem with a cell; row and column are counted from 0."""
        return self.grid.problem(self.lines[row], column + 1, message, hint, path)

    def header_problem(self, column: int | None, message: str, hint: str = "") -> Problem:
        """A problem with the heading of a column, counted from 0, or with the whole header."""
        return self.grid.problem(self.header_line, 0 if column is None else column + 1, message, hint)


def table_from(grid: Grid, header: Headings, required: int) -> Table:
    """The table below a header of the grid.

    Empty cells at the end of rows are ignored. A row may be shorter than the header if it has at least `required`
    cells; a row of any other length is one of the table's problems.
    """
    names = _without_empty_end([*header.names])
    width = max(len(names), min(required, len(header.names)))
    below = header.row + header.height
    refuse_large(grid.file, grid.sheet, len(grid.cells), width)
    rows, lines, problems = [], [], []
    for cells, line in zip(grid.cells[below:], grid.lines[below:], strict=True):
        if len(cells) != width:
            cells = cells if len(cells) < width else _without_empty_end(cells)
            if not min(required, width) <= len(cells) <= width:
                message = f"a row of {counted(len(cells), 'cell')} under a header of {width}"
                problems.append(grid.problem(line, 0, message, "put text that contains the delimiter in quotes"))
                continue
            cells = cells + [""] * (width - len(cells))
        rows.append(cells)
        lines.append(line)
    padded = (*names, *[""] * (width - len(names)))
    warnings = (*grid.warnings, *_rows_above(grid, header.row), *_second_row(grid, header))
    return Table(grid, padded, grid.lines[header.row], tuple(rows), tuple(lines), tuple(problems), warnings)


def refuse_large(file: Path, sheet: str, rows: int, columns: int) -> None:
    """Raises InvalidInput for a table with more cells than a catalogue has, before memory is taken for them."""
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        name = f"the sheet {quoted(sheet)}" if sheet else "the table"
        message = f"{name} reaches to row {rows:,} and column {columns:,}"
        hint = "delete the cells far away, or copy the products into a new sheet"
        raise InvalidInput([Problem(Where(file), message, hint)])


def _without_empty_end(cells: list[str]) -> list[str]:
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return cells[:width]


def _rows_above(grid: Grid, header: int) -> tuple[Problem, ...]:
    if not header:
        return ()
    message = f"{counted(header, 'row')} above the header in line {grid.lines[header]} left out"
    return (grid.problem(grid.lines[0], 0, message),)


def _second_row(grid: Grid, header: Headings) -> tuple[Problem, ...]:
    if header.height == 1:
        return ()
    return (grid.problem(grid.lines[header.row], 0, "the header has two rows, which are read together"),)


def _letters(column: int) -> str:
    """The letters of a column, counted from 1: A, Z, AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
