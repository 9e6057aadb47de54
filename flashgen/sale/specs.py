"""Reads a product's specifications: names and values, from a mapping in YAML or from one cell of a feed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flashgen.document.wording import InvalidValue, quoted

MAX_SPECS = 50
_SEPARATORS = re.compile(r"[;|]")


def spec_rows(value: object) -> object:
    """A mapping as it is; a text such as `Material: linen; Size: 60 cm`, or one with a line for each, as a mapping."""
    table = _from_text(value) if isinstance(value, str) else value
    if isinstance(table, Mapping) and len(table) > MAX_SPECS:
        raise InvalidValue(f"must have at most {MAX_SPECS} rows, found {len(table):,}", "keep what buyers compare")
    return table


def _from_text(text: str) -> dict[str, str]:
    parts = text.splitlines() if "\n" in text.strip() else _SEPARATORS.split(text)
    table: dict[str, str] = {}
    for part in filter(None, map(str.strip, parts)):
        name, colon, value = (each.strip() for each in part.partition(":"))
        if not (colon and name and value):
            raise InvalidValue(
                f"must have a name and a value in each row, found {quoted(part)}", "such as `Size: 60 cm`"
            )
        if name in table:
            raise InvalidValue(f"must name each row once, found {quoted(name)} again", "put both values into one row")
        table[name] = value
    return table
