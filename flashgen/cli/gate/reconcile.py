"""A storage that lost orders is given them back, and the sale goes on; or the sale goes on in another storage."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from flashgen import timestamps
from flashgen.cli.gate.orders import accepted_at, open_book, pushed_settings
from flashgen.cli.runtime import check_conditions, now
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.gate.mark.reconciliation import KnownOrder, Reconciliation, reconciled
from flashgen.gate.mark.storage_mark import Stopped, StopReason, StorageMark, advice, most_unmarked, read, shown, update
from flashgen.gate.storage.fence import GENERATION, StorageVersion
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Storage
from flashgen.hint import command_line

_ID_NAMES = ("order_id", "order", "id", "key", "idempotency_key")
_SHAPE = "CSV with a header, or JSON, an object a line: `order_id`, `sku`, and if known `buyer` and `accepted_at`"

_KINDS = (
    ("missing", "the order subsystem has them, the storage lacks them: they are taken in, each holds its unit"),
    ("promised", "buyers were told of them, and nobody has them: they are taken in, and forwarded"),
    ("waiting", "the order subsystem does not list them yet: they are forwarded as before"),
    ("unconfirmed", "done here, and the order subsystem does not list them: look there"),
    ("contradicted", "rejected here, and the order subsystem lists them: their units may have been sold again"),
    ("oversold", "beyond the stock: cancel them, or find more units"),
)
"""As fields of Reconciliation, with what each means."""


def reconcile(
    session: Session, sale: str, storage_url: str, orders: Path, logs: Sequence[Path], yes: bool
) -> dict[str, Any]:
    """Compare the storage with the order subsystem's list, say what differs, ask, and have the gates go on."""
    settings = pushed_settings(session, sale)
    skus = tuple(settings.items)
    listed, logged = read_list(orders, sale, skus), tuple(one for log in logs for one in read_log(log, sale))
    with open_book(storage_url, session.project.root, sale) as storage:
        mark, version = _mark_of(session, sale, storage)
        found = reconciled(settings, storage.orders(sale), listed, logged, now().timestamp())
        _show(session, sale, mark, version, found, most_unmarked(settings))
        session.confirm("write that down, and sell on?", yes)
        check_conditions(session, [sale])
        session.has_begun = True
        wanted = StorageVersion(version.id, _next_generation(version.changes, mark))
        count = storage.renew(sale, wanted, (*found.missing, *found.promised))
        _write_mark(session, sale, StorageMark(wanted.id, storage.url, wanted.changes))
        session.say(f"{sale}: {count} orders were taken in; its gates sell on within seconds")
        names = {kind: [order.id for order in getattr(found, kind)] for kind, _ in _KINDS}
        return {"sale": sale, "storage": storage.url, "most_oversold": most_unmarked(settings), "added": count, **names}


def move(session: Session, sale: str, storage_url: str, yes: bool) -> dict[str, Any]:
    """Have another storage sell the sale from now on. If it lacks orders, it sells when it has been reconciled."""
    pushed_settings(session, sale)
    stored = read(session.store, sale)
    with closing(open_storage(storage_url, session.project.root)) as storage:
        is_new = not storage.is_begun(sale)
        version = StorageVersion("", 0) if is_new else storage.version(sale)
        before = stored.mark if stored else None
        lacks = before is not None and (version.changes < before.changes or before.stopped is not None)
        if before:
            session.say(f"{sale} is sold by {before.place}: {shown(before.changes)}")
        content = "knows nothing of it" if is_new else f"has {shown(version.changes)} of it"
        session.say(f"{storage.url} {content}, and sells it from now on")
        if lacks:
            session.note("it lacks orders: nothing is sold until it is reconciled with the order subsystem's list")
        session.confirm("stop every gate of the old storage, and sell from this one?", yes)
        check_conditions(session, [sale])
        session.has_begun = True
        storage.begin(sale)
        wanted = StorageVersion(token_hex(15), _next_generation(version.changes, before))
        storage.renew(sale, wanted)
        stopped = Stopped(now(), version.changes) if lacks else None
        _write_mark(session, sale, StorageMark(wanted.id, storage.url, wanted.changes, stopped))
        session.say(f"{sale} is sold by {storage.url}" + (", when it has been reconciled" if lacks else ""))
        if lacks:
            session.note(str(command_line(f"gate reconcile {sale} --orders FILE")))
        return {"sale": sale, "storage": storage.url, "needs_reconciling": lacks}


