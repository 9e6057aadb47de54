"""A plan as text: by wave, with long runs of one reason cut and counted, and drift marked."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import click

from flashgen import timestamps
from flashgen.release.plan import Change, Op, Plan, Wave
from flashgen.sale.transliteration import without_spelling

MOST_ALIKE = 5
"""Changes of one wave with one reason; -v shows all."""

ROOM_FOR_REASONS = 46
"""Columns beside the names: signs, gaps, and all but the rarest reasons, so that 80 columns are enough."""

_COLOURS = {Op.CREATE: "green", Op.UPDATE: "yellow", Op.DROP: "red", Op.FORWARD: "cyan"}
_SIGNS = {Op.CREATE: "+", Op.UPDATE: "~", Op.DROP: "-", Op.FORWARD: ">"}
_WORDS = {Op.CREATE: "to create", Op.UPDATE: "to update", Op.DROP: "to drop", Op.FORWARD: "to forward"}
_TITLES = {
    Wave.ASSETS: "assets",
    Wave.POINTER: "unlock script",
    Wave.GATE: "order gate",
    Wave.PAGES: "pages",
    Wave.SALE_PAGE: "sale page",
    Wave.ROOT_PAGE: "root page",
    Wave.MANIFEST: "afterwards",
    Wave.HOST: "host's root",
}
_INDENT = "    "
_PAGE = "/index.html"


def plan_lines(plan: Plan, *, all_rows: bool) -> Iterator[str]:
    """One sale's plan, from its name to the counts. `all_rows` cuts nothing."""
    sale = plan.site.sale
    if plan.is_noop:
        yield f"{sale}: nothing to do, {plan.unchanged:,} files are in place"
        return
    before = plan.base.manifest
    since = f"last pushed {timestamps.to_text(before.when)} by {before.who}" if before.when else "never pushed"
    yield f"{click.style(sale, bold=True)}  {since}"
    if claim := before.claim:
        began = "to prune" if claim.is_prune else "a push"
        yield f"  {claim.who} began {began} at {timestamps.to_text(claim.when)} and has not finished it"
    if not plan.changes:
        yield f"{sale}: nothing to put; that push is brought to its end"
        return
    names = [_name(plan, change) for change in plan.changes]
    column = min(max(map(len, names)), terminal_width() - ROOM_FOR_REASONS)
    for wave in Wave:
        if changes := plan.in_wave(wave):
            yield click.style(f"  {_TITLES[wave]}", dim=True)
            yield from _wave_lines(plan, changes, column, all_rows=all_rows)
    if moved := respelled(plan):
        yield _respelled_line(sale, moved)
    yield f"{sale}: {', '.join(counts(plan))}"


def counts(plan: Plan) -> Iterator[str]:
    """`3 to create`, `12 unchanged`; the last is of drift, if there is any."""
    by_op = Counter(change.op for change in plan.changes)
    yield from (f"{by_op[op]:,} {_WORDS[op]}" for op in Op if by_op[op])
    yield f"{plan.unchanged:,} unchanged"
    if drifted := sum(change.is_drift for change in plan.changes):
        yield click.style(f"{drifted:,} drifted", fg="magenta", bold=True)


def respelled(plan: Plan) -> dict[str, str]:
    """Old slug → new slug of the products whose pages move because their names are spelled in another way."""
    pages: dict[Op, list[str]] = {Op.DROP: [], Op.CREATE: []}
    for change in plan.changes:
        if change.op in pages and change.key.endswith(_PAGE):
            pages[change.op].append(change.key.removesuffix(_PAGE))
    created = {without_spelling(folder): folder for folder in pages[Op.CREATE]}
    moved = ((old, created.get(without_spelling(old))) for old in pages[Op.DROP])
    return {old.rpartition("/")[2]: new.rpartition("/")[2] for old, new in moved if new}


def _respelled_line(sale: str, moved: Mapping[str, str]) -> str:
    shown = [f"{old} → {new}" for old, new in moved.items()][:MOST_ALIKE]
    more = f", … {len(moved) - len(shown):,} more" if len(moved) > len(shown) else ""
    old = next(iter(moved))
    return f"{sale}: addresses change with the spelling: {', '.join(shown)}{more}; `slug: {old}` keeps an old one"


def _wave_lines(plan: Plan, changes: Sequence[Change], column: int, *, all_rows: bool) -> Iterator[str]:
    for _, rows in groupby(sorted(changes, key=_group_key), _group_key):
        group = list(rows)
        sign, reason = _sign(group[0]), _reason(group[0])
        printed = group if all_rows or len(group) <= MOST_ALIKE + 1 else group[:MOST_ALIKE]
        for change in printed:
            yield _line(sign, _name(plan, change), column, reason)
        if rest := len(group) - len(printed):
            yield _line(" ", f"… {rest:,} more", column, reason)


def plan_row(change: Change, column: int) -> str:
    """One change by itself, with its key in `column` columns."""
    return _line(_sign(change), change.key, column, _reason(change))


def _sign(change: Change) -> str:
    sign, colour = ("!", "magenta") if change.is_drift else (_SIGNS[change.op], _COLOURS[change.op])
    return click.style(sign, fg=colour, bold=True)


def _reason(change: Change) -> str:
    return click.style(change.reason, fg="magenta") if change.is_drift else change.reason


def _group_key(change: Change) -> tuple[bool, int, str]:
    """Drift first, because nobody expects it. Keys stay sorted."""
    return not change.is_drift, list(Op).index(change.op), change.reason


def _line(sign: str, name: str, column: int, reason: str) -> str:
    return f"{_INDENT}{sign} {fit_name(name, column):<{column}}  {reason}"


def _name(plan: Plan, change: Change) -> str:
    """The key without the sale's folder, which the line above names."""
    return change.key.removeprefix(f"{plan.site.sale}/")


def fit_name(name: str, column: int) -> str:
    """A name in `column` columns. On a terminal its middle is cut; elsewhere it is whole, so that grep finds it."""
    if len(name) <= column or not sys.stdout.isatty():
        return name
    tail = (column - 1) * 2 // 3
    return f"{name[: column - 1 - tail]}…{name[-tail:]}"


def terminal_width() -> int:
    """Columns of the terminal, at least 80; 160 if there is none."""
    return max(80, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 160
