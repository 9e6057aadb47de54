"""What was understood of a feed, for people to check before they build."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from flashgen.document.wording import counted, quoted
from flashgen.sale.feeds.amounts import MARK_NAMES, AmountColumn, currencies
from flashgen.sale.feeds.columns import Columns
from flashgen.sale.feeds.headings import REQUIRED, TITLES, language_of
from flashgen.sale.feeds.product_rows import ProductRow
from flashgen.sale.feeds.table import Table

_EXAMPLES = 3
_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_SHOWN = ("sku", "name", "price", "list_price", "stock")
_KEY_OF_ROLE = {
    "sale_price": "price",
    "sale_window": "price",
    "group": "variants",
    "option": "variants",
    "availability": "stock",
    "tracker": "stock",
    "taxonomy": "category",
    "images": "image",
    "position": "image",
    "variant_image": "image",
}
"""The key that a role is shown under; by default the role itself."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """How a feed was read. `kind` describes the file, `title` the format, both in words.

    `rows` are those below the header. Of them `excluded` do not match `where:`, `totals` add up others, and
    `picture_rows` only add a picture. `currency` is the one that all prices name, or the first that their sign can
    mean; empty if there is none. `variants` are the products of the sale, `products` those of the shop. `columns` are
    the headings by key, `guessed` the keys whose headings were recognised by the words of a language: `language`, if
    most of them are of one. `examples` are the first three variants that can be read, else the first three.
    """

    file: Path
    kind: str
    format: str
    title: str
    rows: int
    excluded: int
    totals: int
    picture_rows: int
    products: int
    variants: int
    columns: Mapping[str, tuple[str, ...]]
    guessed: frozenset[str]
    language: str
    ignored: tuple[str, ...]
    numbers: str
    currency: str
    notes: tuple[str, ...]
    examples: tuple[Mapping[str, str], ...]

    def lines(self) -> tuple[str, ...]:
        """The text for people."""
        certain = [f"{key} ← {', '.join(names)}" for key, names in self.columns.items() if key not in self.guessed]
        guessed = [f"{key} ← {', '.join(names)}" for key, names in self.columns.items() if key in self.guessed]
        listed = {
            "columns": ", ".join(certain),
            "guessed": ", ".join(guessed),
            "ignored": ", ".join(self.ignored),
            "numbers": self.numbers,
        }
        return (
            f"{self.file.name}: {self.title} ({self.kind})",
            f"  {self._counts()}",
            *(f"  {name}: {text}" for name, text in listed.items() if text),
            *(f"  {note}" for note in self.notes),
            *(f"  {number}. {_example(row)}" for number, row in enumerate(self.examples, start=1)),
        )

    def to_json(self) -> dict[str, Any]:
        """The same for `--json`."""
        return {
            "file": str(self.file),
            "kind": self.kind,
            "format": self.format,
            "rows": self.rows,
            "excluded": self.excluded,
            "totals": self.totals,
            "picture_rows": self.picture_rows,
            "products": self.products,
            "variants": self.variants,
            "columns": {key: list(names) for key, names in self.columns.items()},
            "guessed": sorted(self.guessed),
            "language": self.language or None,
            "ignored": list(self.ignored),
            "numbers": self.numbers,
            "currency": self.currency or None,
            "notes": list(self.notes),
            "examples": [dict(row) for row in self.examples],
        }

    def _counts(self) -> str:
        what = counted(self.variants, "product")
        if self.products != self.variants:
            what = f"{counted(self.variants, 'variant')} of {counted(self.products, 'product')}"
        parts = [f"{counted(self.rows, 'row')}: {what}"]
        if self.picture_rows:
            parts.append(f"{counted(self.picture_rows, 'row')} with one more picture")
        if self.totals:
            parts.append(f"{counted(self.totals, 'row')} with a total left out")
        if self.excluded:
            parts.append(f"{counted(self.excluded, 'row')} left out by `where`")
        return ", ".join(parts)


def understanding_of(
    table: Table,
    columns: Columns,
    products: Sequence[ProductRow],
    rows: Sequence[int],
    amounts: Mapping[str, AmountColumn],
    decimals: int,
    totals: int,
) -> Understanding:
    """The understanding of a feed. `rows` are those of products and pictures, `decimals` those of the sale's currency.

    `totals` counts the rows that add up others.
    """
    return Understanding(
        file=table.file,
        kind=table.grid.kind,
        format=columns.format.value,
        title=TITLES[columns.format],
        rows=len(table.rows),
        excluded=len(table.rows) - len(rows) - totals,
        totals=totals,
        picture_rows=len(rows) - len(products),
        products=len({product.group or product.row for product in products}),
        variants=len(products),
        columns=_headings(table, columns),
        guessed=frozenset(_key(role, columns) for role in columns.guessed),
        language=language_of(table.header[place] for role in columns.guessed for place in columns.by_role[role]),
        ignored=tuple(name for column in columns.ignored if (name := table.header[column].strip())),
        numbers=_numbers(amounts, columns),
        currency=_currency(amounts),
        notes=table.grid.notes,
        examples=tuple(
            {key: _shown(key, product.values[key], decimals) for key in _SHOWN if key in product.values}
            for product in _examples(products)
        ),
    )


def _examples(products: Sequence[ProductRow]) -> Sequence[ProductRow]:
    """Products that show how the feed is read. One with a mistake shows it less well, and has a message of its own."""
    readable = (
        product
        for product in products
        if all(product.values.get(key, "").strip() for key in REQUIRED) and _PLAIN.fullmatch(product.values["price"])
    )
    return [*islice(readable, _EXAMPLES)] or products[:_EXAMPLES]


def _headings(table: Table, columns: Columns) -> dict[str, tuple[str, ...]]:
    """The headings by key, as they are written in the file."""
    headings: dict[str, list[str]] = {}
    for role, found in columns.by_role.items():
        headings.setdefault(_key(role, columns), []).extend(table.header[column].strip() for column in found)
    return {key: tuple(names) for key, names in headings.items()}


def _key(role: str, columns: Columns) -> str:
    if role == "price" and "sale_price" in columns.by_role:
        return "list_price"
    return _KEY_OF_ROLE.get(role.rstrip("0123456789"), role)


def _numbers(amounts: Mapping[str, AmountColumn], columns: Columns) -> str:
    """The decimal marks, each with the columns that have it and an example."""
    parts = []
    for mark in dict.fromkeys(column.mark for column in amounts.values() if column.mark):
        own = {role: column for role, column in amounts.items() if column.mark == mark}
        keys = " and ".join(dict.fromkeys(_key(role, columns) for role in own))
        shown = next(iter(own.values()))
        if shown.example != shown.example_digits:
            example = quoted(" ".join(shown.example.split()))  # no-break spaces are shown as spaces
            parts.append(f"{MARK_NAMES[mark]} in {keys}, {example} is {shown.example_digits}")
    return "; ".join(parts)


def _currency(amounts: Mapping[str, AmountColumn]) -> str:
    """The currency of all prices."""
    units = {unit for column in amounts.values() for unit in column.units}
    known = [codes for unit in sorted(units) if (codes := currencies(unit))]
    common = [code for code in known[0] if all(code in codes for codes in known)] if known else []
    return common[0] if common else ""


def _shown(key: str, text: str, decimals: int) -> str:
    """The value as the sale will have it: 14.9 EUR is 14.90."""
    if key not in ("price", "list_price") or not _PLAIN.fullmatch(text):
        return text
    amount = Decimal(text)
    exact = amount.quantize(Decimal(1).scaleb(-decimals))
    return str(exact) if exact == amount else text


def _example(row: Mapping[str, str]) -> str:
    return ", ".join(quoted(text) if key in ("sku", "name") else f"{key} {text}" for key, text in row.items())
