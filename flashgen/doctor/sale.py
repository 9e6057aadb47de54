"""One sale: what marketing wrote, when it is to be, what was built of it, and its pointer in the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flashgen import timestamps
from flashgen.doctor.context import DoctorContext
from flashgen.errors import Refused
from flashgen.finding import Finding, Level
from flashgen.page.inputs import unchanged
from flashgen.page.site import read_record
from flashgen.release.manifest import read_manifest
from flashgen.sale.load import load_sale
from flashgen.sale.model import Header
from flashgen.store import Stored
from flashgen.unlock.pointer import Forward, Pointer, parse, pointer_headers, pointer_key, version_of
from flashgen.unlock.state import State

POINTER_BYTES_MAX = 512
"""What a million pollers a second should not have to fetch more than."""


def check(path: Path, subject: DoctorContext) -> Iterator[Finding]:
    """Everything that `flashgen check` would say of the YAML and the feed. Raises InvalidInput with every problem."""
    name = f"{path.stem}: yaml"
    loaded = load_sale(path, subject.root)
    sale = loaded.sale
    if sale.order is None:
        hint = "add `order: {servers: [...]}`: where buyers go"
        yield Finding(Level.FAIL, name, "no `order` section: the sale cannot go live", hint)
    for warning in loaded.warnings:
        yield Finding(Level.WARN, name, f"{warning.where.file.name}: {warning.message}", warning.hint)
    if sale.order and not loaded.warnings:
        count = len(sale.products)
        products = f"{count:,} product{'' if count == 1 else 's'}"
        yield Finding(Level.PASS, name, f"{products}, starts at {timestamps.to_text(sale.starts_at)}")


def check_times(header: Header, subject: DoctorContext) -> Iterator[Finding]:
    """A sale that is over, or should be open and is not."""
    name, now = f"{header.id}: times", subject.now
    pointer = subject.pointers.get(header.id)
    state = pointer.state.state if pointer else State.SCHEDULED
    if header.ends_at <= now:
        message = f"it ended at {timestamps.to_text(header.ends_at)}"
        yield Finding(Level.FAIL, name, message, "move `starts_at` and `ends_at`, then push; or leave this sale out")
    elif header.starts_at <= now and state is State.SCHEDULED:
        message = f"it should have started at {timestamps.to_text(header.starts_at)}, and is scheduled"
        yield Finding(Level.FAIL, name, message, f"flashgen go-live {header.id}; or move `starts_at`, then push")
    elif header.starts_at <= now:
        yield Finding(Level.PASS, name, f"{state.value}, ends in {in_words(header.ends_at - now)}")
    else:
        yield Finding(Level.PASS, name, f"starts in {in_words(header.starts_at - now)}")


def check_build(header: Header, subject: DoctorContext) -> Iterator[Finding]:
    """Whether there is a build, of the files as they are."""
    name = f"{header.id}: build"
    record = read_record(subject.build_folder, header.id)
    if record is None:
        yield Finding(Level.FAIL, name, "it was never built", f"flashgen build {header.id}")
        return
    site, inputs = record
    try:
        for file in site.files:
            site.body(file)
    except Refused as changed:
        yield Finding(Level.FAIL, name, changed.message, changed.hint)
        return
    if not unchanged(inputs, subject.root):
        message = "out of date: YAML, feed, images, theme or flashgen have changed since"
        yield Finding(Level.WARN, name, message, f"flashgen push {header.id} builds and pushes")
    else:
        yield Finding(Level.PASS, name, f"{len(site.files):,} files, up to date")


def check_pointer(header: Header, subject: DoctorContext) -> Iterator[Finding]:
    """Raises Refused when what lies there is no pointer."""
    name, key = f"{header.id}: pointer", pointer_key(header.id, header.unlock.version)
    stored = subject.store.get(key)
    if stored is None:
        yield from _missing(name, key, header, subject)
        return
    pointer = parse(stored.body, key)
    if isinstance(pointer, Forward):
        message = f"{key} was rotated to {pointer.target}: the YAML here is older than what was pushed"
        yield Finding(Level.FAIL, name, message, "get the YAML with the new `unlock.version` (git pull)")
        return
    found = [*_drift(name, header, pointer), *_served(name, header, stored), *_origins(name, header, pointer)]
    said = f"{pointer.state.state.value}, revision {pointer.revision}, {len(stored.body)} bytes"
    yield from found or [Finding(Level.PASS, name, said)]


def _missing(name: str, key: str, header: Header, subject: DoctorContext) -> Iterator[Finding]:
    """That a sale was never pushed, the check of its manifest says."""
    pushed = read_manifest(subject.store, header.id).manifest.pointer
    if pushed and pushed.key == key:
        message = f"{key} was pushed, and is gone"
        hint = (
            f"restore the object's last version, which holds the sale's state; or flashgen push {header.id} --refresh"
        )
        yield Finding(Level.FAIL, name, message, hint)
    elif pushed:
        message = f"the YAML names {key}, and what was pushed is {pushed.key}"
        hint = f"flashgen push {header.id}, or put `version: {version_of(pushed.key)}` back into the YAML"
        yield Finding(Level.FAIL, name, message, hint)


def _drift(name: str, header: Header, pointer: Pointer) -> Iterator[Finding]:
    for field in ("starts_at", "ends_at"):
        said, wanted = getattr(pointer.state, field), getattr(header, field)
        if said != wanted:
            message = f"{field} is {timestamps.to_text(said)} there, and {timestamps.to_text(wanted)} in the YAML"
            yield Finding(Level.FAIL, name, message, f"flashgen push {header.id} brings the YAML's times over")


def _served(name: str, header: Header, stored: Stored) -> Iterator[Finding]:
    wanted = pointer_headers(header.unlock.edge_ttl_seconds)
    if stored.headers != wanted:
        found = stored.headers.cache_control or "nothing"
        message = f"its Cache-Control is `{found}`, not `{wanted.cache_control}`"
        if stored.headers.cache_control == wanted.cache_control:
            message = f"its Content-Type is `{stored.headers.content_type}`, not `{wanted.content_type}`"
        yield Finding(Level.FAIL, name, message, f"flashgen push {header.id} --refresh puts its headers right")
    if len(stored.body) > POINTER_BYTES_MAX:
        message = f"it has {len(stored.body):,} bytes, above {POINTER_BYTES_MAX}: every poll carries them"
        yield Finding(Level.WARN, name, message, f"`flashgen sold-out {header.id}` closes all SKUs in one word")


def _origins(name: str, header: Header, pointer: Pointer) -> Iterator[Finding]:
    missing = [origin for origin in header.order_origins if pointer.order and origin not in pointer.order.origins]
    if missing:
        message = f"buyers are not sent to {', '.join(missing)}, which the YAML names"
        yield Finding(Level.WARN, name, message, f"flashgen push {header.id} brings the order servers over")


def in_words(left: timedelta) -> str:
    """A length of time as people say it: `2 h 5 min`, `3 days`."""
    minutes = int(left.total_seconds() // 60)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
