"""Reads Google Merchant feeds in XML: the `item`s of RSS 2.0 or the `entry`s of Atom, with or without `g:`."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from flashgen.document.source import Source
from flashgen.document.xml_events import SEPARATOR, UnsafeXml, xml_parser
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feeds.table import Grid, refuse_large

_GOOGLE = "http://base.google.com/ns/1.0"
_ITEMS = {"item": "RSS", "entry": "Atom"}
_REPEATED = "additional_image_link"
"""The element that an item may repeat. In a TSV its values are separated by commas."""


def is_xml(body: bytes) -> bool:
    """Whether a file begins as XML does."""
    start = body[:256].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith((b"<?xml", b"<rss", b"<feed", b"<!DOCTYPE")) or body.startswith(
        ("\ufeff<".encode("utf-16-le"), "\ufeff<".encode("utf-16-be"))
    )


def read_merchant_xml(file: Path, body: bytes) -> Grid:
    """Read a header of all elements, then one row for each item. Raises `InvalidInput` with one problem."""
    items = _ItemReader()
    try:
        items.parser.Parse(body, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages[error.code]
        raise _refused(Where(file, error.lineno, error.offset + 1), f"not well-formed XML: {reason}") from None
    except UnsafeXml:
        where = Where(file, items.parser.CurrentLineNumber)
        raise _refused(where, "XML that declares entities is not read", "write the texts out") from None
    except LookupError:
        raise _refused(Where(file, 1), "XML in an unknown encoding", "export it as UTF-8") from None
    if not items.rows:
        raise _refused(Where(file), "the XML has no `item` or `entry`", "export a Google Merchant feed") from None
    header = list(items.columns)
    refuse_large(file, "", len(items.rows), len(header))
    cells = [header, *([row.get(name, "") for name in header] for row in items.rows)]
    source = Source(file, body.decode("utf-8", errors="replace"))
    return Grid(*(file, f"XML ({items.kind})", cells, [items.lines[0], *items.lines], source.quote), has_columns=False)


class _ItemReader:
    """Collects the items of a feed from events. Elements inside another element, such as `shipping`, are not read."""

    def __init__(self) -> None:
        self.kind = ""
        self.columns: dict[str, None] = {}
        self.rows: list[dict[str, str]] = []
        self.lines: list[int] = []
        self.parser = xml_parser(self._start, self._end, self._text)
        self._row: dict[str, str] | None = None
        self._from_google: set[str] = set()
        self._depth = 0
        self._texts: list[str] = []
        self._has_children = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(SEPARATOR)[2]
        if self._row is None:
            if local in _ITEMS:
                self.kind = self.kind or _ITEMS[local]
                self._row, self._depth, self._from_google = {}, 0, set()
                self.lines.append(self.parser.CurrentLineNumber)
            return
        self._depth += 1
        self._has_children = self._depth > 1
        if self._depth == 1:
            self._texts = [attributes["href"]] if local == "link" and "href" in attributes else []

    def _end(self, name: str) -> None:
        if self._row is None:
            return
        if self._depth == 0:
            self.rows.append(self._row)
            self._row = None
            return
        if self._depth == 1 and not self._has_children:
            self._add(self._row, *name.rpartition(SEPARATOR)[::2], "".join(self._texts).strip())
        self._depth -= 1
        if self._depth == 0:
            self._has_children = False

    def _text(self, text: str) -> None:
        if self._row is not None and self._depth == 1:
            self._texts.append(text)

    def _add(self, row: dict[str, str], namespace: str, local: str, text: str) -> None:
        """Add a value. An element of Google replaces the element of RSS with the same name, in either order."""
        is_google = namespace == _GOOGLE
        if not text or (local in self._from_google and not is_google):
            return
        self.columns.setdefault(local)
        if local in row and is_google == (local in self._from_google):
            text = f"{row[local]},{text}" if local == _REPEATED else row[local]
        row[local] = text
        if is_google:
            self._from_google.add(local)


def _refused(where: Where, message: str, hint: str = "export the feed again") -> InvalidInput:
    return InvalidInput([Problem(where, message, hint)])
