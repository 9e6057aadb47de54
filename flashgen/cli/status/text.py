"""The status of a sale as text, which `status` prints and its board displays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import click

from flashgen import timestamps
from flashgen.cli.state_text import COLOURS
from flashgen.cli.status.model import HISTORY_SHOWN, SaleStatus, countdown, elapsed
from flashgen.hint import Hint, command_line
from flashgen.unlock.pending_attempts import AttemptStatus, PendingAttempt
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.visibility import EdgePointer

NOT_PUSHED, NOT_PUSHED_COLOUR = "not pushed", "red"
OVER, OVER_COLOUR = "past its end", "red"
STEPS = {"starts_at": "starts", "opens_at": "opens", "ends_at": "ends"}


def lines(status: SaleStatus, *, with_history: bool) -> Iterator[str]:
    """For a terminal or a log."""
    name, pointer = click.style(status.header.id, bold=True), status.pointer
    if pointer is None:
        why = status.missing.message if status.missing else ""
        yield f"{name}: {click.style(NOT_PUSHED, fg=NOT_PUSHED_COLOUR, bold=True)} ({why})"
        return
    decision = status.decision
    since = f" since {timestamps.to_text(decision.when)}, by {decision.who}" if decision else ""
    over = f"; {_over()} since {timestamps.to_text(pointer.state.ends_at)}" if status.is_overdue else ""
    yield f"{name}: {_state_word(pointer.state)}{since}{over} (revision {pointer.revision})"
    yield _row("pointer", f"{status.key} in {status.store}")
    yield _row("sale", f"{timestamps.to_text(pointer.state.starts_at)} to {timestamps.to_text(pointer.state.ends_at)}")
    yield from (_row(label, text) for label, text in state_details(pointer.state))
    if text := next_text(status):
        yield _row("next", text)
    yield _row("edge", edge_text(status.edge))
    yield from (_row("drift", drift, "yellow") for drift in status.drift)
    yield from (_row(label, text, "yellow") for label, text in unfinished(status, timestamps.to_text))
    if with_history:
        yield "  history"
        for one in status.details.history[:HISTORY_SHOWN]:
            when, state = timestamps.to_text(one.when), one.state.state.value
            yield f"    {one.revision:>4}  {when}  {one.verb:<12} → {state:<10} {one.who}"


def brief(status: SaleStatus) -> str:
    """One line, without ages and countdowns: it changes only when the sale does."""
    if status.pointer is None:
        return NOT_PUSHED
    state, decision = status.pointer.state, status.decision
    words = ", ".join([_state_word(state), *([_over()] if status.is_overdue else [])])
    parts = [words, f"revision {status.pointer.revision}"]
    parts += [f"by {decision.who}"] if decision else []
    closed = [f"{label} {text}" for label, text in state_details(state) if label != "opens"]
    edge = status.edge
    edge_shows = edge.problem or (f"shows revision {edge.revision}" if edge.nonce else "not looked at yet")
    return "; ".join(
        [
            ", ".join([*parts, *closed]),
            f"edge: {edge_shows}",
            *(f"{label}: {text}" for label, text in unfinished(status, timestamps.to_text)),
        ]
    )


def state_details(state: SaleState) -> Iterator[tuple[str, str]]:
    """Label and text of what a state has besides its name: when it opens, and SKUs closed or sold out."""
    if state.opens_at and state.state is not State.SCHEDULED:  # a rollback leaves it behind
        yield "opens", timestamps.to_text(state.opens_at)
    for label, skus in (("closed", state.closed), ("sold out", state.sold)):
        if skus:
            yield label, "every SKU" if "*" in skus else ", ".join(sorted(skus))


def next_text(status: SaleStatus) -> str:
    """The next step and the time until then, or since it was due; empty if there is none."""
    step = status.next_step
    if step is None:
        return ""
    left = step.at - status.now
    if left.total_seconds() < 0:
        return f"was to start {elapsed(-left)} ago, at {timestamps.to_text(step.at)}, and nobody has opened it"
    return f"{STEPS[step.what]} in {countdown(left)}, at {timestamps.to_text(step.at)}"


def required_action(status: SaleStatus) -> str:
    """What an operator has to do now; empty if nothing."""
    if status.missing:
        return status.missing.hint
    return Hint(command_line(f"end {status.header.id}"), ", or move `ends_at` and push") if status.is_overdue else ""


def edge_text(edge: EdgePointer, *, with_url: bool = True) -> str:
    """What the edge shows, or why that is unknown; empty before the first poll."""
    if edge.problem:
        return f"cannot be seen{f' at {edge.url}' if with_url and edge.url else ''}: {edge.problem}"
    if edge.revision is None:
        return ""
    age = "" if edge.age_seconds is None else f", Age {edge.age_seconds} s"
    return f"revision {edge.revision}{age}{f', {edge.x_cache}' if edge.x_cache else ''}"


def unfinished(status: SaleStatus, time_text: Callable[[datetime], str]) -> Iterator[tuple[str, str]]:
    """Label and text of everything that began and has not ended. `time_text` writes a time."""
    details = status.details
    if details.claim:
        what = "prune" if details.claim.is_prune else "push"
        yield what, f"{details.claim.who} began it at {time_text(details.claim.when)} and has not finished it"
    for one in details.pending_attempts:
        yield "attempt", _attempt_text(one, time_text)
    if details.stopped:
        yield "stopped", details.stopped
    if details.unread:
        yield "unread", details.unread
    for error in details.damaged:
        yield "damaged", f"{error.message}; {error.hint}"


def _attempt_text(one: PendingAttempt, time_text: Callable[[datetime], str]) -> str:
    who, verb, when = one.record.who, f"`{one.record.verb}`", time_text(one.record.when)
    match one.status:
        case AttemptStatus.ARMED:
            return (
                f"{who} armed {verb} at {time_text(one.written_at)} for {when}; whether it still waits cannot be seen"
            )
        case AttemptStatus.UNDER_WAY:
            return f"{who} began {verb} at {when}; it may be written any moment"
        case AttemptStatus.LOST:
            return f"{who} began {verb} at {when}, and somebody else was first: nothing of it is public"
        case AttemptStatus.DIED:
            return f"{who} began {verb} at {when}, and never wrote it: nothing of it is public"


def _state_word(state: SaleState) -> str:
    return click.style(state.state.value, fg=COLOURS[state.state], bold=True)


def _over() -> str:
    return click.style(OVER, fg=OVER_COLOUR, bold=True)


def _row(label: str, text: str, colour: str | None = None) -> str:
    return f"  {click.style(label, fg=colour)}{' ' * (9 - len(label))} {text}"
