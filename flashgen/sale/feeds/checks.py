"""Checks the cells of a feed for what a spreadsheet destroyed and for what may not be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flashgen.document.builder import dotted
from flashgen.document.wording import InvalidValue, counted, joined, quoted
from flashgen.errors import Problem
from flashgen.sale.feeds.amounts import currencies
from flashgen.sale.feeds.columns import Columns, column_named, column_of
from flashgen.sale.feeds.files.sheet_xml import NO_RESULT
from flashgen.sale.feeds.headings import REQUIRED, plain, unit_of
from flashgen.sale.feeds.options import FeedOptions
from flashgen.sale.feeds.product_rows import ProductRow
from flashgen.sale.feeds.table import DateCell, NumberCell, Table
from flashgen.sale.text import gtin

MONEY = ("price", "list_price", "sale_price")

_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_ROUNDED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}")
_MONTH = "jan|feb|mar|mrz|mär|apr|may|mai|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez|janv|févr|avr|juin|juil|août|déc"
# What spreadsheets make of 3-1 or MAR1, as they write it into CSV.
_DATE = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T00:00:00)?|[0-9]{{1,2}}([./])[0-9]{{1,2}}\1[0-9]{{4}}"
    rf"|[0-9]{{1,2}}[-. ]{{1,2}}(?:{_MONTH})\.?|(?:{_MONTH})\.?[- ][0-9]{{2}}",
    re.IGNORECASE,
)
_EXACT_DIGITS = 15
# Error values of Excel and LibreOffice in the languages that translate them.
_ERROR_VALUES = frozenset(
    "#REF! #NAME? #N/A #VALUE! #DIV/0! #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #FIELD! #BEZUG! #WERT! #NV #ZAHL! "  # noqa: SIM905
    "#NOM? #VALEUR! #N/D #NOMBRE! #REF #¡REF! #¿NOMBRE? #¡VALOR! #¡NUM! #¡DIV/0! #RIF! #NOME? #VALORE! #VALOR! "
    "#VERW! #NAAM? #WAARDE! #N/B #ADR! #NAZWA? #ARG! #ССЫЛКА! #ИМЯ? #ЗНАЧ! #Н/Д #BAŞV! #AD? #DEĞER! #YOK".split()
)
_FALSE = frozenset({"false", "no", "0"})
_NOT_SOLD = {
    "status": (frozenset({"draft", "archived", "unlisted"}), "active"),
    "published": (_FALSE, "true"),
    "published on online store": (_FALSE, "true"),
}
"""Columns of a shop by the first of which a product is known not to be sold: those values, and the one to ask for."""


@dataclass(frozen=True, slots=True)
class CellNote:
    """Something to say about a cell, by its row in the table and its role. The message goes on from the key's name."""

    row: int
    role: str
    message: str
    hint: str


def without_text_formula(cell: str) -> str:
    """The text in `="00123"`, which people write to keep Excel from reading a number; other cells as they are."""
    if cell[:2] == '="' and (formula := _TEXT_FORMULA.fullmatch(cell.strip())):
        return formula[1].replace('""', '"')
    return cell


def without_apostrophe(sku: str) -> str:
    """A SKU without the apostrophe that marks a text in Excel: `'00123`."""
    text = without_text_formula(sku)
    return text[1:] if len(text) > 1 and text[0] in "'’" else text


def lost_cells(cells: Mapping[str, Sequence[str]], rows: Sequence[int]) -> Iterator[CellNote]:
    """Cells whose value a spreadsheet destroyed: error values, and SKUs that became rounded numbers."""
    for role, column in cells.items():
        for row in rows:
            if column[row][:1] != "#":
                continue
            if (text := column[row].strip()) in _ERROR_VALUES:
                message = f"was lost in a spreadsheet: {text} is the result of a formula that failed"
                yield CellNote(row, role, message, "correct the formula, or write the value, and export it again")
            elif text == NO_RESULT:
                hint = "open the workbook in a spreadsheet program, and save it"
                yield CellNote(row, role, "is a formula that was never calculated", hint)
    for row in rows if "sku" in cells else ():
        sku = cells["sku"][row]
        if isinstance(sku, NumberCell):
            if len(sku.partition(".")[0]) > _EXACT_DIGITS:
                message = f"has more than {_EXACT_DIGITS} digits, {quoted(sku)}: a spreadsheet rounds such a number"
                yield CellNote(row, "sku", message, "format the column as text, and enter the SKUs again")
        elif "+" in sku and _ROUNDED.fullmatch(sku.strip()):
            message = f"was lost in a spreadsheet: {quoted(sku)} is a rounded number, its last digits are gone"
            yield CellNote(row, "sku", message, "format the column as text, enter the SKUs again, and export it")