def read_list(path: Path, sale: str, skus: Sequence[str]) -> tuple[KnownOrder, ...]:
    """The order subsystem's list. Raises Refused with the line of what is not understood."""
    text = _text(path)
    rows = _json_rows(path, text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text)
    found: dict[str, KnownOrder] = {}
    for line, row in rows:
        if row.get("sale") not in (None, "", sale):
            continue
        order = _known(f"{path}:{line}", row, skus)
        found[order.id] = order
    return tuple(found.values())


def read_log(path: Path, sale: str) -> tuple[KnownOrder, ...]:
    """What a gate's log says was accepted, and not rejected later. Other lines are skipped."""
    accepted: dict[str, KnownOrder] = {}
    for line in _text(path).splitlines():
        try:
            entry = json.loads(line)
            event, order = entry["event"], str(entry["order"])
            if entry["sale"] != sale:
                continue
            if event == "order accepted":
                at = datetime.fromisoformat(entry["at"]).timestamp()
                accepted[order] = KnownOrder(order, str(entry["sku"]), accepted_at=at)
            elif event == "order rejected":
                accepted.pop(order, None)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return tuple(accepted.values())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "it is no text in UTF-8"
        raise Refused(f"{path} cannot be read: {reason}") from error


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    for row in reader:
        yield reader.line_num, row


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        if text.lstrip().startswith("["):
            rows = [(1, one) for one in json.loads(text)]
        else:
            rows = [(number, json.loads(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is no JSON ({error})", f"write {_SHAPE}") from error
    for number, row in rows:
        if not isinstance(row, dict):
            raise Refused(f"{path}:{number}: an object is needed", f"write {_SHAPE}")
        yield number, row


def _known(place: str, row: Mapping[str, Any], skus: Sequence[str]) -> KnownOrder:
    order = next((str(row[name]).strip() for name in _ID_NAMES if row.get(name)), "")
    if not order:
        raise Refused(f"{place}: there is no `order_id`", f"write {_SHAPE}")
    sku = str(row.get("sku") or (skus[0] if len(skus) == 1 else ""))
    if sku not in skus:
        found = f"`{sku}` is no SKU of the sale" if sku else "there is no `sku`"
        raise Refused(f"{place}: {found}", f"write {_SHAPE}")
    if str(row.get("quantity") or "1") != "1":
        raise Refused(f"{place}: the gate takes orders of one unit, found {row['quantity']}", "correct the list")
    at = row.get("accepted_at")
    try:
        moment = timestamps.from_text(str(at)).timestamp() if at else None
    except ValueError as error:
        raise Refused(f"{place}: `accepted_at` is no moment", "such as 2026-11-27T08:00:03Z") from error
    return KnownOrder(order, sku, str(row.get("buyer") or ""), moment)


def _mark_of(session: Session, sale: str, storage: Storage) -> tuple[StorageMark | None, StorageVersion]:
    """Raises Refused for another storage than the one that sells the sale."""
    stored, version = read(session.store, sale), storage.version(sale)
    if stored and stored.mark.storage != version.id:
        raise Refused(f"{sale} is sold by {stored.mark.place}, not by {storage.url}", advice(StopReason.OTHER, sale)[1])
    return (stored.mark if stored else None), version


def _next_generation(changes: int, mark: StorageMark | None) -> int:
    """Above whatever anybody remembers."""
    return (max(changes, mark.changes if mark else 0) // GENERATION + 1) * GENERATION


def _write_mark(session: Session, sale: str, wanted: StorageMark) -> None:
    def change(there: StorageMark | None) -> StorageMark:
        if there and there.changes > wanted.changes:
            raise Refused(f"the mark of {sale} is newer by now: somebody else has reconciled or moved it")
        return wanted

    update(session.store, sale, change, time.sleep)


def _show(
    session: Session, sale: str, mark: StorageMark | None, version: StorageVersion, found: Reconciliation, most: int
) -> None:
    had = f", and had {shown(mark.changes)}" if mark and mark.changes > version.changes else ""
    session.say(f"{sale}: the storage has {shown(version.changes)}{had}")
    for kind, meaning in _KINDS:
        orders = getattr(found, kind)
        if not orders:
            continue
        session.say(f"{len(orders)} {kind}: {meaning}")
        for order in orders:
            session.say(f"  {order.id}  {order.sku}  {accepted_at(order)}")
    total = len(found.oversold)
    session.say(f"oversold: {total}, of {most} at most that can be sold ahead of the mark")
