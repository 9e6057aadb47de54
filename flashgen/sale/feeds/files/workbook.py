"""Reads a sheet of a workbook, .xlsx or .ods, with calamine, and adds what calamine leaves out.

calamine returns values without number formats, so that a SKU shown as 00123 is 123, and an empty cell for an error
value such as `#REF!`. It allocates every cell up to the last one. So the XML is scanned first: the scan limits the
size, and finds the texts.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import python_calamine as calamine

from flashgen.document.wording import clipped, quoted, suggestion
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feeds.files.ods_xml import scan_ods
from flashgen.sale.feeds.files.sheet_xml import NO_RESULT, SheetScan, scan_xlsx
from flashgen.sale.feeds.table import HEADER_WITHIN, DateCell, Grid, NumberCell, refuse_large

MAX_UNPACKED_BYTES = 512 << 20
MAX_MEMBERS = 10_000
MAX_CHARACTERS = 512 << 20
"""Of all cells together: many cells can share one long string."""

_KNOWN_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", NO_RESULT}
)
_KINDS = {"xlsx": "Excel workbook", "ods": "OpenDocument spreadsheet"}


def read_workbook(
    file: Path, body: bytes, sheet: str, has_headings: Callable[[Sequence[Sequence[str]]], bool] = bool
) -> Grid:
    """Read the sheet of this name; without a name the first visible one, or the only one that has headings.

    `has_headings` takes the first rows of a sheet: the first sheet may be a cover. Raises `InvalidInput` with one
    problem.
    """
    try:
        return _read(file, body, sheet, has_headings)
    except InvalidInput:
        raise
    except calamine.PasswordError:
        raise _refused(file, "the workbook is encrypted", "save it without a password") from None
    except Exception as error:  # calamine, zipfile and expat each raise errors of their own for damaged files
        raise _damaged(file) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a Rust panic is not an `Exception`
            raise
        raise _damaged(file) from None


def _read(file: Path, body: bytes, wanted: str, has_headings: Callable[[Sequence[Sequence[str]]], bool]) -> Grid:
    archive = zipfile.ZipFile(io.BytesIO(body))
    kind = _checked_kind(file, archive)
    # calamine reads all sheets of an .ods when it opens it, and of an .xlsx only those that it is asked for.
    scans = scan_ods(archive) if kind == "ods" else {}
    for name, scan in scans.items():
        refuse_large(file, name, scan.rows, scan.columns)
    with calamine.CalamineWorkbook.from_filelike(io.BytesIO(body)) as workbook:
        names = _sheet_names(file, workbook.sheets_metadata, wanted)
        grids = (_sheet(file, archive, workbook, kind, name, scans) for name in names)
        first = next(grids)
        if len(names) == 1 or has_headings(first.cells[:HEADER_WITHIN]):
            return first
        fitting = [grid for grid in grids if has_headings(grid.cells[:HEADER_WITHIN])]
    return fitting[0] if len(fitting) == 1 else first


def _sheet(
    file: Path,
    archive: zipfile.ZipFile,
    workbook: calamine.CalamineWorkbook,
    kind: str,
    name: str,
    scans: Mapping[str, SheetScan],
) -> Grid:
    scan = scans[name] if kind == "ods" else scan_xlsx(archive, name)
    if kind == "xlsx":
        refuse_large(file, name, scan.rows, scan.columns)
        _refuse_unknown_errors(file, name, scan)
    sheet = workbook.get_sheet_by_name(name)
    merged = (sheet.merged_cell_ranges if kind == "xlsx" else None) or []
    others = [other for other in workbook.sheet_names if other != name]
    cells, lines = _texts(_rows(file, sheet), scan)
    texts = dict(zip(lines, cells, strict=True))
    return Grid(
        *(file, f"{_KINDS[kind]}, sheet {quoted(name)}", cells, lines),
        quote=lambda line: clipped(" | ".join(texts.get(line, ())).rstrip(" |")),
        sheet=name,
        notes=(f"other sheets, not read: {', '.join(others)}",) if others else (),
        header_hint=_header_hint(merged, lines, others),
    )


def _checked_kind(file: Path, archive: zipfile.ZipFile) -> str:
    """`xlsx` or `ods`. Everything is unpacked once, because the sizes that an archive states may be false."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        message = f"the workbook unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB"
        raise _refused(file, message, "copy the products into a new workbook")
    if archive.testzip() is not None:
        raise zipfile.BadZipFile
    names = {member.filename for member in members}
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise _refused(file, "an archive that is not a workbook", "save the products as .xlsx, .ods or CSV")


