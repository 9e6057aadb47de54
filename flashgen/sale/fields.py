"""The kinds of fields that several sections have: one line, many lines, a whole number."""

from __future__ import annotations

import re
from functools import partial

from pydantic import BeforeValidator

from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import text

_DIGITS = re.compile(r"[0-9]{1,12}")


def line(longest: int) -> BeforeValidator:
    """A text of one line of at most `longest` characters."""
    return BeforeValidator(partial(text.line, longest=longest))


def lines(longest: int) -> BeforeValidator:
    """A text of any number of lines, of at most `longest` characters."""
    return BeforeValidator(partial(text.lines, longest=longest))


def whole(least: int, most: int) -> BeforeValidator:
    """A whole number in plain digits, both bounds included."""
    return BeforeValidator(partial(_whole, least=least, most=most))


def _whole(value: object, least: int, most: int) -> int:
    written = str(value) if isinstance(value, int) else text.given(value).strip()
    if not _DIGITS.fullmatch(written) or not least <= int(written) <= most:
        raise InvalidValue(
            f"must be a whole number from {least:,} to {most:,}, found {quoted(written)}", "write plain digits"
        )
    return int(written)
