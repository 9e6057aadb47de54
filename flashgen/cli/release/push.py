"""Carrying out the plans of `push`: progress, invalidation, what is public when a push stops, and the next step."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flashgen import timestamps
from flashgen.cli.gate.local import silent_gates
from flashgen.cli.progress import upload_progress
from flashgen.cli.runtime import now, open_header, pointer_file, pointer_writer
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError, LostRace, Refused, StoreError
from flashgen.hint import command_line
from flashgen.release.invalidation import LIMIT_SECONDS, await_edges
from flashgen.release.manifest_claim import may_be_alive
from flashgen.release.plan import Plan, Wave
from flashgen.release.push import Invalidation, Push
from flashgen.sale.model import Header
from flashgen.sale.order import ORDER_HINT
from flashgen.store.protocol import Cdn
from flashgen.unlock.state import SaleState, State


@dataclass(frozen=True, slots=True)
class Pushed:
    """A finished push. `invalidation` is None without a CDN or without outdated copies; `is_done` is the CDN's word."""

    sale: str
    invalidation: Invalidation | None = None
    is_done: bool = False

    @property
    def invalidation_json(self) -> dict[str, Any] | None:
        """For `--json`; None without an invalidation."""
        if self.invalidation is None:
            return None
        return {"id": self.invalidation.id, "paths": list(self.invalidation.paths), "done": self.is_done}


def publish(session: Session, plan: Plan, *, take_over: bool, limit_seconds: float = LIMIT_SECONDS) -> Pushed:
    """Carry out one plan in the chosen target, and wait for the edges, but not longer than `limit_seconds`.

    Failing to wait is a warning, not an error.
    """
    sale, claim, cdn = plan.site.sale, plan.base.manifest.claim, session.cdn
    if take_over and claim and may_be_alive(claim, plan.target, now()):
        doing = "prune" if claim.is_prune else "push"
        session.note(f"{sale}: waiting until {claim.who}'s {doing} is surely at its end, about a minute")
    invalidation = _carry_out(session, plan, cdn, take_over=take_over)
    pushed = _await(session, sale, cdn, invalidation, limit_seconds) if cdn and invalidation else Pushed(sale)
    session.say(f"{sale}: pushed")
    return pushed


def next_step(session: Session, plan: Plan) -> str:
    """The command to type after a push, by what is public now: after `--lead` the sale may be live already."""
    header = open_header(session, plan.site.sale)
    state = _public_state(session, header, plan.site.pointer_file.key)
    if state and state.state is State.SCHEDULED:
        if header.order is None:
            session.warn(f"{header.id} has no section `order`: it cannot go live", ORDER_HINT)
        for line in silent_gates(header):
            session.note(line)
    return _step(session, header.id, state)


def next_step_of(session: Session, sale: str) -> str:
    """The command to type when a sale has no problems, by what is public now."""
    header = open_header(session, sale)
    return _step(session, sale, _public_state(session, header))


def _step(session: Session, sale: str, state: SaleState | None) -> str:
    if state and state.state is State.SCHEDULED and state.starts_at > now():
        return command_line(f"go-live {sale} --at start")
    if state and state.state is State.LIVE and state.opens_at and state.opens_at > now():
        session.note(f"{sale}: live already; its pages open at {timestamps.to_text(state.opens_at)}")
    return command_line(f"status {sale}")


def _public_state(session: Session, header: Header, key: str = "") -> SaleState | None:
    """The state in the pointer at `key`, or at the YAML's key without one; None if it cannot be read."""
    file = pointer_file(session.store, header)
    try:
        return replace(file, key=key or file.key).read().pointer.state
    except FlashgenError:
        return None


def _carry_out(session: Session, plan: Plan, cdn: Cdn | None, *, take_over: bool) -> Invalidation | None:
    # The YAML may have changed since the build: the site is pushed as it was built, its pointer included.
    file, header = plan.site.pointer_file, open_header(session, plan.site.sale)
    writer = pointer_writer(session, header)
    writer = replace(
        writer,
        file=replace(writer.file, key=file.key),
        headers=file.headers,
        orders=replace(writer.orders, origins=plan.site.origins),
    )
    reached: dict[Wave, int] = {}
    try:
        with upload_progress(session, plan.site.sale) as report:

            def note_and_report(wave: Wave, done: int, total: int) -> None:
                reached[wave] = done
                report(wave, done, total)

            return Push(plan, writer, note_and_report, cdn).run(take_over=take_over)
    except BaseException as error:
        for line in stop_report(plan, reached, error):
            session.alert(line)
        raise


def stop_report(plan: Plan, reached: Mapping[Wave, int], error: BaseException) -> Iterator[str]:
    """Lines on a push that stopped with `error`: how far each wave got, what the public gets now, and what to do.

    `reached` is how many objects of a wave are known to be in the store; a wave that is not in it has not begun.
    """
    waves = [(wave, reached.get(wave, 0), len(plan.in_wave(wave))) for wave in Wave if wave is not Wave.MANIFEST]
    counts = [f"{wave.value} {done:,} of {total:,}" for wave, done, total in waves if total]
    if not reached or not counts:
        return
    yield f"{plan.site.sale}: the push stopped: {', '.join(counts)} are up"
    pages = [(done, total) for wave, done, total in waves if wave in (Wave.PAGES, Wave.SALE_PAGE, Wave.ROOT_PAGE)]
    yield f"  {_public_view(plan, sum(done for done, _ in pages), sum(total for _, total in pages))}"
    if not isinstance(error, LostRace | Refused) and isinstance(error, FlashgenError | OSError | KeyboardInterrupt):
        yield f"  {'then' if getattr(error, 'hint', '') else 'now'} the same command again finishes it"


def _public_view(plan: Plan, done: int, total: int) -> str:
    is_first = plan.base.etag is None
    if total == 0:
        return "the public gets the pages that were there, whole: none of them changes"
    if done == 0:
        return f"the public gets {'no page yet' if is_first else 'the old pages, whole'}"
    if done < total:
        others = "are not there yet" if is_first else "are as they were"
        return f"the public gets whole pages: {done:,} of {total:,} are new, the others {others}"
    return "the public gets the new pages, whole, as soon as an edge asks for them"


def _await(session: Session, sale: str, cdn: Cdn, invalidation: Invalidation, limit_seconds: float) -> Pushed:
    try:
        is_done = await_edges(cdn, invalidation.id, now=now, sleep=time.sleep, limit_seconds=limit_seconds)
        trouble = f"it is not done after {limit_seconds:.0f} s"
    except StoreError as error:
        is_done, trouble = False, f"{error.message} ({error.hint})" if error.hint else error.message
    except KeyboardInterrupt:
        session.note(f"{sale}: pushed; {cdn.name} goes on with invalidation {invalidation.id} by itself")
        raise
    if is_done:
        paths = invalidation.paths
        what = f"{len(paths):,} paths" if len(paths) > 1 else paths[0]
        session.say(f"{sale}: {what} invalidated at {cdn.name}")
    else:
        session.warn(f"{sale}: pushed, and {cdn.name} was told, invalidation {invalidation.id}; {trouble}")
    return Pushed(sale, invalidation, is_done)
