"""A sale's state, and the change that a transition makes, in a few words."""

from __future__ import annotations

from collections.abc import Iterator

import click

from flashgen.unlock.state import EVERY_SKU, SaleState, State

COLOURS = {State.SCHEDULED: "cyan", State.LIVE: "green", State.PAUSED: "yellow", State.ENDED: "red"}


def situation(state: SaleState) -> str:
    """A state in a few words: `live, closed: SHIRT-1`."""
    parts = [state.state.value]
    if state.closed == EVERY_SKU:
        parts.append("every SKU closed")
    elif state.closed:
        parts.append(f"closed: {', '.join(sorted(state.closed))}")
    if state.sold:
        parts.append(f"sold out: {', '.join(sorted(state.sold))}")
    return ", ".join(parts)


def difference(before: SaleState, after: SaleState) -> str:
    """What changes: `scheduled → live`, `SHIRT-1 closed`, `every SKU open again`."""
    parts = [f"{before.state} → {after.state}"] if before.state is not after.state else []
    return ", ".join((*parts, *_closing(before.closed, after.closed)))


def headline(sale: str, before: SaleState, after: SaleState) -> str:
    """The result of a transition in large letters: `night is LIVE`; for SKUs `night: SHIRT-1 closed`."""
    if before.state is after.state:
        return click.style(f"{sale}: {difference(before, after)}", bold=True)
    return f"{sale} is {click.style(after.state.upper(), fg=COLOURS[after.state], bold=True)}"


def _closing(before: frozenset[str], after: frozenset[str]) -> Iterator[str]:
    """Closing or opening every SKU is one phrase: SKUs that were closed before are not listed then."""
    if before == after:
        return
    if after == EVERY_SKU:
        yield "every SKU closed"
    elif before == EVERY_SKU:
        yield f"still closed: {', '.join(sorted(after))}" if after else "every SKU open again"
    else:
        yield from _sku_list("closed", after - before)
        yield from _sku_list("open again", before - after)


def _sku_list(how: str, skus: frozenset[str]) -> Iterator[str]:
    if skus:
        yield f"{', '.join(sorted(skus))} {how}"
