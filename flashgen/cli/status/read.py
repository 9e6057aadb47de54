"""Reading the status of sales from a target: pointer, history and claim from the store, and what the edge shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from flashgen.cli.progress import SlowNotice
from flashgen.cli.runtime import now, pointer_file, read_pointer
from flashgen.cli.session import Session
from flashgen.cli.status.model import SaleStatus, StatusDetails
from flashgen.errors import FlashgenError
from flashgen.gate.mark.storage_mark import StopReason, advice
from flashgen.gate.mark.storage_mark import read as read_mark
from flashgen.release.manifest import Claim, read_manifest
from flashgen.sale.model import Header
from flashgen.typed_json import UnreadableObject
from flashgen.unlock import journal
from flashgen.unlock.journal import Record
from flashgen.unlock.pending_attempts import PendingAttempt, pending_attempts
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_file import NotPushed, PointerFile
from flashgen.unlock.visibility import EdgePointer
from flashgen.verify.edge_pointer import EdgePointerReader

AT_ONCE = 8

SETTLE_SECONDS = 3.0
"""An edge keeps a pointer for up to 2 s. So long it may show the former revision."""
SETTLE_STEP_SECONDS = 0.25


def read_statuses(
    session: Session, headers: Sequence[Header], *, in_depth: bool, settle_seconds: float = SETTLE_SECONDS
) -> list[SaleStatus | FlashgenError]:
    """The status of each sale, or the error why it could not be read. `in_depth` also finds pending attempts.

    An edge that differs from the store is read again for `settle_seconds`.
    """
    if not headers:
        return []
    with (
        EdgePointerReader(session.project.target(session.target_name)[1].url) as edge_reader,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        notice = SlowNotice(session, session.store.url)

        def read(header: Header) -> SaleStatus | FlashgenError:
            file = pointer_file(session.store, header)
            details = StatusDetails()
            try:
                pointer, edge = _read_settled(file, edge_reader, notice, settle_seconds)
                if not isinstance(pointer, NotPushed):
                    with notice.for_an_answer():
                        details = read_details(file, pointer, StatusDetails(), in_depth=in_depth)
                return status_now(file, header, pointer, details, edge)
            except FlashgenError as error:
                return error

        return list(pool.map(read, headers))


def read_details(file: PointerFile, pointer: Pointer, known: StatusDetails, *, in_depth: bool) -> StatusDetails:
    """History, claim and attempts of a sale. `known` is what was read before; its history is not read again."""
    details = with_history(file, pointer, known)
    damaged = list(details.damaged)
    claim, no_claim = _claim(file, damaged)
    attempts, no_attempts = _attempts(file, pointer, details.history, damaged) if in_depth else ((), "")
    unread = "; ".join(filter(None, (no_claim, no_attempts)))
    stopped = _stopped(file, damaged) if in_depth else ""
    by_message = {one.message: one for one in damaged}
    return StatusDetails(details.history, claim, attempts, unread, tuple(by_message.values()), stopped)


def with_history(file: PointerFile, pointer: Pointer, known: StatusDetails) -> StatusDetails:
    """`known` with the newest records that led to `pointer`. Of those known already, only the newest is read again.

    A record that is damaged ends the history, and is read again each time: somebody may have restored it.
    """
    before = () if known.damaged else known.history
    fresh: list[Record] = []
    try:
        for record in islice(journal.history(file.store, file.sale, pointer.nonce), journal.HISTORY_READ):
            if before and record.nonce == before[0].nonce:
                return replace(known, history=(*fresh, *before), damaged=())
            fresh.append(record)
    except UnreadableObject as error:
        return replace(known, history=tuple(fresh), damaged=(error,))
    return replace(known, history=tuple(fresh), damaged=())


def status_now(
    file: PointerFile, header: Header, pointer: Pointer | NotPushed, details: StatusDetails, edge: EdgePointer
) -> SaleStatus:
    """The status at this moment, from its parts."""
    missing = pointer if isinstance(pointer, NotPushed) else None
    present = None if isinstance(pointer, NotPushed) else pointer
    by_edge = now() + timedelta(seconds=edge.clock_ahead)
    return SaleStatus(header, file.key, file.store.url, by_edge, present, missing, details, edge)


def pointer_or_none(file: PointerFile) -> Pointer | NotPushed:
    """The pointer, or NotPushed. Raises StoreError, and Refused for a version that was rotated."""
    try:
        return read_pointer(file).pointer
    except NotPushed as missing:
        return missing


def _read_settled(
    file: PointerFile, edge_reader: EdgePointerReader, notice: SlowNotice, settle_seconds: float
) -> tuple[Pointer | NotPushed, EdgePointer]:
    """Pointer and edge, when they agree or `settle_seconds` are over."""
    deadline = time.monotonic() + settle_seconds
    while True:
        with notice.for_an_answer():
            pointer = pointer_or_none(file)
        if isinstance(pointer, NotPushed):
            return pointer, EdgePointer()
        edge = edge_reader.read(file.key)
        if edge.nonce in ("", pointer.nonce) or time.monotonic() >= deadline:
            return pointer, edge
        time.sleep(SETTLE_STEP_SECONDS)


def _claim(file: PointerFile, damaged: list[UnreadableObject]) -> tuple[Claim | None, str]:
    try:
        return read_manifest(file.store, file.sale).manifest.claim, ""
    except UnreadableObject as error:
        damaged.append(error)
        return None, ""
    except FlashgenError as error:
        return None, f"whether a push is under way: {error.message}"


def _stopped(file: PointerFile, damaged: list[UnreadableObject]) -> str:
    """Why gates sell nothing, by the mark of the storage; empty where it may not be read: doctor asks the gates."""
    try:
        stored = read_mark(file.store, file.sale)
    except UnreadableObject as error:
        damaged.append(error)
        return ""
    except FlashgenError:
        return ""
    if stored is None or stored.mark.stopped is None:
        return ""
    return "; ".join(advice(StopReason.BEHIND, file.sale))


def _attempts(
    file: PointerFile, pointer: Pointer, chain: Sequence[Record], damaged: list[UnreadableObject]
) -> tuple[tuple[PendingAttempt, ...], str]:
    try:
        return pending_attempts(file.store, file.sale, pointer, chain, now(), damaged.append), ""
    except FlashgenError as error:
        return (), f"attempts that came to nothing: {error.message}"
