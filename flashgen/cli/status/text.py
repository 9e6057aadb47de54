"""How a sale stands, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import click

from flashgen import timestamps
from flashgen.cli.state_text import COLOURS
from flashgen.cli.status.model import HISTORY_SHOWN, SaleStatus, countdown, elapsed
from flashgen.unlock.journal import Record
from flashgen.unlock.pending_attempts import Fate, PendingAttempt
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.visibility import EdgePointer

NOT_PUSHED, NOT_PUSHED_COLOUR = "not pushed", "red"
OVER, OVER_COLOUR = "past its end", "red"
STEPS = {"starts_at": "starts", "opens_at": "opens", "ends_at": "ends"}


def lines(standing: SaleStatus, *, with_history: bool) -> Iterator[str]:
    """For a terminal, or a log."""
    name, pointer = click.style(standing.header.id, bold=True), standing.pointer
    if pointer is None:
        said = standing.missing.message if standing.missing else ""
        yield f"{name}: {click.style(NOT_PUSHED, fg=NOT_PUSHED_COLOUR, bold=True)} ({said})"
        return
    decision = standing.decision
    since = f" since {timestamps.to_text(decision.when)}, by {decision.who}" if decision else ""
    over = f"; {_over()} since {timestamps.to_text(pointer.state.ends_at)}" if standing.is_overdue else ""
    yield f"{name}: {_state_word(pointer.state)}{since}{over} (revision {pointer.revision})"
    yield _row("pointer", f"{standing.key} in {standing.store}")
    yield _row("sale", f"{timestamps.to_text(pointer.state.starts_at)} to {timestamps.to_text(pointer.state.ends_at)}")
    yield from (_row(label, text) for label, text in notable(pointer.state))
    if text := next_text(standing):
        yield _row("next", text)
    yield _row("edge", shown_text(standing.shown))
    yield from (_row("drift", drift, "yellow") for drift in standing.drift)
    yield from (_row(label, text, "yellow") for label, text in unfinished(standing, timestamps.to_text))
    if with_history:
        yield "  history"
        yield from (_history_line(record) for record in standing.background.history[:HISTORY_SHOWN])


def brief(standing: SaleStatus) -> str:
    """One line without anything that changes by itself, as ages and countdowns do."""
    if standing.pointer is None:
        return NOT_PUSHED
    state, decision = standing.pointer.state, standing.decision
    words = ", ".join([_state_word(state), *([_over()] if standing.is_overdue else [])])
    parts = [words, f"revision {standing.pointer.revision}"]
    parts += [f"by {decision.who}"] if decision else []
    closed = [f"{label} {text}" for label, text in notable(state) if label != "opens"]
    shown = standing.shown
    edge = shown.problem or (f"shows revision {shown.revision}" if shown.nonce else "not looked at yet")
    return "; ".join(
        [
            ", ".join([*parts, *closed]),
            f"edge: {edge}",
            *(f"{label}: {text}" for label, text in unfinished(standing, timestamps.to_text)),
        ]
    )


def notable(state: SaleState) -> Iterator[tuple[str, str]]:
    """Label and text of what a state holds besides itself."""
    if state.opens_at and state.state is not State.SCHEDULED:  # a rollback leaves it behind
        yield "opens", timestamps.to_text(state.opens_at)
    for label, skus in (("closed", state.closed), ("sold out", state.sold)):
        if skus:
            yield label, "every SKU" if "*" in skus else ", ".join(sorted(skus))


def next_text(standing: SaleStatus) -> str:
    """What comes next and how long it is until then, or for how long it has been due; empty where nothing comes."""
    step = standing.next_step
    if step is None:
        return ""
    left = step.at - standing.now
    if left.total_seconds() < 0:
        return f"was to start {elapsed(-left)} ago, at {timestamps.to_text(step.at)}, and nobody has opened it"
    return f"{STEPS[step.what]} in {countdown(left)}, at {timestamps.to_text(step.at)}"


def way_on(standing: SaleStatus) -> str:
    """What somebody has to do where nothing comes by itself; empty where nobody has to."""
    if standing.missing:
        return standing.missing.hint
    return f"flashgen end {standing.header.id}, or move `ends_at` and push" if standing.is_overdue else ""


def shown_text(shown: EdgePointer, *, with_url: bool = True) -> str:
    """What the edge shows, or why nobody can tell; empty before anybody has looked."""
    if shown.problem:
        return f"cannot be seen{f' at {shown.url}' if with_url and shown.url else ''}: {shown.problem}"
    if shown.revision is None:
        return ""
    age = "" if shown.age_seconds is None else f", Age {shown.age_seconds} s"
    return f"revision {shown.revision}{age}{f', {shown.x_cache}' if shown.x_cache else ''}"


def unfinished(standing: SaleStatus, tell: Callable[[datetime], str]) -> Iterator[tuple[str, str]]:
    """Label and text of whatever began and has not come to its end; `tell` spells a time."""
    behind = standing.background
    if behind.claim:
        what = "prune" if behind.claim.is_prune else "push"
        yield what, f"{behind.claim.who} began it at {tell(behind.claim.when)} and has not finished it"
    for one in behind.unelected:
        yield "attempt", _attempt_text(one, tell)
    if behind.unread:
        yield "unread", behind.unread


def _attempt_text(one: PendingAttempt, tell: Callable[[datetime], str]) -> str:
    who, verb, when = one.record.who, f"`{one.record.verb}`", tell(one.record.when)
    match one.fate:
        case Fate.ARMED:
            return f"{who} armed {verb} at {tell(one.written_at)} for {when}; whether it still waits cannot be seen"
        case Fate.UNDER_WAY:
            return f"{who} began {verb} at {when}; it may be written any moment"
        case Fate.LOST:
            return f"{who} began {verb} at {when}, and somebody else was first: nothing of it is public"
        case Fate.DIED:
            return f"{who} began {verb} at {when}, and never wrote it: nothing of it is public"


def _state_word(state: SaleState) -> str:
    return click.style(state.state.value, fg=COLOURS[state.state], bold=True)


def _over() -> str:
    return click.style(OVER, fg=OVER_COLOUR, bold=True)


def _row(label: str, text: str, colour: str | None = None) -> str:
    return f"  {click.style(label, fg=colour)}{' ' * (9 - len(label))} {text}"


def _history_line(record: Record) -> str:
    when = timestamps.to_text(record.when)
    return f"    {record.revision:>4}  {when}  {record.verb:<12} → {record.state.state.value:<10} {record.who}"
