"""Scans the XML of a sheet for what calamine leaves out: its size, error values and number formats."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flashgen.document.xml_events import SEPARATOR, xml_parser

NO_RESULT = "#NO RESULT"
"""The text of a formula that was never calculated: a program wrote the workbook, and no spreadsheet saved it."""

# A cell that is not empty, its reference and its other attributes, in the XML of .xlsx (ECMA-376, 18.3.1.4).
_TAG = rb"<(?:\w+:)?"
_REFERENCES = re.compile(
    _TAG + rb"""c\s(?:[^>]*?\s)?r\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["'](?:[^>]*[^/>])?>(?!</)""", re.IGNORECASE
)
_FAR_REFERENCE = re.compile(rb"""\sr\s*=\s*["'](?:[A-Z]{1,3}[0-9]{6}|[A-Z]{3}[0-9]|[H-Z][A-Z][0-9])""", re.IGNORECASE)
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""", re.IGNORECASE)
_ERROR = re.compile(_TAG + rb"""c\s([^>]*\bt\s*=\s*["']e["'][^>]*)>(.*?)</(?:\w+:)?c>""", re.DOTALL)
_EMPTY_FORMULA = re.compile(
    _TAG + rb"c\s([^>]*)>\s*" + _TAG + rb"f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:" + _TAG + rb"v\s*/>|" + _TAG + rb"v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ANY_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_ANY_FORMULA = re.compile(rb"[<:]f[\s>/]")
_VALUE = re.compile(_TAG + rb"v>([^<]*)<")
_TYPE = re.compile(rb"""\bt\s*=\s*["'](\w+)["']""")
_STYLE = re.compile(rb"""\bs\s*=\s*["']([0-9]+)["']""")
_ROW_OR_CELL = re.compile(_TAG + rb"(row|c)[\s>/]")

# A number format of zeros and literal text, such as 00000 or "SP-"000, and a format that shows a currency.
_ZEROS = re.compile(r"""(?:0|"[^"]*"|\\.|[-/() ])+""")
_ZEROS_PART = re.compile(r"""0|"([^"]*)"|\\(.)|([-/() ])""")
_CURRENCY = re.compile(r"""\[\$([^\]\-]+)(?:-[^\]]*)?\]|"\s*([^"0-9]{1,4}?)\s*"|([€£¥₹₩₽$])""")

Position = tuple[int, int]
"""Row and column of a cell, from 0."""


@dataclass
class SheetScan:
    """`rows` and `columns` count up to the last cell that is not empty, or are 0 for a sheet that is small.

    `texts` replace the values of cells. `units` are the currencies that number formats show.
    """

    rows: int = 0
    columns: int = 0
    texts: dict[Position, str] = field(default_factory=dict)
    units: dict[Position, str] = field(default_factory=dict)


def scan_xlsx(archive: zipfile.ZipFile, name: str) -> SheetScan:
    """Scan the sheet `name` of an .xlsx whose size was checked. Raises `KeyError` if it is not found."""
    xml = archive.read(_sheet_path(archive, name))
    if b"\0" in xml[:64]:
        raise ValueError("a sheet that is not UTF-8")
    scan = SheetScan()
    if _FAR_REFERENCE.search(xml):  # in most sheets no cell is so far away that the size matters
        references = _REFERENCES.findall(xml)
        scan.rows = max((int(row) for _, row in references), default=0)
        scan.columns = max(map(_column, {letters for letters, _ in references}), default=0)
    position = _Positions(xml)
    for match in _ERROR.finditer(xml) if _ANY_ERROR.search(xml) else ():
        value = _VALUE.search(match[2])
        scan.texts[position(match)] = value[1].decode() if value else "#VALUE!"
    position = _Positions(xml)
    for match in _EMPTY_FORMULA.finditer(xml) if _ANY_FORMULA.search(xml) else ():
        if _type(match[1]) in ("n", ""):
            scan.texts[position(match)] = NO_RESULT
    _scan_formats(xml, _formats(archive), scan)
    return scan


def _scan_formats(xml: bytes, formats: list[str], scan: SheetScan) -> None:
    padded = {style: code for style, code in enumerate(formats) if "0" in code and _ZEROS.fullmatch(code)}
    padded = {style: code for style, code in padded.items() if len(code) > 1}  # 0 alone shows a plain number
    units = {style: unit for style, code in enumerate(formats) if style not in padded and (unit := _unit(code))}
    if not padded and not units:
        return
    styles = "|".join(map(str, (*padded, *units))).encode()
    cells = re.compile(_TAG + rb"""c\s([^>]*\bs\s*=\s*["'](?:""" + styles + rb""")["'](?:[^>]*[^/>])?)>(?!</)""")
    position = _Positions(xml)
    for match in cells.finditer(xml):
        if _type(match[1]) not in ("n", ""):
            continue
        found = _STYLE.search(match[1])
        style = int(found[1]) if found else 0
        if style in units:
            scan.units[position(match)] = units[style]
        elif (value := _VALUE.search(xml, match.end())) and value[1].isdigit():
            scan.texts[position(match)] = _filled(padded[style], value[1].decode())


class _Positions:
    """The position of one match after the other. A cell without a reference follows the cell before it."""

    def __init__(self, xml: bytes) -> None:
        self._xml, self._offset = xml, 0
        self._row = self._column = -1

    def __call__(self, cell: re.Match[bytes]) -> Position:
        if reference := _REFERENCE.search(cell[1]):
            return int(reference[2]) - 1, _column(reference[1]) - 1
        for tag in _ROW_OR_CELL.finditer(self._xml, self._offset, cell.start() + 4):
            if tag[1] == b"row":
                self._row, self._column = self._row + 1, -1
            else:
                self._column += 1
            self._offset = tag.end()
        return self._row, self._column


def _type(attributes: bytes) -> str:
    found = _TYPE.search(attributes)
    return found[1].decode() if found else ""


def _column(letters: bytes) -> int:
    """A is 1, XFD is 16,384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _filled(code: str, digits: str) -> str:
    """The number as a format of zeros shows it: 12 as `SP-`000 is SP-012."""
    digits = digits.zfill(sum(part[0] == "0" for part in _ZEROS_PART.finditer(code)))
    parts, left = [], digits
    for part in reversed(list(_ZEROS_PART.finditer(code))):
        if part[0] == "0":
            parts.append(left[-1])
            left = left[:-1]
            if not any(other[0] == "0" for other in _ZEROS_PART.finditer(code[: part.start()])):
                parts.append(left[::-1])
        else:
            parts.append((part[1] or part[2] or part[3] or "")[::-1])
    return "".join(parts)[::-1]


def _unit(code: str) -> str:
    found = _CURRENCY.search(code.partition(";")[0])
    return next(filter(None, found.groups()), "").strip() if found else ""


def _sheet_path(archive: zipfile.ZipFile, name: str) -> str:
    """The path of the sheet in the archive."""
    relation = ""
    for tag, attributes in _elements(archive, "xl/workbook.xml"):
        if tag == "sheet" and attributes.get("name") == name:
            relation = next((value for key, value in attributes.items() if key.endswith(f"{SEPARATOR}id")), "")
    for tag, attributes in _elements(archive, "xl/_rels/workbook.xml.rels"):
        if tag == "Relationship" and attributes.get("Id") == relation:
            target = attributes.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(name)


def _formats(archive: zipfile.ZipFile) -> list[str]:
    """The number format of each cell style; empty for the built-in formats, none of which matters here."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside = False
    for tag, attributes in _elements(archive, "xl/styles.xml"):
        if tag == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag in ("cellXfs", "cellStyles"):
            inside = tag == "cellXfs"
        elif tag == "xf" and inside:
            styles.append(codes.get(attributes.get("numFmtId", ""), ""))
    return styles


def _elements(archive: zipfile.ZipFile, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The elements of a part with their local names, in order; none if the part is missing."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((name.rpartition(SEPARATOR)[2], attributes))

    ignore: Callable[[str], object] = len
    if path in archive.namelist():
        xml_parser(start, ignore, ignore).Parse(archive.read(path), True)
    yield from found
