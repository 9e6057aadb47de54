"""Reads who comes when from a CSV, as an analytics tool exports it: `time,visitors`.

A row says how many come from its time until that of the next row; the last lasts as long as the one before it.
Times are seconds after the start (`-600`), durations (`-10m`, `1h30m`), or instants (`2026-11-27 08:50`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from flashgen.document.wording import InvalidValue, quoted
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.forecast.arrivals import Arrivals
from flashgen.sale.instant import instant, seconds

MAX_BYTES = 16 << 20
LONGEST_SECONDS = 31 * 86_400
_ONE_MOMENT_SECONDS = 1.0
_HEADER = ("time", "visitors")
_SECONDS = re.compile(r"[+-]?[0-9]{1,8}(\.[0-9]{1,3})?")
_COUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")


def read_arrivals(file: Path, starts_at: datetime, zone: str) -> Arrivals:
    """The curve of a file. Instants without an offset are in `zone`. Raises InvalidInput with every problem."""
    lines = _text(file).splitlines()
    separator = next((each for each in ",;\t" if each in (lines[0] if lines else "")), ",")
    rows = [(number, row) for number, row in enumerate(csv.reader(lines, delimiter=separator), 1) if any(row)]
    if not rows or tuple(cell.strip().lower() for cell in rows[0][1][:2]) != _HEADER:
        found = lines[0] if lines else "nothing"
        raise _invalid(file, 1, f"the first line must be `time,visitors`, found {quoted(found)}", "add that line")
    problems: list[Problem] = []
    read: list[tuple[float, float]] = []
    for number, row in rows[1:]:
        try:
            read.append(_row(row, starts_at, zone, read[-1][0] if read else None))
        except InvalidValue as invalid:
            problems.append(Problem(Where(file, number), invalid.message, invalid.hint, quote=lines[number - 1]))
    if not problems and not sum(count for _, count in read):
        problems.append(Problem(Where(file, 1), "no visitor comes", "add rows such as `-10m,2500`"))
    if problems:
        raise InvalidInput(problems)
    return Arrivals(file.name, *_curve(read))


def _text(file: Path) -> str:
    try:
        body = file.read_bytes()
    except OSError as error:
        raise _invalid(file, 0, f"cannot be read: {(error.strerror or str(error)).lower()}", "check its name") from None
    try:
        if len(body) <= MAX_BYTES:
            return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _invalid(file, 0, "is not UTF-8", 'export it as "CSV UTF-8"') from None
    raise _invalid(file, 0, f"is larger than {MAX_BYTES >> 20} MB", "export one row a minute")


def _invalid(file: Path, line: int, message: str, hint: str) -> InvalidInput:
    return InvalidInput([Problem(Where(file, line), message, hint)])


def _row(row: list[str], starts_at: datetime, zone: str, before: float | None) -> tuple[float, float]:
    if len(row) < 2 or not _COUNT.fullmatch(row[1].strip().replace(",", "").replace(" ", "")):
        found = quoted(row[1]) if len(row) > 1 else "nothing"
        raise InvalidValue(f"`visitors` must be a number of people, found {found}", "write plain digits")
    at = _time(row[0].strip(), starts_at, zone)
    if before is not None and at <= before:
        raise InvalidValue("`time` must be later than in the row above", "sort the rows by time")
    if abs(at) > LONGEST_SECONDS:
        raise InvalidValue("`time` must be within 31 days of the start", "check the year, or leave the row out")
    return at, float(row[1].strip().replace(",", "").replace(" ", ""))


def _time(text: str, starts_at: datetime, zone: str) -> float:
    if _SECONDS.fullmatch(text):
        return float(text)
    sign, length = (-1, text[1:]) if text[:1] in "-−" else (1, text.removeprefix("+"))
    try:
        if re.fullmatch(r"([0-9]+[hms])+", length):
            return float(sign * seconds(length, 0, LONGEST_SECONDS))
        return (instant(text, zone) - starts_at).total_seconds()
    except InvalidValue:
        hint = "write -600, -10m or 2026-11-27 08:50"
        raise InvalidValue(
            f"`time` must be seconds or a duration from the start, or a time, found {quoted(text)}", hint
        ) from None


def _curve(rows: list[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    width = rows[-1][0] - rows[-2][0] if len(rows) > 1 else _ONE_MOMENT_SECONDS
    times = (*(at for at, _ in rows), rows[-1][0] + width)
    return times, tuple(_sums([count for _, count in rows]))


def _sums(counts: list[float]) -> Iterator[float]:
    total = 0.0
    yield total
    for count in counts:
        yield (total := total + count)
