"""A plan as a tense person reads it: by wave, runs of one reason cut and counted, what was done by hand marked."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import click

from flashgen import timestamps
from flashgen.release.plan import Change, Op, Plan, Wave

ALIKE_SHOWN = 5
"""Of changes in one wave with one reason; -v shows all."""

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
    Wave.MANIFEST: "afterwards",
}
_INDENT = "    "


def plan_lines(plan: Plan, *, all_shown: bool) -> Iterator[str]:
    """One sale's plan, from its name to the counts."""
    sale = plan.site.sale
    if plan.is_noop:
        yield f"{sale}: nothing to do, {plan.unchanged:,} files are in place"
        return
    yield f"{click.style(sale, bold=True)}{_since(plan)}"
    if claim := plan.base.manifest.claim:
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
            yield from _wave_lines(plan, changes, column, all_shown=all_shown)
    yield f"{sale}: {', '.join(counts(plan))}"


def counts(plan: Plan) -> Iterator[str]:
    """`3 to create`, `12 unchanged`; the last is of drift, if there is any."""
    by_op = Counter(change.op for change in plan.changes)
    yield from (f"{by_op[op]:,} {_WORDS[op]}" for op in Op if by_op[op])
    yield f"{plan.unchanged:,} unchanged"
    if drifted := sum(change.is_drift for change in plan.changes):
        yield click.style(f"{drifted:,} drifted", fg="magenta", bold=True)


def _since(plan: Plan) -> str:
    before = plan.base.manifest
    return f"  last pushed {timestamps.to_text(before.when)} by {before.who}" if before.when else "  never pushed"


def _wave_lines(plan: Plan, changes: Sequence[Change], column: int, *, all_shown: bool) -> Iterator[str]:
    for (op, reason, is_drift), alike in groupby(_alike_together(changes), _likeness):
        group = list(alike)
        shown = group if all_shown or len(group) <= ALIKE_SHOWN + 1 else group[:ALIKE_SHOWN]
        for change in shown:
            yield _line(_sign(op, is_drift=is_drift), _name(plan, change), column, _reason(reason, is_drift=is_drift))
        if rest := len(group) - len(shown):
            yield _line(" ", f"… {rest:,} more", column, _reason(reason, is_drift=is_drift))


def _alike_together(changes: Iterable[Change]) -> list[Change]:
    """By hand first: that is what nobody expects. Keys stay sorted."""
    return sorted(changes, key=lambda change: (not change.is_drift, list(Op).index(change.op), change.reason))


def _likeness(change: Change) -> tuple[Op, str, bool]:
    return change.op, change.reason, change.is_drift


def _sign(op: Op, *, is_drift: bool) -> str:
    sign, colour = ("!", "magenta") if is_drift else (_SIGNS[op], _COLOURS[op])
    return click.style(sign, fg=colour, bold=True)


def _reason(reason: str, *, is_drift: bool) -> str:
    return click.style(reason, fg="magenta") if is_drift else reason


def _line(sign: str, name: str, column: int, reason: str) -> str:
    return f"{_INDENT}{sign} {fitted(name, column):<{column}}  {reason}"


def _name(plan: Plan, change: Change) -> str:
    """As it lies in the sale's folder, whose name stands above."""
    return change.key.removeprefix(f"{plan.site.sale}/")


def fitted(name: str, column: int) -> str:
    """A name in `column` columns: a terminal's loses its middle; elsewhere it is whole, for whoever searches for it."""
    if len(name) <= column or not sys.stdout.isatty():
        return name
    tail = (column - 1) * 2 // 3
    return f"{name[: column - 1 - tail]}…{name[-tail:]}"


def terminal_width() -> int:
    """Columns of the terminal, at least 80; a pipe has as many as anybody reads."""
    return max(80, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 160
