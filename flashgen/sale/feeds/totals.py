"""Finds the rows of a spreadsheet that add up its products, such as `Summe;;2.580,00`: they are no products."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import takewhile
from pathlib import Path

from flashgen.document.wording import quoted
from flashgen.errors import Problem
from flashgen.sale.feeds.headings import plain
from flashgen.sale.feeds.table import Table

_ADDED_UP = ("price", "sale_price", "list_price", "stock")
_NAMES = ("sku", "name")
_FEWEST = 2
"""The sum of one row is that row again."""

_MOST = 100
"""Where more rows lack their SKU or name, a column was not filled."""


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A row of the table, from 0, that is no product. `word` is its first text; empty if it has none that says so."""

    row: int
    word: str
    is_sum: bool

    def warning(self, table: Table) -> Problem:
        """What was understood, at the row's first cell."""
        column = next(place for place, cell in enumerate(table.rows[self.row]) if cell.strip())
        name = f"the row {quoted(self.word)}" if self.word else "a row without SKU and name"
        if self.is_sum:
            return table.problem(self.row, column, f"{name} adds up the rows above, and is left out")
        hint = "if it is a product, fill its SKU, name and price"
        return table.problem(self.row, column, f"{name} is no product, and is left out", hint)


def total_rows(table: Table, cells: Mapping[str, Sequence[str]], rows: Sequence[int]) -> tuple[TotalRow, ...]:
    """The totals in these rows. `cells` are by role; amounts are plain digits.

    A row is a total if a word such as "Total" takes the place of SKU or name, or if it has neither and an amount that
    is the sum of those above. With a SKU and a name, both the word and the sum are needed.
    """
    candidates = [(place, row) for place, row in enumerate(rows) if _may_be_total(table, cells, row)]
    found: dict[int, TotalRow] = {}
    for place, row in candidates if len(candidates) <= _MOST else ():
        texts, first = _names(cells, row), _first(table, row)
        above = [*takewhile(lambda other: other not in found, reversed(rows[:place]))]
        is_sum = any(_is_sum(cells[role], row, above) for role in _ADDED_UP if role in cells)
        if is_sum and (not texts or _begins_as_total(first)):
            found[row] = TotalRow(row, first if _begins_as_total(first) else "", is_sum=True)
        elif _is_total(first) and texts == [first]:
            found[row] = TotalRow(row, first, is_sum=False)
    return tuple(found.values())


def _may_be_total(table: Table, cells: Mapping[str, Sequence[str]], row: int) -> bool:
    return len(_names(cells, row)) < len(_NAMES) or _begins_as_total(_first(table, row))


def _names(cells: Mapping[str, Sequence[str]], row: int) -> list[str]:
    return [text for role in _NAMES if (text := cells[role][row].strip())]


def _first(table: Table, row: int) -> str:
    return next((text for cell in table.rows[row] if (text := cell.strip())), "")


def _is_sum(column: Sequence[str], row: int, above: Sequence[int]) -> bool:
    if not column[row].strip() or len(above) < _FEWEST:
        return False
    try:
        return Decimal(column[row]) == sum(Decimal(column[other]) for other in above if column[other].strip())
    except InvalidOperation:
        return False


def _is_total(text: str) -> bool:
    return plain(text.partition("(")[0]) in _words()


def _begins_as_total(text: str) -> bool:
    """Whether a text is or begins with a total's word, as in `Summe netto`."""
    return _is_total(text) or plain(text).partition(" ")[0] in _words()


@cache
def _words() -> frozenset[str]:
    return frozenset(_read_words())


def _read_words() -> Iterator[str]:
    languages = json.loads(Path(__file__).with_name("total_words.json").read_text(encoding="utf-8"))
    for words in languages.values():
        yield from map(plain, words)