def _sheet_names(file: Path, sheets: Sequence[calamine.SheetMetadata], wanted: str) -> list[str]:
    """The sheet of this name, or all visible ones."""
    names = [one.name for one in sheets if one.typ is calamine.SheetTypeEnum.WorkSheet]
    visible = [one.name for one in sheets if one.name in names and one.visible is calamine.SheetVisibleEnum.Visible]
    if not names:
        raise _refused(file, "the workbook has no sheet", "export it again")
    if not wanted:
        return visible or names[:1]
    found = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
    if not found:
        raise _refused(file, f"no sheet {quoted(wanted)}", suggestion(wanted, names))
    return [wanted if wanted in found else found[0]]


def _refuse_unknown_errors(file: Path, sheet: str, scan: SheetScan) -> None:
    """calamine reads nothing of a sheet with an error value that is newer than calamine."""
    grid = Grid(file, "", (), (), quote=lambda line: "", sheet=sheet)
    problems = [
        grid.problem(row + 1, column + 1, f"the error value {text} makes the sheet unreadable", "correct the formula")
        for (row, column), text in scan.texts.items()
        if text.startswith("#") and text not in _KNOWN_ERRORS
    ]
    if problems:
        raise InvalidInput(problems)


def _rows(file: Path, sheet: calamine.CalamineSheet) -> list[list[Any]]:
    """The values from A1 on, read row by row to limit their size."""
    rows_above, columns_before = sheet.start or (0, 0)
    rows: list[list[Any]] = [[] for _ in range(rows_above)]
    characters = 0
    for row in sheet.iter_rows():
        characters += sum(len(value) for value in row if type(value) is str)
        if characters > MAX_CHARACTERS:
            raise _refused(file, f"the sheet has more than {MAX_CHARACTERS >> 20} million characters", "split the sale")
        rows.append([""] * columns_before + row)
    return rows


def _texts(rows: Sequence[Sequence[Any]], scan: SheetScan) -> tuple[list[list[str]], list[int]]:
    """The rows that are not blank as texts, and their numbers, from 1."""
    cells = [[value if type(value) is str else _text(value) for value in row] for row in rows]
    for (row, column), text in scan.texts.items():
        if row < len(cells):
            cells[row] += [""] * (column + 1 - len(cells[row]))
            cells[row][column] = text
    for (row, column), unit in scan.units.items():
        if row < len(cells) and column < len(cells[row]) and isinstance(cells[row][column], NumberCell):
            cells[row][column] = NumberCell(cells[row][column], unit)
    kept = [index for index, texts in enumerate(cells) if any(map(str.strip, texts))]
    return [cells[index] for index in kept], [index + 1 for index in kept]


def _text(value: Any) -> str:
    """A value as text. Excel keeps 15 digits of a number (specifications and limits of Excel)."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            text = f"{value:.15g}"
            return NumberCell(f"{Decimal(text):f}" if "e" in text else text)
        case datetime.datetime() if value.time() == datetime.time():
            return DateCell(value.date().isoformat())
        case _:
            return DateCell(str(value))


def _header_hint(merged: Sequence[Any], lines: Sequence[int], others: Sequence[str]) -> str:
    first = lines[0] - 1 if lines else 0
    hints = []
    if any(start[0] <= first <= end[0] for start, end in merged):
        hints.append("cells of the first row are merged: give each column its own heading")
    if others:
        hints.append(f"other sheets, for `sheet:`: {', '.join(others[:5])}")
    return "; ".join(hints)


def _damaged(file: Path) -> InvalidInput:
    return _refused(file, "the workbook is damaged, or of an unknown kind", "save it again as .xlsx, .ods or CSV")


def _refused(file: Path, message: str, hint: str) -> InvalidInput:
    return InvalidInput([Problem(Where(file), message, hint)])
