"""Scans the XML of an .ods for what calamine leaves out: the size of its sheets, error values and leading zeros."""

from __future__ import annotations

import re
import zipfile
from html import unescape

from flashgen.sale.feeds.files.sheet_xml import SheetScan

# The start of a table, of a row, or of a cell with the first text in it. calamine expects these prefixes, too.
_START = re.compile(
    rb"<table:(table|table-row|(?:covered-)?table-cell)(?=[\s/>])"
    rb"""((?:[^>"']|"[^"]*"|'[^']*')*)>(?:\s*<text:p(?:\s[^>]*)?>([^<]*))?"""
)
_NAME = re.compile(rb"""\btable:name\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REPEATED = re.compile(rb"""\btable:number-(?:rows|columns)-repeated\s*=\s*["']\s*([0-9]{1,9})""")
_CURRENCY = re.compile(rb"""\boffice:currency\s*=\s*["']([^"']*)["']""")
_LEADING_ZERO = re.compile(rb"[^0-9]*0[0-9][0-9\-/() ]*")


def scan_ods(archive: zipfile.ZipFile) -> dict[str, SheetScan]:
    """Scan all sheets. OpenDocument stores the text that is shown beside each value (ODF 1.3, 9.1.4)."""
    scans: dict[str, SheetScan] = {}
    scan = SheetScan()
    row = column = 0
    next_row = 0
    row_repeats = 1
    for start in _START.finditer(archive.read("content.xml")):
        kind, attributes, text = start.groups()
        repeats = 1
        if b"-repeated" in attributes and (found := _REPEATED.search(attributes)):
            repeats = int(found[1])
        if kind == b"table":
            found = _NAME.search(attributes)
            scan = scans.setdefault(unescape((found[1] or found[2] or b"").decode()) if found else "", SheetScan())
            next_row = 0
        elif kind == b"table-row":
            row, column, row_repeats = next_row, 0, repeats
            next_row = row + repeats
        else:
            if text or b"office:value-type" in attributes:
                scan.rows, scan.columns = max(scan.rows, next_row), max(scan.columns, column + repeats)
                if repeats * row_repeats == 1:
                    _add(scan, row, column, attributes, text or b"")
            column += repeats
    return scans


def _add(scan: SheetScan, row: int, column: int, attributes: bytes, text: bytes) -> None:
    if text[:1] == b"#" or (b"float" in attributes and _LEADING_ZERO.fullmatch(text)):
        scan.texts[row, column] = unescape(text.decode()).strip()
    elif b"office:currency" in attributes and (currency := _CURRENCY.search(attributes)):
        scan.units[row, column] = currency[1].decode()