def empty_cells(table: Table, columns: Columns, products: Sequence[ProductRow]) -> tuple[list[Problem], frozenset[str]]:
    """One problem for all rows in which the same cells are empty that every product needs, and the paths of those."""
    lacking: dict[tuple[str, ...], list[int]] = {}
    for index, product in enumerate(products):
        if keys := tuple(key for key in REQUIRED if not product.values.get(key, "").strip()):
            lacking.setdefault(keys, []).append(index)
    problems = []
    for keys, (first, *others) in lacking.items():
        row = products[first].row
        places = [column_of(table, columns, row, key) or 0 for key in keys]
        names = joined([table.called(place, key) for place, key in zip(places, keys, strict=True)], "and")
        message = f"{names} {'is' if len(keys) == 1 else 'are'} empty"
        if others:
            numbers = table.row_numbers([products[index].row for index in others])
            message += f", also in {counted(len(others), 'more row')}: {numbers}"
        hint = f"fill the cell{'s' if others or len(keys) > 1 else ''}, or delete the row{'s' if others else ''}"
        problems.append(table.problem(row, places[0], message, hint, dotted(("products", first, keys[0]))))
    paths = (dotted(("products", index, key)) for keys, own in lacking.items() for index in own for key in keys)
    return problems, frozenset(paths)


def wrong_currencies(
    table: Table, columns: Columns, cells: Mapping[str, Sequence[str]], rows: Sequence[int], currency: str | None
) -> Iterator[Problem]:
    """Headings such as `Price (USD)`, and a column of currencies, that do not fit the sale's currency."""
    if currency is None:
        return
    hint = f"write the prices in {currency}, or change the sale's `currency`"
    for role in MONEY:
        for column in columns.by_role.get(role, ()):
            codes = currencies(unit_of(table.header[column]))
            if codes and currency not in codes:
                message = f"column {quoted(table.header[column])} is in {codes[0]}, and the sale in {currency}"
                yield table.header_problem(column, message, hint)
    first: dict[str, int] = {}
    for row in rows if "currency" in cells else ():
        if text := cells["currency"][row].strip():
            first.setdefault(text, row)
    for text, row in first.items():
        if currency not in currencies(text):
            message = f"the price is in {quoted(text)}, and the sale in {currency}"
            yield table.problem(row, columns.by_role["currency"][0], message, hint)


def take_wrong_gtins(products: Sequence[ProductRow]) -> tuple[CellNote, ...]:
    """Take out GTINs that are none, and return a note about them: shops keep other codes in the same column."""
    wrong: list[tuple[ProductRow, InvalidValue]] = []
    for product in products:
        if "gtin" in product.values:
            try:
                gtin(product.values["gtin"])
            except InvalidValue as invalid:
                wrong.append((product, invalid))
                del product.values["gtin"]
    if not wrong:
        return ()
    (first, error), *others = wrong
    more = f", and {counted(len(others), 'more cell')}" if others else ""
    message, hint = f"{error.message}{more}: left out", "search engines get no barcode for it; correct it if it is one"
    return (CellNote(first.row, "gtin", message, hint),)


def doubtful_cells(products: Sequence[ProductRow]) -> Iterator[CellNote]:
    """Cells that can be built, and may not be what was meant."""
    dates = [product for product in products if _is_date(product.values.get("sku", ""))]
    if dates:
        more = f", and {counted(len(dates) - 1, 'more SKU')}" if len(dates) > 1 else ""
        hint = "if it was a text such as 3-1, format the column as text, and enter it again"
        yield CellNote(dates[0].row, "sku", f"is a date, {dates[0].values['sku']}{more}", hint)
    yield from _lost_zeros(products)


def _is_date(sku: str) -> bool:
    return isinstance(sku, DateCell) or bool(_DATE.fullmatch(sku.strip()))


def inactive_products(table: Table, products: Sequence[ProductRow], options: FeedOptions) -> Iterator[Problem]:
    """A warning if products are on sale that the shop does not sell."""
    filters = {plain(heading) for heading in options.where}
    columns = {name: column for name in _NOT_SOLD if (column := column_named(table, name)) is not None}
    if not columns or filters & columns.keys():
        return
    name, column = next(iter(columns.items()))
    not_sold, wanted = _NOT_SOLD[name]
    rows = [one.row for one in products if table.rows[one.row][column].strip().casefold() in not_sold]
    if rows:
        shown = quoted(table.rows[rows[0]][column].strip())
        message = f"{counted(len(rows), 'product')} on sale that the shop does not sell: {name} is {shown}, for example"
        hint = f"leave them out with `where: {{{name}: {wanted}}}` beside `from:`"
        yield table.problem(rows[0], column, message, hint)


def _lost_zeros(products: Sequence[ProductRow]) -> Iterator[CellNote]:
    """SKUs that are shorter than those with leading zeros."""
    skus = [(product.row, product.values.get("sku", "")) for product in products]
    lengths = {len(sku) for _, sku in skus if len(sku) > 1 and sku[0] == "0" and sku.isdecimal()}
    if len(lengths) != 1:
        return
    (length,) = lengths
    short = [(row, sku) for row, sku in skus if 0 < len(sku) < length and sku.isdecimal() and sku[0] != "0"]
    if short:
        row, sku = short[0]
        more = f", and {counted(len(short) - 1, 'more SKU')}" if len(short) > 1 else ""
        message = f"has {counted(len(sku), 'digit')}, {sku}, where others have {length}{more}"
        yield CellNote(
            row, "sku", message, "leading zeros may be lost: format the column as text, and enter them again"
        )
