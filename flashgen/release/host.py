"""The host's root in a store: what a push would change there, and doing it.

Several sales share these files, and may be pushed at the same time from different machines. Nobody claims the root.
Each push writes the entry of its sale into the register, by If-Match, and then makes the root of all entries:

1. read the files that are there, with their etags;
2. read the register, and write it with the own entry and with what will be put, by If-Match;
3. put each file that differs, by If-Match with the etag of step 1;
4. write into the register that it is done, by If-Match.

Taking a sale off the root is the same, with one entry less. Whoever loses one of these writes begins again, and then
sees the winner's entry. A file is put only if nobody has put it since step 1, so what was made of an older register
never stays over what was made of a newer one. If a push dies, the register says that it is unfinished, and the next one
finishes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flashgen.errors import Conflict, LostRace
from flashgen.page.host.entry import HostEntry
from flashgen.page.host.files import HOST_KEYS, HostFile, host_files
from flashgen.page.site import digest
from flashgen.release.host_registry import HostRegistry, StoredRegistry, read_registry, write_registry
from flashgen.release.invalidation import caller_reference, paths_of
from flashgen.release.manifest import Published
from flashgen.release.plan import DRIFTED, GONE, Change, Op, Wave, header_reasons
from flashgen.store import Headers, Store, Stored
from flashgen.store.conditional_write import put_settled
from flashgen.store.protocol import Cdn
from flashgen.unlock.pointer_writer import Actor

MOST_TRIES = 20
"""Each lost try is another push that got ahead: so many at one moment are a store that does not honour conditions."""

MOST_EARLIER = 16
"""Digests of former versions of a file that are remembered: a slow push may still put one of them."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What `entries` that come or change, and sales that are `removed`, would change at the root.

    `others` are files of somebody else, which stay. `cache_control` is that of pages in this target. `is_noop` where
    there is nothing to do.
    """

    entries: tuple[HostEntry, ...]
    removed: tuple[str, ...]
    cache_control: str
    changes: tuple[Change, ...]
    others: tuple[str, ...]
    is_noop: bool


def plan_host(
    store: Store,
    entries: Iterable[HostEntry],
    cache_control: str,
    *,
    removed: Iterable[str] = (),
    refresh: bool = False,
) -> HostPlan:
    """Compare the root with what it would be with these entries, and without sales that are `removed`.

    One read, where nothing is new. Files that the register does not know are looked at, as they may be somebody else's;
    with `refresh`, all are.
    """
    own, leaving = tuple(entries), tuple(removed)
    base = read_registry(store).registry
    wanted = _changed(base, own, leaving)
    files = _files(wanted, cache_control)
    unknown = [key for key, _, _ in files if key not in base.files and key not in base.others]
    found = {key: store.get(key) for key in (HOST_KEYS if refresh else unknown)}
    others = _others(base, files, found, () if refresh else base.others)
    changes = tuple(
        Change(Op.UPDATE if file[0] in base.files else Op.CREATE, file[0], reason, Wave.HOST)
        for file in files
        if file[0] not in others and (reason := _reason(base, file, found, is_refreshed=refresh))
    )
    is_noop = not changes and wanted.entries == base.entries and not base.is_unfinished and others == base.others
    return HostPlan(own, leaving, cache_control, changes, others, is_noop)


def push_host(plan: HostPlan, store: Store, actor: Actor, cdn: Cdn | None) -> tuple[str, ...]:
    """Carry it out on the root as it is now; returns the paths of what was put.

    Raises StoreError; LostRace when it never comes to its turn. Running again finishes what is left.
    """
    put: set[str] = set()
    for _ in range(MOST_TRIES):
        try:
            _try(plan, store, actor, cdn, put)
        except Conflict:
            continue
        return paths_of(put)
    raise LostRace("other pushes go on changing the host's root: this one was never first", "push again", "")


def _try(plan: HostPlan, store: Store, actor: Actor, cdn: Cdn | None, put: set[str]) -> None:
    """One try, which adds to `put` the keys that it put. Raises Conflict when another push was faster."""
    found = {key: store.get(key) for key in HOST_KEYS}
    base = read_registry(store)
    if base.registry.is_unfinished:
        put.update(base.registry.files)  # a push that died may not have told the CDN
    stored = _register(plan, store, actor, base, found)
    registry = stored.registry
    for key, body, headers in _files(registry, plan.cache_control):
        there = found[key]
        if key not in registry.others and not _is_there(there, body, headers):
            put_settled(store, key, body, headers, if_match=there.etag if there else None, sleep=actor.sleep)
            put.add(key)
    paths = paths_of(put)
    if cdn and paths:
        cdn.invalidate(paths, caller_reference("host", registry.nonce, paths))
    if registry.is_unfinished:
        write_registry(store, actor, replace(registry, is_unfinished=False), stored.etag)


def _register(
    plan: HostPlan, store: Store, actor: Actor, base: StoredRegistry, found: Mapping[str, Stored | None]
) -> StoredRegistry:
    """Write what becomes of the entries, and what will be put; nothing if the register and the files say so already."""
    before = base.registry
    wanted = _changed(before, plan.entries, plan.removed)
    files = _files(wanted, plan.cache_control)
    others, now = _others(before, files, found, ()), actor.now()
    published = {key: Published(digest(body), headers, now) for key, body, headers in files if key not in others}
    is_there = all(_is_there(found[key], body, headers) for key, body, headers in files if key not in others)
    changed = {key: one for key, one in published.items() if not _same(before.files.get(key), one)}
    if not changed and is_there and wanted.entries == before.entries and others == before.others:
        return base
    # What is not made any more stays in the store, and in the register: flashgen is still its author.
    registry = replace(
        wanted,
        files={**{key: one for key, one in before.files.items() if key not in others}, **changed},
        earlier={key: before.digests(key)[-MOST_EARLIER:] for key in before.files},
        others=others,
        is_unfinished=True,
        who=actor.who,
        when=now,
        nonce=actor.new_nonce(),
    )
    return StoredRegistry(registry, write_registry(store, actor, registry, base.etag))


def _changed(base: HostRegistry, entries: Iterable[HostEntry], removed: Iterable[str]) -> HostRegistry:
    leaving = {*removed}
    staying = {sale: entry for sale, entry in base.entries.items() if sale not in leaving}
    return replace(base, entries={**staying, **{entry.sale: entry for entry in entries}})


def _files(registry: HostRegistry, cache_control: str) -> tuple[HostFile, ...]:
    made = host_files(registry.entries.values(), registry.files)
    return tuple((key, body, replace(headers, cache_control=cache_control)) for key, body, headers in made)


def _others(
    base: HostRegistry, files: Iterable[HostFile], found: Mapping[str, Stored | None], known: Iterable[str]
) -> tuple[str, ...]:
    """The keys of files that somebody else put, among those that were looked at; and those that are known."""
    bodies = {key: body for key, body, _ in files}
    strange = [
        key
        for key, stored in found.items()
        if stored and key in bodies and stored.body != bodies[key] and not base.is_author_of(key, digest(stored.body))
    ]
    return tuple(sorted({*known, *strange}))


def _reason(base: HostRegistry, file: HostFile, found: Mapping[str, Stored | None], *, is_refreshed: bool) -> str:
    """Why a file would be put; empty if it is as it should be."""
    key, body, headers = file
    published = base.files.get(key)
    if published is None:
        return "" if _is_there(found.get(key), body, headers) else "new"
    reasons = ["content"] if published.sha256 != digest(body) else []
    reasons += header_reasons(published.headers, headers)
    if reasons or base.is_unfinished:
        return ", ".join(reasons) or "unfinished push"
    stored = found.get(key)
    if not is_refreshed or _is_there(stored, body, headers):
        return ""
    return GONE if stored is None else f"{DRIFTED}{', '.join(header_reasons(stored.headers, headers)) or 'content'}"


def _is_there(stored: Stored | None, body: bytes, headers: Headers) -> bool:
    return stored is not None and (stored.body, stored.headers) == (body, headers)


def _same(before: Published | None, after: Published) -> bool:
    return before is not None and (before.sha256, before.headers) == (after.sha256, after.headers)
