"""Reads CSV and TSV as spreadsheets and shops save them: any delimiter, several encodings, a `sep=` line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from flashgen.document.source import Rules, Source, text_source, utf8_source
from flashgen.document.wording import counted, quoted
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feeds.table import HEADER_WITHIN, Grid

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
FEED_RULES = Rules(
    max_bytes=256 << 20,
    too_large_hint="split the sale",
    encoding_hint='save it as UTF-8 (in Excel: "CSV UTF-8 (Comma delimited)")',
)
_LONGEST_CELL = 131_072  # the csv module's own limit
_SEP_LINE = re.compile(r'"?sep=(.)"?[^\S\r\n]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_NOT_ASCII = re.compile(r"[^\W\d_]*[^\x00-\x7f][\w]*")
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# The Windows code page of a language, in which Excel saves a plain "CSV".
_CODE_PAGES = {
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), "cp1250"),
    **dict.fromkeys(("be", "bg", "mk", "ru", "sr", "uk"), "cp1251"),
    **dict.fromkeys(("et", "lt", "lv"), "cp1257"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256"),
    **{"el": "cp1253", "tr": "cp1254", "he": "cp1255", "vi": "cp1258", "th": "cp874"},
    **{"ja": "cp932", "ko": "cp949", "zh": "gb18030", "zh-Hant": "cp950", "zh-TW": "cp950", "zh-HK": "cp950"},
}


def read_csv(file: Path, body: bytes, locale: str, known: Callable[[Sequence[str]], int]) -> Grid:
    """Read the rows of a text file. `known` counts the headings of a row that are known, which shows the delimiter.

    `locale` is the sale's: it tells the Windows code page of a file that is not UTF-8, which becomes a warning. Raises
    `InvalidInput` if the file is not text or not well-formed.
    """
    source, encoding, warnings = _decoded(file, body, locale)
    separator = _SEP_LINE.match(source.text)
    delimiter = separator[1] if separator else _delimiter(source.text, known)
    cells, lines, numbers = _parsed(source, delimiter, separator.end() if separator else 0)
    name = "TSV" if delimiter == "\t" else f"CSV with {DELIMITERS.get(delimiter, delimiter)}"
    return Grid(*(file, f"{name}, {encoding}", cells, lines, source.quote), row_numbers=numbers, warnings=warnings)


def _decoded(file: Path, body: bytes, locale: str) -> tuple[Source, str, tuple[Problem, ...]]:
    """The text, the name of its encoding, and a warning if that is a guess."""
    wide = next((name for bom, name in _BOMS.items() if body.startswith(bom)), "") or _utf16_without_bom(body)
    if wide:
        try:
            return text_source(file, body.decode(wide)), wide.upper()[:6], ()
        except UnicodeDecodeError:
            message = f"the file begins as {wide.upper()[:6]}, and is not"
            raise InvalidInput([Problem(Where(file, 1, 1), message, FEED_RULES.encoding_hint)]) from None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(file, body, locale)
    return utf8_source(file, body, FEED_RULES), "UTF-8", ()


def _utf16_without_bom(body: bytes) -> str:
    """The codec of UTF-16 without a byte order mark, in which most high bytes of a header are 0; else empty."""
    start = body[:64]
    if len(start) >= 8 and start[1::2].count(0) > len(start) // 3 and not start[::2].count(0):
        return "utf-16-le"
    if len(start) >= 8 and start[::2].count(0) > len(start) // 3 and not start[1::2].count(0):
        return "utf-16-be"
    return ""


def _guessed(file: Path, body: bytes, locale: str) -> tuple[Source, str, tuple[Problem, ...]]:
    page = _CODE_PAGES.get(locale) or _CODE_PAGES.get("-".join(locale.split("-")[:2])) or ""
    page = page or _CODE_PAGES.get(locale.partition("-")[0], "cp1252")
    try:
        text = body.decode(page)
    except UnicodeDecodeError:
        return utf8_source(file, body, FEED_RULES), "", ()  # raises the problem with the first bad byte
    source = text_source(file, text)
    name = f"Windows-{page[2:]}" if page.startswith("cp12") else page
    shown = _NOT_ASCII.search(source.text)
    where = source.where(shown.start() if shown else 0)
    example = f", such as {quoted(shown.group())}" if shown else ""
    message = f"the file is not UTF-8; read as {name}, which is a guess{example}"
    return (
        source,
        f"{name} (guessed)",
        (Problem(where, message, FEED_RULES.encoding_hint, quote=source.quote(where.line)),),
    )


def _delimiter(text: str, known: Callable[[Sequence[str]], int]) -> str:
    """The delimiter that gives the most known headings in one of the first lines, then the most cells."""
    lines = [line for line in text[: 1 << 16].splitlines() if line.strip()][:HEADER_WITHIN]

    def score(delimiter: str) -> tuple[int, int]:
        rows = [[cell.strip(' "') for cell in line.split(delimiter)] for line in lines]
        return max(map(known, rows), default=0), len(rows[0]) if rows else 0

    return max(DELIMITERS, key=score)


def _parsed(source: Source, delimiter: str, offset: int) -> tuple[list[list[str]], list[int], list[int]]:
    """The rows that are not blank, the line on which each begins, and its number among all rows, from 1."""
    first = 1 if offset else 0
    text = io.StringIO(source.text, newline="")  # physical lines with their ends, as the csv module counts them
    text.seek(offset)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    cells, lines, numbers, line = [], [], [], 1 + first
    try:
        for number, row in enumerate(reader, start=1):
            if any(map(str.strip, row)):
                cells.append(row)
                lines.append(line)
                numbers.append(number)
            line = reader.line_num + 1 + first
    except csv.Error as error:
        raise InvalidInput([_malformed(source, line, str(error))]) from None
    return cells, lines, numbers


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
