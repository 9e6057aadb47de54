"""What the verbs of sale time have in common: a hand on the pointer, what will happen, the question, the outcome."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from flashgen import timestamps
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.release.manifest import read_manifest
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.unlock.arm import Moment, Report, fire_at
from flashgen.unlock.pointer import pointer_headers, pointer_key, version_of
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.token import TokenSigner, claims_of, parse_keys
from flashgen.unlock.transition import Control, NotPushed, Outcome, Seen, outlook, transition
from flashgen.unlock.verbs import Verb


def now() -> datetime:
    """This machine's clock, aware and in UTC."""
    return datetime.now(UTC)


def whole_second(instant: datetime) -> datetime:
    """What of an instant the pointer can hold."""
    return instant.replace(microsecond=0)


def new_nonce() -> str:
    """A fresh name for a revision or a token: 72 random bits, 12 URL-safe characters."""
    return secrets.token_urlsafe(9)


def operator() -> str:
    """Who acts, for the journal: FLASHGEN_WHO where it is set (in CI, say), else user@host."""
    return os.environ.get("FLASHGEN_WHO") or f"{getpass.getuser()}@{socket.gethostname()}"


def open_header(session: Session, sale: str) -> Header:
    """All of a sale but its products: what sale time needs, whatever state the products are in."""
    return load_header(session.project.sale_path(sale))


def open_control(session: Session, header: Header) -> Control:
    """A hand on a sale's pointer in the chosen target. The secret is read only if a token has to be signed."""

    def sign(state: SaleState) -> str:
        if header.order is None:
            raise Refused(
                f"{header.id} has no `order` section: there is nowhere to send buyers to",
                "add `order: {servers: [...]}` to its YAML, push, then try again",
            )
        signer = TokenSigner(parse_keys(session.project.secret(session.target_name)))
        return f"/o/{signer.sign(claims_of(header.id, state))}"

    return Control(
        store=session.project.store(session.target_name),
        sale=header.id,
        key=pointer_key(header.id, header.unlock.version),
        headers=pointer_headers(header.unlock.edge_ttl_seconds),
        who=operator(),
        now=now,
        new_nonce=new_nonce,
        sleep=time.sleep,
        origins=header.order_origins,
        sign=sign,
    )


def read_pointer(control: Control) -> Seen:
    """The pointer. Where there is none under the YAML's version, says which version was pushed instead."""
    try:
        return control.read()
    except NotPushed as missing:
        pushed = read_manifest(control.store, control.sale).manifest.pointer
        if pushed is None or pushed.key == control.key:
            raise
        version = version_of(pushed.key)
        raise Refused(
            f"the YAML of {control.sale} names {control.key}, and what was pushed is {pushed.key}",
            f"push the new version ({control.sale} must be scheduled), or put `version: {version}` back into the YAML",
        ) from missing


@dataclass(frozen=True)
class Order:
    """What an operator asked for: a verb, when (None: at once), how to ask, and the way back if it is not rollback."""

    verb: Verb
    at: Moment | None = None
    dry_run: bool = False
    yes: bool = False
    undo: str = ""


def carry_out(session: Session, control: Control, order: Order, seen: Seen | None = None) -> dict[str, Any]:
    """Show, ask, do, report: on the pointer as it was `seen` and shown, whatever happens while somebody thinks.

    Returns the result for `--json`.
    """
    seen = seen or read_pointer(control)
    wanted = outlook(control, order.verb, seen).state
    if wanted != seen.pointer.state:
        _announce(session, control, seen, wanted, order)
        if order.dry_run:
            return {"sale": control.sale, "from": seen.pointer.state.state, "to": wanted.state, "changed": False}
        session.confirm("go on?", order.yes)
    outcome = _act(session, control, order, seen)
    result = report(session, control, outcome)
    if outcome.changed and not session.as_json:
        undo = order.undo or f"flashgen rollback {control.sale} --to {outcome.before.revision}"
        session.note(click.style(f"undo: {undo}", dim=True))
    return result


