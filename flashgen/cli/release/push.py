"""Carrying out plans of `push`, with progress, a word to the CDN, and a word on what is live when one stops."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from flashgen import timestamps
from flashgen.cli.gate.local import told_of_silence
from flashgen.cli.progress import progress
from flashgen.cli.runtime import now, open_control, open_header
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError, LostRace, Refused, StoreError
from flashgen.release.claim import may_be_alive
from flashgen.release.invalidation import LIMIT_SECONDS, await_edges
from flashgen.release.plan import Plan, Wave
from flashgen.release.publish import Invalidation, Push
from flashgen.sale.model import Header
from flashgen.store.protocol import Cdn
from flashgen.unlock.state import SaleState, State


@dataclass(frozen=True, slots=True)
class Pushed:
    """A finished push: what the CDN was told, if there is one and something to tell, and whether all of it knows."""

    sale: str
    invalidation: Invalidation | None = None
    is_done: bool = False

    @property
    def facts(self) -> dict[str, Any] | None:
        """The invalidation as in `--json`; None where there was none."""
        if self.invalidation is None:
            return None
        return {"id": self.invalidation.id, "paths": list(self.invalidation.paths), "done": self.is_done}


def publish(session: Session, plan: Plan, *, take_over: bool) -> Pushed:
    """Carry out one plan in the chosen target. Edges that cannot be waited for are a warning, and no error."""
    sale, claim, cdn = plan.site.sale, plan.base.manifest.claim, session.project.cdn(session.target_name)
    if take_over and claim and may_be_alive(claim, plan.target, now()):
        doing = "prune" if claim.is_prune else "push"
        session.note(f"{sale}: waiting until {claim.who}'s {doing} is surely at its end, about a minute")
    invalidation = _carry_out(session, plan, cdn, take_over=take_over)
    pushed = _await(session, sale, cdn, invalidation) if cdn and invalidation else Pushed(sale)
    session.say(f"{sale}: pushed")
    return pushed


def next_step(session: Session, plan: Plan) -> str:
    """The command to type after a push, by what is public now: a pointer shipped with `--lead` is live already."""
    header = open_header(session, plan.site.sale)
    state = _public_state(session, header, plan.site.pointer_file.key)
    if state and state.state is State.SCHEDULED:
        for line in told_of_silence(session, header):
            session.note(line)
    return _step(session, header.id, state)


def step_from_here(session: Session, sale: str) -> str:
    """The command to type when all is well with a sale, by what is public now."""
    header = open_header(session, sale)
    return _step(session, sale, _public_state(session, header))


def _step(session: Session, sale: str, state: SaleState | None) -> str:
    if state and state.state is State.SCHEDULED and state.starts_at > now():
        return f"flashgen go-live {sale} --at start"
    if state and state.state is State.LIVE and state.opens_at and state.opens_at > now():
        session.note(f"{sale}: live already; its pages open at {timestamps.to_text(state.opens_at)}")
    return f"flashgen status {sale}"


def _public_state(session: Session, header: Header, key: str = "") -> SaleState | None:
    """By the pointer at `key`; where the YAML says, without."""
    control = open_control(session, header)
    try:
        return replace(control, key=key or control.key).read().pointer.state
    except FlashgenError:
        return None


def _carry_out(session: Session, plan: Plan, cdn: Cdn | None, *, take_over: bool) -> Invalidation | None:
    # The YAML may have moved on since the build: what is pushed is the site, its pointer included.
    file, header = plan.site.pointer_file, open_header(session, plan.site.sale)
    control = replace(open_control(session, header), key=file.key, headers=file.headers, origins=plan.site.origins)
    reached: dict[Wave, int] = {}
    try:
        with progress(session, plan.site.sale) as report:

            def tell(wave: Wave, done: int, total: int) -> None:
                reached[wave] = done
                report(wave, done, total)

            return Push(plan, control, tell, cdn).run(take_over=take_over)
    except BaseException as error:
        for line in where_it_stands(plan, reached, error):
            click.echo(line, err=True)
        raise


def where_it_stands(plan: Plan, reached: Mapping[Wave, int], error: BaseException) -> Iterator[str]:
    """A push that stopped with `error`: what is up of each wave, what the public gets now, and what to do.

    `reached` is how many objects of a wave are known to be up; a wave that is not in it has not begun.
    """
    waves = [(wave, reached.get(wave, 0), len(plan.in_wave(wave))) for wave in Wave if wave is not Wave.MANIFEST]
    counts = [f"{wave.value} {done:,} of {total:,}" for wave, done, total in waves if total]
    if not reached or not counts:
        return
    yield f"{plan.site.sale}: the push stopped: {', '.join(counts)} are up"
    pages = [(done, total) for wave, done, total in waves if wave in (Wave.PAGES, Wave.SALE_PAGE)]
    yield f"  {_seen_by_the_public(plan, sum(done for done, _ in pages), sum(total for _, total in pages))}"
    if not isinstance(error, LostRace | Refused) and isinstance(error, FlashgenError | OSError | KeyboardInterrupt):
        yield f"  {'then' if getattr(error, 'hint', '') else 'now'} the same command again finishes it"


def _seen_by_the_public(plan: Plan, done: int, total: int) -> str:
    is_first = plan.base.etag is None
    if total == 0:
        return "the public gets the pages that were there, whole: none of them changes"
    if done == 0:
        return f"the public gets {'no page yet' if is_first else 'the old pages, whole'}"
    if done < total:
        others = "are not there yet" if is_first else "are as they were"
        return f"the public gets whole pages: {done:,} of {total:,} are new, the others {others}"
    return "the public gets the new pages, whole, as soon as an edge asks for them"


def _await(session: Session, sale: str, cdn: Cdn, invalidation: Invalidation) -> Pushed:
    try:
        is_done = await_edges(cdn, invalidation.id, now=now, sleep=time.sleep, limit_seconds=LIMIT_SECONDS)
        trouble = f"it is not done after {LIMIT_SECONDS:.0f} s"
    except StoreError as error:
        is_done, trouble = False, f"{error.message} ({error.hint})" if error.hint else error.message
    except KeyboardInterrupt:
        session.note(f"{sale}: pushed; {cdn.name} goes on with invalidation {invalidation.id} by itself")
        raise
    if is_done:
        session.say(f"{sale}: {_in_words(invalidation)} invalidated at {cdn.name}")
    else:
        session.warn(f"{sale}: pushed, and {cdn.name} was told, invalidation {invalidation.id}; {trouble}")
    return Pushed(sale, invalidation, is_done)


def _in_words(invalidation: Invalidation) -> str:
    *others, last = invalidation.paths
    return f"{len(others) + 1:,} paths" if others else last
