"""Finds the columns of a table by their headings: its format, the column of each role, and the rows that are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flashgen.document.wording import counted, quoted
from flashgen.errors import InvalidInput, Problem
from flashgen.sale.feeds.header_problems import (
    ambiguous_columns,
    ignored_columns,
    missing_columns,
    no_such_column,
    unread_languages,
)
from flashgen.sale.feeds.headings import (
    COLUMNS,
    ROLES,
    TRANSLATED,
    Format,
    format_of,
    normal,
    plain,
    role_of,
)
from flashgen.sale.feeds.options import AUTO, FeedOptions
from flashgen.sale.feeds.table import Table
from flashgen.sale.language import lookup_chain
from flashgen.sale.product import PRODUCT_TEXTS

_SEVERAL = frozenset({"images", "variant_image", "gtin"})
"""Roles that may have several columns, all of which are read: a book has an ISBN, and a lamp an EAN."""

_READ_FROM = {"images": ("image", "images", "variant_image"), "price": ("sale_price", "price")}
"""The roles that a key's value may come from, the first that is not empty; by default the role of the same name."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of each role, from 0, in order: the first that is not empty counts.

    `guessed` are the roles whose headings were recognised by the words of a language. Nobody reads the columns in
    `ignored`.
    """

    format: Format
    by_role: Mapping[str, tuple[int, ...]]
    guessed: frozenset[str]
    ignored: tuple[int, ...]
    warnings: tuple[Problem, ...] = ()


def find_columns(table: Table, options: FeedOptions, locale: str, others: Sequence[str] = ()) -> Columns:
    """The columns of a table, in the language of a locale. The texts in `others` have roles such as `name:en`.

    Raises `InvalidInput` with every problem of the header."""
    format = format_of(table.header) if options.format == AUTO else Format(options.format)
    chosen, problems = _chosen(table, options, locale, others)
    if format is Format.FLASHGEN:
        found, several = _named_as_keys(table, locale)
    else:
        found, several = _single({heading: ROLES[format].get(plain(heading), "") for heading in table.header}, table)
    translated, more = _in_other_languages(table, locale, others)
    found = {**found, **translated, **chosen}
    several = {**several, **more}
    guessed: dict[str, tuple[int, ...]] = {}
    if format is Format.FLASHGEN:
        guessed, ambiguous = _guessed(table, found, locale)
        several = {**ambiguous, **several}
    by_role = {**found, **guessed}
    if "price" in chosen:  # else the column that was chosen would become the list price
        by_role.pop("sale_price", None)
    problems += [*missing_columns(table, format, locale, by_role, several), *ambiguous_columns(table, several, chosen)]
    if problems:
        raise InvalidInput((*problems, *table.problems))
    read = {column for columns in by_role.values() for column in columns}
    ignored = tuple(column for column in range(len(table.header)) if column not in read)
    warnings: tuple[Problem, ...] = ()
    if format is Format.FLASHGEN:
        locales = (locale, *others)
        warnings = (*ignored_columns(table, ignored, options), *unread_languages(table, ignored, locales))
    return Columns(format, by_role, frozenset(guessed.keys() & by_role.keys()), ignored, warnings)


def wanted_rows(table: Table, columns: Columns, options: FeedOptions) -> Sequence[int]:
    """The rows, from 0, with one of the wanted values in every column that `where:` names. Case does not matter.

    In a Shopify export an empty cell has the value of the product's first row. Raises `InvalidInput` for a column that
    does not exist, and if no row is left.
    """
    rows: Sequence[int] = range(len(table.rows))
    for heading, values in options.where.items():
        column = column_named(table, heading)
        if column is None and heading in columns.by_role:
            column = columns.by_role[heading][0]
        if column is None:
            raise InvalidInput([no_such_column(table, heading)])
        cells = _inherited(table, columns, column)
        wanted = {value.strip().casefold() for value in values}
        rows = [row for row in rows if cells[row].strip().casefold() in wanted]
        if not rows:
            found = sorted({cell.strip() for cell in cells if cell.strip()})
            message = f"no row of {counted(len(cells), 'row')} has {quoted(' or '.join(values))} in {quoted(heading)}"
            hint = f"values there: {', '.join(found[:10])}" if found else "the column is empty"
            raise InvalidInput([table.header_problem(column, message, hint)])
    return rows


def column_of(table: Table, columns: Columns, row: int, key: str) -> int | None:
    """The column that a key is read from in a row, the first that is not empty; None if there is none."""
    places = [place for role in _READ_FROM.get(key, (key,)) for place in columns.by_role.get(role, ())]
    cells = table.rows[row] if table.rows else []
    return next((place for place in places if cells and cells[place]), places[-1] if places else None)


def column_named(table: Table, heading: str) -> int | None:
    """The first column with this heading, compared without case and punctuation."""
    wanted = plain(heading)
    return next((column for column, name in enumerate(table.header) if plain(name) == wanted), None)


def _chosen(
    table: Table, options: FeedOptions, locale: str, others: Sequence[str]
) -> tuple[dict[str, tuple[int, ...]], list[Problem]]:
    """The columns that `columns:` names. A text in the language of the locale comes before one in none."""
    found: dict[str, tuple[int, ...]] = {}
    problems: list[Problem] = []
    read = {tag for other in others for tag in lookup_chain(other)}
    for key, heading in options.columns.items():
        column = column_named(table, heading)
        if column is None:
            problems.append(no_such_column(table, heading))
            continue
        text_key, _, tag = key.partition(":")
        if tag in lookup_chain(locale):
            found[text_key] = (column, *found.get(text_key, ()))
        elif not tag or tag in read:
            found[key] = (*found.get(key, ()), column)
    return found, problems


def _named_as_keys(table: Table, locale: str) -> tuple[dict[str, tuple[int, ...]], dict[str, list[int]]]:
    """The columns that are named as keys, those in the language of the locale first."""
    columns: dict[str, list[int]] = {}
    for column, heading in enumerate(table.header):
        columns.setdefault(normal(heading), []).append(column)
    found: dict[str, tuple[int, ...]] = {}
    several: dict[str, list[int]] = {}
    for key in COLUMNS:
        tags = lookup_chain(locale) if key in TRANSLATED else ()
        names = [name for name in (*(f"{key}:{tag}" for tag in tags), key) if name in columns]
        if names:
            found[key] = tuple(columns[name][0] for name in names)
            several |= {name: columns[name] for name in names if len(columns[name]) > 1}
    return found, several


def _in_other_languages(
    table: Table, locale: str, others: Sequence[str]
) -> tuple[dict[str, tuple[int, ...]], dict[str, list[int]]]:
    """The columns such as `name:en` for the other languages of the sale, in any format."""
    tags = {tag for other in others for tag in lookup_chain(other)}.difference(lookup_chain(locale))
    roles = {f"{key}:{tag}" for key in PRODUCT_TEXTS for tag in tags}
    columns: dict[str, list[int]] = {}
    for column, heading in enumerate(table.header):
        if (name := normal(heading)) in roles:
            columns.setdefault(name, []).append(column)
    found: dict[str, tuple[int, ...]] = {name: (places[0],) for name, places in columns.items()}
    return found, {name: places for name, places in columns.items() if len(places) > 1}


def _single(roles: Mapping[str, str], table: Table) -> tuple[dict[str, tuple[int, ...]], dict[str, list[int]]]:
    """The columns by role, and those of roles that have too many."""
    columns: dict[str, list[int]] = {}
    for column, heading in enumerate(table.header):
        if role := roles.get(heading, ""):
            columns.setdefault(role, []).append(column)
    found = {role: tuple(own) for role, own in columns.items() if len(own) == 1 or role in _SEVERAL}
    return found, {role: own for role, own in columns.items() if role not in found}


def _guessed(
    table: Table, found: Mapping[str, tuple[int, ...]], locale: str
) -> tuple[dict[str, tuple[int, ...]], dict[str, list[int]]]:
    """The columns that are left, by the words of their headings."""
    read = {column for columns in found.values() for column in columns}
    roles = {
        heading: role
        for column, heading in enumerate(table.header)
        if column not in read and ":" not in heading and (role := role_of(heading, locale)) not in found
    }
    return _single(roles, table)


def _inherited(table: Table, columns: Columns, column: int) -> list[str]:
    cells = [row[column] for row in table.rows]
    if columns.format is not Format.SHOPIFY or "group" not in columns.by_role:
        return cells
    (group, *_) = columns.by_role["group"]
    first: dict[str, str] = {}
    for row, cell in zip(table.rows, cells, strict=True):
        if cell:
            first.setdefault(row[group], cell)
    return [cell or first.get(row[group], "") for row, cell in zip(table.rows, cells, strict=True)]