def report(session: Session, control: Control, outcome: Outcome) -> dict[str, Any]:
    """Say what came of it."""
    before, after = outcome.before.state, outcome.after.state
    revision = outcome.after.revision
    if outcome.changed:
        session.say(f"{control.sale}: {difference(before, after)} (revision {revision})")
    else:
        since = f" since {timestamps.to_text(outcome.when)}, by {outcome.who}" if outcome.when else ""
        session.say(f"{control.sale}: {situation(after)} already{since} (revision {revision}); nothing changed")
    return {
        "sale": control.sale,
        "from": before.state,
        "to": after.state,
        "revision": revision,
        "changed": outcome.changed,
        "who": outcome.who,
        "written_at": timestamps.to_text(outcome.when) if outcome.when else None,
        "visible_at": None,
    }


def situation(state: SaleState) -> str:
    """A state in a few words: `live, 2 SKUs closed`."""
    parts = [state.state.value]
    if state.closed == EVERY_SKU:
        parts.append("every SKU closed")
    elif state.closed:
        parts.append(f"closed: {', '.join(sorted(state.closed))}")
    if state.sold:
        parts.append(f"sold out: {', '.join(sorted(state.sold))}")
    return ", ".join(parts)


def difference(before: SaleState, after: SaleState) -> str:
    """What changes, in a few words: `scheduled → live`, `SHIRT-1 closed`, `every SKU open again`."""
    parts = [f"{before.state} → {after.state}"] if before.state is not after.state else []
    if before.closed == EVERY_SKU and after.closed:
        parts.append(f"still closed: {', '.join(sorted(after.closed))}")
    else:
        parts += _turned("closed", after.closed - before.closed)
        parts += _turned("open again", before.closed - after.closed)
    return click.style(", ".join(parts), bold=True)


def _turned(how: str, skus: frozenset[str]) -> list[str]:
    return [f"{'every SKU' if skus == EVERY_SKU else ', '.join(sorted(skus))} {how}"] if skus else []


def _announce(session: Session, control: Control, seen: Seen, wanted: SaleState, order: Order) -> None:
    when = f" at {timestamps.to_text(order.at(seen.pointer.state))}" if order.at else ""
    would = "would change" if order.dry_run else "about to change"
    session.note(f"{would} in {control.store.url}{when}: {difference(seen.pointer.state, wanted)}")
    session.note(f"  one public object changes: {control.key}")
    if wanted.closed == EVERY_SKU and wanted.state is State.LIVE:
        session.note(f"  every SKU stays closed: flashgen resume {control.sale} opens them")
    if wanted.opens_at and wanted.opens_at > now():
        session.note(f"  pages open at {timestamps.to_text(wanted.opens_at)} on the server's clock")


def _act(session: Session, control: Control, order: Order, seen: Seen) -> Outcome:
    if order.at is None:
        return transition(control, order.verb, seen)
    try:
        return fire_at(control, order.verb, order.at, _countdown(session), seen)
    finally:
        _clear_line(session)


def _countdown(session: Session) -> Report:
    """A line that is written over on a terminal, and written once a minute elsewhere."""
    terminal = sys.stderr.isatty()
    said: list[int] = []

    def tick(left: timedelta, trouble: str) -> None:
        if session.quiet or session.as_json:
            return
        text = f"armed: {str(left).split('.')[0]} to go; Ctrl-C changes nothing public"
        if trouble:
            text = f"armed: {str(left).split('.')[0]} to go; the store cannot be asked: {trouble}"
        if terminal:
            click.echo(f"\r{text} ", nl=False, err=True)
        elif (minute := int(left.total_seconds() // 60)) not in said:
            said.append(minute)
            click.echo(text, err=True)

    return tick


def _clear_line(session: Session) -> None:
    if sys.stderr.isatty() and not (session.quiet or session.as_json):
        click.echo("\r" + " " * 70 + "\r", nl=False, err=True)
