"""Asking a target how its sales stand: their pointers and what lies behind them, and what the edge shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from flashgen.cli.runtime import now, open_control, read_pointer
from flashgen.cli.session import Session
from flashgen.cli.slow_notice import SlowNotice
from flashgen.cli.status.model import SaleStatus, StatusDetails
from flashgen.errors import FlashgenError
from flashgen.release.manifest import Claim, read_manifest
from flashgen.sale.model import Header
from flashgen.unlock import journal
from flashgen.unlock.control import Control, NotPushed
from flashgen.unlock.decider import HISTORY_READ
from flashgen.unlock.journal import Record
from flashgen.unlock.pending_attempts import PendingAttempt, unelected
from flashgen.unlock.pointer import Pointer, pointer_headers, pointer_key
from flashgen.unlock.visibility import EdgePointer
from flashgen.verify.edge_pointer import EdgePointerReader

AT_ONCE = 8

SETTLE_SECONDS = 3.0
"""An edge keeps a pointer for up to 2 s: it may show the revision before for so long."""
SETTLE_STEP_SECONDS = 0.25


def controls(session: Session, headers: Sequence[Header]) -> tuple[Control, ...]:
    """A hand on each sale's pointer, through one store: its connections are worth sharing."""
    first = open_control(session, headers[0])
    return tuple(of_header(first, header) for header in headers)


def of_header(control: Control, header: Header) -> Control:
    """The same hand on the pointer that `header` names, to read it."""
    key = pointer_key(header.id, header.unlock.version)
    return replace(control, sale=header.id, key=key, headers=pointer_headers(header.unlock.edge_ttl_seconds), sign=None)


def gather(session: Session, headers: Sequence[Header], *, in_depth: bool) -> list[SaleStatus | FlashgenError]:
    """How each sale stands, or why that cannot be told; `in_depth` also finds attempts that came to nothing."""
    if not headers:
        return []
    with (
        EdgePointerReader(session.project.target(session.target_name)[1].url) as onlooker,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        hands = controls(session, headers)
        waiting = SlowNotice(session, hands[0].store.url)
        return list(pool.map(lambda hand, header: _asked(hand, header, onlooker, waiting, in_depth), hands, headers))


def background(control: Control, pointer: Pointer, known: Sequence[Record], *, in_depth: bool) -> StatusDetails:
    """What lies behind a pointer. `known` is the history as far as it was read before: it is not read again."""
    chain = history(control, pointer, known)
    claim, no_claim = _claim(control)
    attempts, no_attempts = _attempts(control, pointer, chain) if in_depth else ((), "")
    return StatusDetails(chain, claim, attempts, "; ".join(filter(None, (no_claim, no_attempts))))


def history(control: Control, pointer: Pointer, known: Sequence[Record]) -> tuple[Record, ...]:
    """The newest part of what led to `pointer`; of what is `known` already only the newest record is read again."""
    fresh: list[Record] = []
    for record in islice(journal.history(control.store, control.sale, pointer.nonce), HISTORY_READ):
        if known and record.nonce == known[0].nonce:
            return (*fresh, *known)
        fresh.append(record)
    return tuple(fresh)


def standing_of(
    control: Control, header: Header, pointer: Pointer | NotPushed, behind: StatusDetails, shown: EdgePointer
) -> SaleStatus:
    """What was asked for piece by piece, put together at this moment."""
    missing = pointer if isinstance(pointer, NotPushed) else None
    there = None if isinstance(pointer, NotPushed) else pointer
    return SaleStatus(header, control.key, control.store.url, public_now(shown), there, missing, behind, shown)


def public_now(shown: EdgePointer) -> datetime:
    """The time by the clock that pages go by: the edge's, as far as it told."""
    return now() + timedelta(seconds=shown.clock_ahead)


def pointer_or_none(control: Control) -> Pointer | NotPushed:
    """The pointer, or that there is none. Raises StoreError, and Refused for a version that was rotated away."""
    try:
        return read_pointer(control).pointer
    except NotPushed as missing:
        return missing


def _asked(
    control: Control, header: Header, onlooker: EdgePointerReader, waiting: SlowNotice, in_depth: bool
) -> SaleStatus | FlashgenError:
    try:
        pointer, shown = _settled(control, onlooker, waiting)
        if isinstance(pointer, NotPushed):
            return standing_of(control, header, pointer, StatusDetails(), shown)
        with waiting.for_an_answer():
            return standing_of(control, header, pointer, background(control, pointer, (), in_depth=in_depth), shown)
    except FlashgenError as error:
        return error


def _settled(
    control: Control, onlooker: EdgePointerReader, waiting: SlowNotice
) -> tuple[Pointer | NotPushed, EdgePointer]:
    """Store and edge when they agree, or have had the time to."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        with waiting.for_an_answer():
            pointer = pointer_or_none(control)
        if isinstance(pointer, NotPushed):
            return pointer, EdgePointer()
        shown = onlooker.look(control.key)
        if shown.nonce in ("", pointer.nonce) or time.monotonic() >= deadline:
            return pointer, shown
        time.sleep(SETTLE_STEP_SECONDS)


def _claim(control: Control) -> tuple[Claim | None, str]:
    try:
        return read_manifest(control.store, control.sale).manifest.claim, ""
    except FlashgenError as error:
        return None, f"whether a push is under way: {error.message}"


def _attempts(control: Control, pointer: Pointer, chain: Sequence[Record]) -> tuple[tuple[PendingAttempt, ...], str]:
    try:
        return unelected(control.store, control.sale, pointer, chain, now()), ""
    except FlashgenError as error:
        return (), f"attempts that came to nothing: {error.message}"
