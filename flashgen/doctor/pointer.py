"""The pointer in the store: is it there, does it say what the YAML says, will the edge treat it well."""

from __future__ import annotations

from collections.abc import Iterator

from flashgen import timestamps
from flashgen.doctor.subject import Subject
from flashgen.finding import Finding, Level
from flashgen.release.manifest import read_manifest
from flashgen.sale.model import Header
from flashgen.store import Stored
from flashgen.unlock.pointer import Forward, Pointer, parse, pointer_headers, pointer_key, version_of

BYTES_MAX = 512
"""What a million pollers a second should not have to fetch more than."""


def check(header: Header, subject: Subject) -> Iterator[Finding]:
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


def _missing(name: str, key: str, header: Header, subject: Subject) -> Iterator[Finding]:
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
    if len(stored.body) > BYTES_MAX:
        message = f"it has {len(stored.body):,} bytes, above {BYTES_MAX}: every poll carries them"
        yield Finding(Level.WARN, name, message, f"`flashgen sold-out {header.id}` closes all SKUs in one word")


def _origins(name: str, header: Header, pointer: Pointer) -> Iterator[Finding]:
    missing = [origin for origin in header.order_origins if pointer.order and origin not in pointer.order.origins]
    if missing:
        message = f"buyers are not sent to {', '.join(missing)}, which the YAML names"
        yield Finding(Level.WARN, name, message, f"flashgen push {header.id} brings the order servers over")
