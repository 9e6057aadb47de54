"""What is wrong with the headings of a table, and what to write there or beside `from:`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from flashgen.document.wording import counted, joined, quoted, suggestion
from flashgen.errors import Problem
from flashgen.sale.feeds.headings import (
    COLUMNS,
    REQUIRED,
    TRANSLATED,
    Format,
    heading_for,
    language_of,
    meant_by,
    normal,
    plain,
)
from flashgen.sale.feeds.options import FeedOptions
from flashgen.sale.feeds.table import Table
from flashgen.sale.language import lookup_chain, normal_tag
from flashgen.sale.translation import unread_hint

_DID_YOU_MEAN = "did you mean"
_MANY = 3  # up to this many unknown columns have a warning each


def no_such_column(table: Table, heading: str) -> Problem:
    """A heading that the YAML names and the table lacks."""
    known = {plain(name) for name in table.header if name.strip()}
    message = f"no column {quoted(heading)} in {table.file.name}"
    return table.header_problem(None, message, suggestion(plain(heading), known))


def missing_columns(
    table: Table, format: Format, locale: str, by_role: Mapping[str, tuple[int, ...]], several: Mapping[str, list[int]]
) -> Iterator[Problem]:
    """One problem for all columns that are missing; a hint names those that may be meant."""
    has_price = "price" in by_role or "sale_price" in by_role
    missing = [key for key in REQUIRED if not (has_price if key == "price" else key in by_role) and key not in several]
    if not missing:
        return
    many = len(missing) > 1
    keys = joined([f"`{key}`" for key in missing], "and")
    message = f"columns {keys} are missing" if many else f"column {keys} is missing"
    read = {column for columns in by_role.values() for column in columns}
    others = [heading.strip() for column, heading in enumerate(table.header) if column not in read and heading.strip()]
    language = language_of(table.header) or lookup_chain(locale)[-1]
    likely = {heading: meant_by(heading, format, language) for heading in others}
    meant = {role: (heading, word) for heading, (role, word) in likely.items() if role in missing}
    if len(meant) == len(missing):
        words = joined([f"`{word}` by {quoted(heading)}" for heading, word in meant.values()], "and")
        hint = f"{_DID_YOU_MEAN} {words}? correct the heading{'s' if many else ''}"
    else:
        wanted = joined([heading_for(key, format, locale) for key in missing], "and")
        names = ", ".join(name.strip() for name in table.header if name.strip())
        hint = f"columns found: {names}; write {wanted} above the right {'ones' if many else 'one'}"
    chosen = ", ".join(f"{key}: {quoted(meant[key][0]) if key in meant else '…'}" for key in missing)
    hint += f", or name {'them' if many else 'it'} with `columns: {{{chosen}}}` beside `from:`"
    start = "" if by_role or several else "no headings found: "
    yield table.header_problem(None, start + message, "; ".join(filter(None, (hint, table.grid.header_hint))))


def ambiguous_columns(table: Table, several: Mapping[str, list[int]], chosen: Iterable[str]) -> Iterator[Problem]:
    """Two columns for one role. The same heading twice is no problem if nobody reads it."""
    left = {role: own for role, own in several.items() if role.partition(":")[0] not in chosen}
    for role, (first, second, *_) in left.items():
        key, headings = role.partition(":")[0], [table.header[column].strip() for column in (first, second)]
        if plain(headings[0]) == plain(headings[1]):
            message = f"column `{normal(headings[1])}` is there twice, first as column {first + 1}"
            yield table.header_problem(second, message, "delete one of them")
        else:
            message = f"columns {quoted(headings[0])} and {quoted(headings[1])} may both be `{key}`"
            either = f"{quoted(headings[0])} or {quoted(headings[1])}"
            hint = f"write beside `from:` which one is meant: `columns: {{{key}: …}}` with {either}"
            yield table.header_problem(second, message, hint)


def ignored_columns(table: Table, ignored: Iterable[int], options: FeedOptions) -> Iterator[Problem]:
    """Columns that nobody reads. `where:` reads its own; `unread_languages` warns of translations."""
    filters = {plain(heading) for heading in options.where}
    unknown: list[int] = []
    for column in ignored:
        name = normal(table.header[column])
        if not name:
            if any(row[column].strip() for row in table.rows):
                hint = table.grid.header_hint or "name or delete it"
                yield table.header_problem(column, f"column {column + 1} has no name, and is left out", hint)
        elif not _is_known(name) and plain(name) not in filters:
            unknown.append(column)
    hints = {column: _meaning(table.header[column]) for column in unknown}
    others = [column for column in unknown if len(unknown) > _MANY and not hints[column].startswith(_DID_YOU_MEAN)]
    for column in sorted({*unknown} - {*others}):
        name = quoted(normal(table.header[column]))
        yield table.header_problem(column, f"unknown column {name}, left out", hints[column])
    if others:
        names = ", ".join(table.header[column].strip() for column in others)
        yield table.header_problem(others[0], f"{counted(len(others), 'unknown column')} left out: {names}")


def _meaning(heading: str) -> str:
    """A hint for an unknown heading: the key that was probably meant, else all keys."""
    hint = suggestion(normal(heading), COLUMNS)
    key = "" if hint.startswith(_DID_YOU_MEAN) else meant_by(heading, Format.FLASHGEN, "")[0]
    return f"{_DID_YOU_MEAN} `{key}`? correct the heading, or write `columns: {{{key}: …}}`" if key else hint


def unread_languages(table: Table, ignored: Iterable[int], locales: Sequence[str]) -> Iterator[Problem]:
    """Columns such as `name:fr` that hold a text, of a language that the sale lacks or a key that is one for all."""
    read = {tag for locale in locales for tag in lookup_chain(locale)}
    for column in ignored:
        key, colon, tag = normal(table.header[column]).partition(":")
        if colon and _is_known(f"{key}:{tag}") and any(row[column].strip() for row in table.rows):
            message = f"column `{key}:{tag}` is left out: no page shows it"
            hint = unread_hint(locales, tag) if tag not in read else f"`{key}` is the same in all languages: delete it"
            yield table.header_problem(column, message, hint)


def _is_known(name: str) -> bool:
    key, colon, tag = name.partition(":")
    return key in TRANSLATED and normal_tag(tag) is not None if colon else key in COLUMNS
