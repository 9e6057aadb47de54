"""Findings as lines: the level in words and in colour, the place, what was found, and the fix below it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from shutil import get_terminal_size
from textwrap import wrap

import click

from flashgen.cli.progress import LINE_EVERY_SECONDS, pace
from flashgen.cli.session import Session
from flashgen.finding import Finding, Level

_COLOURS = {Level.PASS: "green", Level.WARN: "yellow", Level.FAIL: "red"}
ROWS_SHOWN = 20
WIDEST_PLACE = 44
WIDEST_INDENT = 20
NARROWEST, WIDEST = 60, 120
"""Columns to wrap text to; where nobody looks on, lines are `ENDLESS`: one finding is one line, for grep."""
ENDLESS = 1_000_000
_MARGIN = " " * len("  PASS  ")
TERMINAL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding, where it was made, and what else is good to know there. A place may say it all: no check then."""

    place: str
    finding: Finding
    note: str = ""

    @property
    def text(self) -> str:
        """What was looked at there, and what was found."""
        check = f"{self.finding.check}: " if self.finding.check else ""
        return f"{check}{self.finding.message}{f'  ({self.note})' if self.note else ''}"


def show_findings(session: Session, rows: Sequence[FindingRow]) -> None:
    """Each level's rows, failures last: they are what is still in sight. Many are cut unless -v asks for all."""
    for level in Level:
        if not (session.quiet and level is Level.PASS):
            _show_all(session, [row for row in rows if row.finding.level is level])


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many there are of each level, for `--json`."""
    counts = Counter(finding.level for finding in findings)
    return {level.value: counts[level] for level in Level}


def summary(counts: Mapping[str, int]) -> str:
    """`14 pass, 2 warnings, 1 failure`."""
    worst = next((level for level in reversed(Level) if counts[level]), Level.PASS)
    others = (_number(counts[Level.WARN], "warning"), _number(counts[Level.FAIL], "failure"))
    return click.style(", ".join((f"{counts[Level.PASS]:,} pass", *others)), fg=_COLOURS[worst], bold=True)


def _number(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _show_all(session: Session, rows: Sequence[FindingRow]) -> None:
    rows = rows if session.verbose else _merged(rows)
    shown = rows if session.verbose else rows[:ROWS_SHOWN]
    width = min(max((len(row.place) for row in shown), default=0), WIDEST_PLACE)
    for row in shown:
        show_row(session, row, width)
    if len(shown) < len(rows):
        session.say(f"        … and {len(rows) - len(shown):,} more (-v shows all)")


def show_row(session: Session, row: FindingRow, width: int) -> None:
    """One row, whose place is `width` wide, and the fix below it."""
    finding = row.finding
    level = click.style(finding.level.value, fg=_COLOURS[finding.level], bold=finding.level is not Level.PASS)
    text = _wrapped(f"{row.place:<{width}}  {row.text}", min(width + 2, WIDEST_INDENT))
    session.say(f"  {level}  {text}")
    if finding.hint:
        fix = _wrapped(f"fix: {session.aimed(finding.hint)}", len("fix: "))
        session.say(f"{_MARGIN}{click.style('fix', bold=True)}{fix.removeprefix('fix')}")


def _wrapped(text: str, indent: int) -> str:
    """As wide as the terminal, if it is one; what somebody will copy (a word, a path) is never cut."""
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
    """The same fault of many places is one row: `/night/ and 399 more`. What passed is told one by one."""
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


@contextmanager
def counting(
    session: Session, what: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int], None]]:
    """Progress of many looks on stderr: told how many are done, of how many. Nothing is left of it on a terminal.

    `clock` counts seconds.
    """
    is_terminal = sys.stderr.isatty()
    began = said_at = clock()

    def tell(done: int, total: int) -> None:
        nonlocal said_at
        now = clock()
        if now - said_at >= (TERMINAL_SECONDS if is_terminal else LINE_EVERY_SECONDS):
            said_at = now
            speed = pace(done, total, now - began)
            text = f"{what} {done:,} of {total:,}{f' ({speed})' if speed else ''}"
            click.echo(f"\r{text}\033[K" if is_terminal else text, nl=not is_terminal, err=True)

    if session.quiet or session.as_json:
        yield lambda done, total: None
        return
    try:
        yield tell
    finally:
        if is_terminal:
            click.echo("\r\033[K", nl=False, err=True)
