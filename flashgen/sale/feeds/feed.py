"""Reads a feed in one pass: file → table → columns → products, with problems, warnings and what was understood."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flashgen.document.builder import KeyPath, dotted
from flashgen.document.source import read_body
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale import money
from flashgen.sale.feeds.amounts import AmountColumn, read_amounts
from flashgen.sale.feeds.checks import (
    MONEY,
    CellNote,
    doubtful_cells,
    empty_cells,
    inactive_products,
    lost_cells,
    take_wrong_gtins,
    without_apostrophe,
    without_text_formula,
    wrong_currencies,
)
from flashgen.sale.feeds.columns import Columns, column_of, find_columns, wanted_rows
from flashgen.sale.feeds.files.csv_file import FEED_RULES, read_csv
from flashgen.sale.feeds.files.merchant_xml import is_xml, read_merchant_xml
from flashgen.sale.feeds.headings import (
    REQUIRED,
    Format,
    find_headings,
    format_of,
    has_headings,
    known_count,
    normal,
    role_of,
)
from flashgen.sale.feeds.options import FeedOptions
from flashgen.sale.feeds.product_rows import ProductRow, product_rows
from flashgen.sale.feeds.sale_windows import Period, outside_window
from flashgen.sale.feeds.table import HEADER_WITHIN, Grid, Table, table_from
from flashgen.sale.feeds.totals import total_rows
from flashgen.sale.feeds.understanding import Understanding, understanding_of
from flashgen.sale.product import PRODUCT_TEXTS

_ZIP, _COMPOUND_FILE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|meta|style|body|table)\b", re.I | re.S
)


@dataclass(frozen=True)
class Feed:
    """`rows[i]` are the values of product `i` by key, `table_rows[i]` is its row in the table, from 0. A text that has
    columns of several languages is a mapping: `{"de": "Mütze", "en": "Hat"}`.

    `problems` are those of single cells; the other cells are still validated. `explained` are the paths of values of
    which they say everything.
    """

    table: Table = field(repr=False)
    columns: Columns = field(repr=False)
    rows: tuple[Mapping[str, Any], ...] = field(repr=False)
    table_rows: tuple[int, ...] = field(repr=False)
    understanding: Understanding
    problems: tuple[Problem, ...] = ()
    explained: frozenset[str] = frozenset()
    warnings: tuple[Problem, ...] = ()

    @property
    def file(self) -> Path:
        """The file it was read from, as the caller named it."""
        return self.table.file

    def where(self, product: int, key: str) -> Where:
        """The cell of a product's value."""
        return self.problem(("products", product, key), "").where

    def problem(self, path: KeyPath, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with `("products", product, key)`. `at_key` changes nothing: a cell has no key beside it."""
        product = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        role = ":".join(step for step in path[1:] if isinstance(step, str))
        row = self.table_rows[product] if self.table_rows else 0
        column = column_of(self.table, self.columns, row, role)
        if column is not None:
            key = role.partition(":")[0]
            message = message.replace(f"`{key}`", self.table.called(column, key), 1)
        return self.table.problem(row, column or 0, message, hint, dotted(path))


def read_feed(
    file: Path,
    options: FeedOptions,
    currency: str | None,
    locale: str,
    others: Sequence[str] = (),
    period: Period | None = None,
) -> Feed:
    """Read a feed in the language of a locale: `de-AT` prefers the column `name:de-AT` to `name:de` to `name`.

    `others` are further locales, whose texts are read beside it. `currency` and `period` are the sale's, or None if
    they are not known.
    Raises `InvalidInput` with every problem of the file or its header.
    """
    table = _read_table(file, options, locale)
    columns = find_columns(table, options, locale, others)
    if not table.rows:
        problem = table.header_problem(None, "the feed has a header and no products")
        raise InvalidInput(table.problems or [problem])
    rows = wanted_rows(table, columns, options)
    cells = {role: _cells(table, role, places) for role, places in columns.by_role.items()}
    amounts = _amounts(cells, rows, options, currency)
    totals = total_rows(table, _with_digits(cells, rows, amounts), rows) if columns.format is Format.FLASHGEN else ()
    if totals:
        rows = [row for row in rows if row not in {total.row for total in totals}]
        amounts = _amounts(cells, rows, options, currency)
    bad_cells = list(lost_cells(cells, rows))
    for role, column in amounts.items():
        bad_cells += (CellNote(rows[bad.index], role, bad.message, bad.hint) for bad in column.problems)
    cells = _with_digits(cells, rows, amounts)
    products = product_rows(columns.format, cells, rows, locale)
    wrong_gtins = take_wrong_gtins(products)
    index = {product.row: number for number, product in enumerate(products)}
    noted = partial(_noted, table, columns, index)
    empty, explained = empty_cells(table, columns, products)
    return Feed(
        table=table,
        columns=columns,
        rows=_in_languages(products, locale),
        table_rows=tuple(product.row for product in products),
        understanding=understanding_of(
            *(table, columns, products, rows, amounts, money.digits(currency or "EUR"), len(totals))
        ),
        problems=(
            *table.problems,
            *map(noted, bad_cells),
            *wrong_currencies(table, columns, cells, rows, currency),
            *empty,
        ),
        explained=explained,
        warnings=(
            *(*table.warnings, *columns.warnings),
            *(total.warning(table) for total in totals),
            *map(noted, (*doubtful_cells(products), *wrong_gtins)),
            *inactive_products(table, products, options),
            *outside_window(table, columns, cells, rows, period),
        ),
    )


def _in_languages(products: Sequence[ProductRow], locale: str) -> tuple[Mapping[str, Any], ...]:
    """The products' values; a mapping of texts where one of them has a column of another language.

    Descriptions have a format each, because one may be HTML and its translation Markdown.
    """
    rows: list[dict[str, Any]] = []
    for product in products:
        row: dict[str, Any] = {role: text for role, text in product.values.items() if ":" not in role}
        for role, text in product.values.items():
            key, colon, tag = role.partition(":")
            if colon and key in PRODUCT_TEXTS:
                if not isinstance(row.get(key), dict):
                    row[key] = {locale: row.get(key, "")}
                row[key][tag] = text
        descriptions, own = row.get("description"), product.values
        if isinstance(descriptions, dict) and any(role.startswith("description_format:") for role in own) | (
            own.get("description_format") == "html"
        ):
            default = own.get("description_format", "markdown")
            formats = {tag: own.get(f"description_format:{tag}", "markdown") for tag in descriptions}
            row["description_format"] = {**formats, locale: default}
        rows.append(row)
    return tuple(rows)


def _read_table(file: Path, options: FeedOptions, locale: str) -> Table:
    """The table of a file, whose kind is known by its first bytes. Raises `InvalidInput`."""
    grid = _read_grid(file, options, locale)
    if not grid.cells:
        raise InvalidInput([Problem(Where(file), "the feed is empty", f"begin it with {','.join(REQUIRED)}")])
    named = {heading.casefold().strip() for heading in options.columns.values()}
    header = find_headings(grid.cells[:HEADER_WITHIN], lambda cell: cell.casefold().strip() in named)
    return table_from(grid, header, _required_cells(header.names))


def _read_grid(file: Path, options: FeedOptions, locale: str) -> Grid:
    body = read_body(file, FEED_RULES)
    if body.startswith(_COMPOUND_FILE):
        message = "an Excel 97 workbook (.xls), or one with a password"
        raise InvalidInput([Problem(Where(file), message, "save it as .xlsx, without a password")])
    if body.startswith(_ZIP):
        from flashgen.sale.feeds.files.workbook import read_workbook  # loads calamine, which other feeds do not need

        return read_workbook(file, body, options.sheet, has_headings)
    if options.sheet:
        message = "`sheet` is for workbooks, and this file is none"
        raise InvalidInput([Problem(Where(file), message, "delete `sheet:` beside `from:`")])
    if _HTML.match(body):
        message = "a web page, which some shops call an Excel file"
        raise InvalidInput([Problem(Where(file), message, "open it in a spreadsheet program, and save it as .xlsx")])
    if is_xml(body):
        return read_merchant_xml(file, body)
    return read_csv(file, body, locale, partial(_known_headings, options=options))


def _known_headings(cells: Sequence[str], options: FeedOptions) -> int:
    """How many headings of a row are known, from any format or from `columns:`."""
    named = {heading.casefold().strip() for heading in options.columns.values()}
    return known_count(cells) + sum(cell.casefold().strip() in named for cell in cells)


def _required_cells(header: Sequence[str]) -> int:
    """How many cells a row must have: up to the last that every product needs. Exports have rows of pictures alone."""
    if format_of(header) is not Format.FLASHGEN:
        return 1
    needed = [place for place, name in enumerate(header) if {normal(name), role_of(name, "en")} & {*REQUIRED}]
    return max(needed, default=len(header) - 1) + 1


def _cells(table: Table, role: str, places: Sequence[int]) -> list[str]:
    """The cells of a role. Of several columns the first that is not empty counts, but all pictures do."""
    if len(places) == 1:
        (place,) = places
        cells = [row[place] for row in table.rows]
    elif role == "images":
        cells = ["|".join(row[place] for place in places if row[place]) for row in table.rows]
    else:
        cells = [next((row[place] for place in places if row[place]), "") for row in table.rows]
    clean = without_apostrophe if role in ("sku", "gtin") else without_text_formula
    return [clean(cell) if cell[:1] in ("=", "'", "’") else cell for cell in cells]


def _amounts(
    cells: Mapping[str, list[str]], rows: Sequence[int], options: FeedOptions, currency: str | None
) -> dict[str, AmountColumn]:
    """The columns of numbers. An ambiguous one is read with the decimal mark that all others have."""
    whole_money = currency is not None and money.digits(currency) == 0

    def read(role: str, other_mark: str = "") -> AmountColumn:
        return read_amounts(
            [cells[role][row] for row in rows],
            decimal=options.decimal,
            currency=currency if role in MONEY else None,
            whole=whole_money if role in MONEY else True,
            other_mark=other_mark,
            places=money.digits(currency) if currency and role in MONEY else None,
        )

    columns = {role: read(role) for role in (*MONEY, "stock") if role in cells}
    marks = {column.mark for column in columns.values() if column.mark}
    if len(marks) == 1:
        (mark,) = marks
        columns = {role: read(role, mark) if column.is_ambiguous else column for role, column in columns.items()}
    return columns


def _with_digits(
    cells: Mapping[str, list[str]], rows: Sequence[int], amounts: Mapping[str, AmountColumn]
) -> dict[str, list[str]]:
    """The cells with plain digits in the columns of amounts, which have one cell for each of these rows."""
    read = {role: [*cells[role]] for role in amounts}
    for role, column in amounts.items():
        for row, text in zip(rows, column.cells, strict=True):
            read[role][row] = text
    return {**cells, **read}


def _noted(table: Table, columns: Columns, index: Mapping[int, int], note: CellNote) -> Problem:
    """The note as a problem. It has the path of the product, so that it replaces what a model says about the value."""
    key = "price" if note.role == "sale_price" else note.role
    places = columns.by_role.get(note.role, ())
    place = places[0] if len(places) == 1 else column_of(table, columns, note.row, key) or 0
    path = dotted(("products", index[note.row], key)) if note.row in index else ""
    return table.problem(note.row, place, f"{table.called(place, key)} {note.message}", note.hint, path)
