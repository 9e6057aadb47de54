"""Findings as lines: the level as a word and in colour, the place, what was found, and the fix below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shutil import get_terminal_size
from textwrap import wrap

import click

from flashgen.cli.session import Session
from flashgen.finding import Finding, Level

_COLOURS = {Level.PASS: "green", Level.WARN: "yellow", Level.FAIL: "red"}
MOST_ROWS = 20
WIDEST_PLACE = 48
WIDEST_INDENT = 20
NARROWEST, WIDEST = 60, 120
"""Columns to wrap text to on a terminal."""
ENDLESS = 1_000_000
"""Columns elsewhere: one finding is one line, for grep."""
_MARGIN = " " * len("  PASS  ")


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding, its place, and a note. Where the place says what was checked, the finding's check is empty."""

    place: str
    finding: Finding
    note: str = ""

    @property
    def text(self) -> str:
        """What was checked, and what was found."""
        check = f"{self.finding.check}: " if self.finding.check else ""
        return f"{check}{self.finding.message}{f'  ({self.note})' if self.note else ''}"


def print_findings(session: Session, rows: Sequence[FindingRow]) -> None:
    """Print each level's rows, failures last, so that they stay visible. Long lists are cut, except with -v."""
    for level in Level:
        if not (session.quiet and level is Level.PASS):
            _print_level(session, [row for row in rows if row.finding.level is level])


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """The number of findings of each level, for `--json`."""
    counts = Counter(finding.level for finding in findings)
    return {level.value: counts[level] for level in Level}


def summary(counts: Mapping[str, int]) -> str:
    """`14 pass, 2 warnings, 1 failure`."""
    worst = next((level for level in reversed(Level) if counts[level]), Level.PASS)
    others = (_number(counts[Level.WARN], "warning"), _number(counts[Level.FAIL], "failure"))
    return click.style(", ".join((f"{counts[Level.PASS]:,} pass", *others)), fg=_COLOURS[worst], bold=True)


def _number(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _print_level(session: Session, rows: Sequence[FindingRow]) -> None:
    rows = rows if session.verbose else _merged(rows)
    printed = rows if session.verbose else rows[:MOST_ROWS]
    width = min(max((len(row.place) for row in printed), default=0), WIDEST_PLACE)
    for row in printed:
        print_row(session, row, width)
    if len(printed) < len(rows):
        session.say(f"        … and {len(rows) - len(printed):,} more (-v shows all)")


def print_row(session: Session, row: FindingRow, width: int) -> None:
    """Print one row, with the place in `width` columns, and the fix below."""
    finding = row.finding
    level = click.style(finding.level.value, fg=_COLOURS[finding.level], bold=finding.level is not Level.PASS)
    text = _wrapped(f"{row.place:<{width}}  {row.text}", min(width + 2, WIDEST_INDENT))
    session.say(f"  {level}  {text}")
    if finding.hint:
        fix = _wrapped(f"fix: {session.aimed(finding.hint)}", len("fix: "))
        session.say(f"{_MARGIN}{click.style('fix', bold=True)}{fix.removeprefix('fix')}")


def _wrapped(text: str, indent: int) -> str:
    """Wrapped to the terminal, if there is one. Words and paths are never cut, because people copy them."""
    columns = get_terminal_size((ENDLESS, 0)).columns
    lines = wrap(
        text,
        width=columns if columns == ENDLESS else max(NARROWEST, min(columns, WIDEST)),
        initial_indent=_MARGIN,
        subsequent_indent=_MARGIN + " " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).removeprefix(_MARGIN)


def _merged(rows: Sequence[FindingRow]) -> list[FindingRow]:
    """One row for the same problem at many places: `/night/ and 399 more`. Each pass has its own row."""
    places: dict[Finding, list[FindingRow]] = {}
    for row in rows:
        places.setdefault(row.finding, []).append(row)
    merged: list[FindingRow] = []
    for finding, same in places.items():
        if finding.level is Level.PASS or len(same) == 1:
            merged += same
        else:
            merged.append(FindingRow(f"{same[0].place} and {len(same) - 1:,} more", finding))
    return merged
