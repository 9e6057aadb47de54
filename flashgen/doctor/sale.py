"""One sale: its YAML, its times, its build, its pointer in the store; whether a push is due, and still allowed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flashgen import timestamps
from flashgen.doctor.context import DoctorContext
from flashgen.errors import Refused
from flashgen.finding import Finding, Level
from flashgen.hint import Hint, command_line
from flashgen.page.inputs import unchanged
from flashgen.page.site import read_record
from flashgen.release.freeze import freeze_window_of
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Plan, make_plan
from flashgen.sale.load import load_sale
from flashgen.sale.model import Header
from flashgen.store import Stored
from flashgen.unlock.pointer import Forward, Pointer, parse, pointer_headers, pointer_key, version_of
from flashgen.unlock.state import State

POINTER_BYTES_MAX = 512
"""The most that a million pollers a second should have to fetch."""


def check_yaml(path: Path, context: DoctorContext) -> Iterator[Finding]:
    """All that `flashgen check` would report of the YAML and the feed. Raises InvalidInput with every problem."""
    name = f"{path.stem}: yaml"
    loaded = load_sale(path, context.root)
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


def check_times(header: Header, context: DoctorContext) -> Iterator[Finding]:
    """A sale that is over, or should be open and is not."""
    name, now = f"{header.id}: times", context.now
    pointer = context.pointers.get(header.id)
    state = pointer.state.state if pointer else State.SCHEDULED
    if header.ends_at <= now:
        message = f"it ended at {timestamps.to_text(header.ends_at)}"
        yield Finding(Level.FAIL, name, message, "move `starts_at` and `ends_at`, then push; or leave this sale out")
    elif header.starts_at <= now and state is State.SCHEDULED:
        message = f"it should have started at {timestamps.to_text(header.starts_at)}, and is scheduled"
        yield Finding(
            Level.FAIL, name, message, Hint(command_line(f"go-live {header.id}"), "; or move `starts_at`, then push")
        )
    elif header.starts_at <= now:
        yield Finding(Level.PASS, name, f"{state.value}, ends in {duration_text(header.ends_at - now)}")
    else:
        yield Finding(Level.PASS, name, f"starts in {duration_text(header.starts_at - now)}")


def check_build(header: Header, context: DoctorContext) -> Iterator[Finding]:
    """Whether there is a build, of the files as they are."""
    name = f"{header.id}: build"
    record = read_record(context.build_folder, header.id)
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
    if not unchanged(inputs, context.root, context.site_url, trusted_themes=context.trusted_themes):
        message = "out of date: YAML, feed, images, theme or flashgen have changed since"
        yield Finding(Level.WARN, name, message, Hint(command_line(f"push {header.id}"), " builds and pushes"))
    else:
        yield Finding(Level.PASS, name, f"{len(site.files):,} files, up to date")


def check_pointer(header: Header, context: DoctorContext) -> Iterator[Finding]:
    """Whether the store has the pointer that the YAML describes. Raises Refused when the object is no pointer."""
    name, key = f"{header.id}: pointer", pointer_key(header.id, header.unlock.version)
    stored = context.store.get(key)
    if stored is None:
        yield from _missing(name, key, header, context)
        return
    pointer = parse(stored.body, key)
    if isinstance(pointer, Forward):
        message = f"{key} was rotated to {pointer.target}: the YAML here is older than what was pushed"
        yield Finding(Level.FAIL, name, message, "get the YAML with the new `unlock.version` (git pull)")
        return
    found = [*_drift(name, header, pointer), *_served(name, header, stored), *_origins(name, header, pointer)]
    message = f"{pointer.state.state.value}, revision {pointer.revision}, {len(stored.body)} bytes"
    yield from found or [Finding(Level.PASS, name, message)]


def _missing(name: str, key: str, header: Header, context: DoctorContext) -> Iterator[Finding]:
    """Nothing for a sale that was never pushed: `check_push` reports that."""
    pushed = read_manifest(context.store, header.id).manifest.pointer
    if pushed and pushed.key == key:
        message = f"{key} was pushed, and is gone"
        hint = Hint(
            "restore the object's last version, which holds the sale's state; or ",
            command_line(f"push {header.id} --refresh"),
        )
        yield Finding(Level.FAIL, name, message, hint)
    elif pushed:
        message = f"the YAML names {key}, and what was pushed is {pushed.key}"
        hint = Hint(
            command_line(f"push {header.id}"), f", or put `version: {version_of(pushed.key)}` back into the YAML"
        )
        yield Finding(Level.FAIL, name, message, hint)


def _drift(name: str, header: Header, pointer: Pointer) -> Iterator[Finding]:
    for field in ("starts_at", "ends_at"):
        pushed, wanted = getattr(pointer.state, field), getattr(header, field)
        if pushed != wanted:
            message = f"{field} is {timestamps.to_text(pushed)} there, and {timestamps.to_text(wanted)} in the YAML"
            yield Finding(
                Level.FAIL, name, message, Hint(command_line(f"push {header.id}"), " brings the YAML's times over")
            )


def _served(name: str, header: Header, stored: Stored) -> Iterator[Finding]:
    wanted = pointer_headers(header.unlock.edge_ttl_seconds)
    if stored.headers != wanted:
        found = stored.headers.cache_control or "nothing"
        message = f"its Cache-Control is `{found}`, not `{wanted.cache_control}`"
        if stored.headers.cache_control == wanted.cache_control:
            message = f"its Content-Type is `{stored.headers.content_type}`, not `{wanted.content_type}`"
        yield Finding(
            Level.FAIL, name, message, Hint(command_line(f"push {header.id} --refresh"), " puts its headers right")
        )
    if len(stored.body) > POINTER_BYTES_MAX:
        message = f"it has {len(stored.body):,} bytes, above {POINTER_BYTES_MAX}: every poll carries them"
        yield Finding(
            Level.WARN, name, message, Hint("`", command_line(f"sold-out {header.id}"), "` closes all SKUs in one word")
        )


def _origins(name: str, header: Header, pointer: Pointer) -> Iterator[Finding]:
    missing = [origin for origin in header.order_origins if pointer.order and origin not in pointer.order.origins]
    if missing:
        message = f"buyers are not sent to {', '.join(missing)}, which the YAML names"
        yield Finding(
            Level.WARN, name, message, Hint(command_line(f"push {header.id}"), " brings the order servers over")
        )


def duration_text(left: timedelta) -> str:
    """A length of time for people: `2 h 5 min`, `3 days`."""
    minutes = int(left.total_seconds() // 60)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


FREEZE_SOON = timedelta(hours=6)
REASONS_SHOWN = 3


def check_push(header: Header, context: DoctorContext) -> Iterator[Finding]:
    """Whether the store has what was built."""
    name = f"{header.id}: push"
    seen, site = read_manifest(context.store, header.id), context.site(header.id)
    if seen.etag is None:
        message = f"it was never pushed to {context.store.url}"
        yield Finding(Level.FAIL, name, message, command_line(f"push {header.id}"))
    elif seen.manifest.claim:
        claim, sale = seen.manifest.claim, header.id
        began, finish = ("to prune", f"prune {sale}") if claim.is_prune else ("a push", f"push {sale} --take-over")
        since = f"{claim.who} began {began} at {timestamps.to_text(claim.when)} and has not finished it"
        yield Finding(Level.FAIL, name, since, f"wait for it; if it died, `flashgen {finish}`")
    elif site:
        yield _due(name, make_plan(site, seen))


def _due(name: str, plan: Plan) -> Finding:
    if plan.is_noop:
        return Finding(Level.PASS, name, f"{plan.unchanged:,} files are in the store as they were built")
    first = ", ".join(f"{change.key} ({change.reason})" for change in plan.changes[:REASONS_SHOWN])
    more = f" and {len(plan.changes) - REASONS_SHOWN:,} more" if len(plan.changes) > REASONS_SHOWN else ""
    return Finding(Level.WARN, name, f"a push is due: {first}{more}", command_line(f"push {plan.site.sale}"))


def check_freeze(header: Header, context: DoctorContext) -> Iterator[Finding]:
    """When pushes close: around the start in the YAML, and around the one that was pushed. Then they need `--force`."""
    name, now = f"{header.id}: freeze", context.now
    manifest = read_manifest(context.store, header.id).manifest
    freeze = freeze_window_of(manifest, header.starts_at, context.freeze_before, context.freeze_after)
    if opens_at := freeze.opens_at(now):
        message = f"pushes are closed until {timestamps.to_text(opens_at)}"
        yield Finding(Level.WARN, name, message, Hint("only `", command_line("push --force"), "` pushes now"))
    elif closes_at := freeze.closes_at(now):
        soon = closes_at - now <= FREEZE_SOON
        hint = "push what has to be pushed now; `freeze` in flashgen.yaml sets the window" if soon else ""
        yield Finding(
            Level.WARN if soon else Level.PASS, name, f"pushes close in {duration_text(closes_at - now)}", hint
        )
    else:
        yield Finding(Level.PASS, name, "over: pushes are open")
