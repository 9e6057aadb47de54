"""`flashgen status`: how each sale stands, who made it so, and what is not as the YAML says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from flashgen.sale.model import Header
    from flashgen.unlock.transition import Control

HISTORY_SHOWN = 10


@command("status")
@sales_argument
def status(session: Session, sales: tuple[str, ...]) -> dict[str, Any]:
    """Show state, revision, who and when, and drift."""
    from flashgen.cli.operating import open_control, open_header

    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for path in session.project.sale_paths(sales):
        try:
            header = open_header(session, path.stem)
        except InvalidInput as invalid:
            problems += invalid.problems
        else:
            rows.append(_facts(header, open_control(session, header)))
    for row in rows:
        _show(session, row, with_history=len(rows) == 1)
    if problems:
        raise InvalidInput(problems)
    return {"sales": rows}


def _facts(header: Header, control: Control) -> dict[str, Any]:
    from itertools import islice

    from flashgen import timestamps
    from flashgen.cli.operating import read_pointer
    from flashgen.unlock import journal
    from flashgen.unlock.pointer import state_facts
    from flashgen.unlock.transition import NotPushed

    facts: dict[str, Any] = {"sale": header.id, "pointer": control.key, "store": control.store.url}
    try:
        pointer = read_pointer(control).pointer
    except NotPushed as refused:
        return {
            **facts,
            "state": None,
            "revision": None,
            "starts_at": timestamps.to_text(header.starts_at),
            "ends_at": timestamps.to_text(header.ends_at),
            "note": refused.message,
            "hint": refused.hint,
            "drift": [],
            "history": [],
        }
    history = list(islice(journal.history(control.store, control.sale, pointer.nonce), HISTORY_SHOWN))
    decision = journal.decision(iter(history))
    return {
        **facts,
        **{key: value for key, value in state_facts(pointer.state).items() if key != "token_nonce"},
        "revision": pointer.revision,
        "who": decision.who if decision else None,
        "when": timestamps.to_text(decision.when) if decision else None,
        "drift": [
            f"{name}: the YAML says {timestamps.to_text(getattr(header, name))}, the pointer "
            f"{timestamps.to_text(getattr(pointer.state, name))}; push brings it over"
            for name in ("starts_at", "ends_at")
            if getattr(header, name) != getattr(pointer.state, name)
        ],
        "history": [
            {
                "revision": record.revision,
                "verb": record.verb,
                "from": record.before,
                "to": record.state.state,
                "who": record.who,
                "when": timestamps.to_text(record.when),
            }
            for record in history
        ],
    }


_COLOURS = {"live": "green", "paused": "yellow", "ended": "red", None: "red"}


def _show(session: Session, row: dict[str, Any], *, with_history: bool) -> None:
    state = click.style(row["state"] or "not pushed", fg=_COLOURS.get(row["state"], "cyan"), bold=True)
    if row["state"] is None:
        session.say(f"{row['sale']}: {state} ({row['note']})")
        session.next_step(row["hint"])
        return
    since = f" since {row['when']}, by {row['who']}" if row["when"] else ""
    session.say(f"{row['sale']}: {state}{since} (revision {row['revision']})")
    session.say(f"  pointer   {row['pointer']} in {row['store']}")
    session.say(f"  sale      {row['starts_at']} to {row['ends_at']}")
    for name, label in (("opens_at", "opens"), ("closed", "closed"), ("sold", "sold out")):
        if row[name]:
            value = row[name] if isinstance(row[name], str) else ", ".join(row[name])
            session.say(f"  {label:<9} {'every SKU' if value == '*' else value}")
    for drift in row["drift"]:
        session.say(f"  {click.style('drift', fg='yellow')}     {drift}")
    if with_history:
        session.say("  history")
        for one in row["history"]:
            session.say(f"    {one['revision']:>4}  {one['when']}  {one['verb']:<12} → {one['to']:<10} {one['who']}")
