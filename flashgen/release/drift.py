"""Drift: objects in a store that somebody changed or removed by hand since their push.

The listing finds most: an object is missing, has another size, or was modified after its push had ended. Only suspects
are fetched and compared, so a store without drift costs the listing and a few reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from flashgen.page.site import Site, digest
from flashgen.release.manifest import Published, StoredManifest, is_pointer, prefixes_of
from flashgen.release.plan import DRIFTED, GONE, header_reasons
from flashgen.store import Entry, Headers, Store
from flashgen.unlock.pointer import parse

READS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Drift:
    """`reasons` says by key what differs. `untracked` are objects of the sale that no push is known to have put.

    Only keys that the site still has are compared; the rest is left to `prune`.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    untracked: tuple[str, ...] = ()


def find_drift(site: Site, base: StoredManifest, store: Store) -> Drift:
    """Compare `store` with `base`, its manifest. Raises StoreError; Refused when the pointer is damaged."""
    keys = {file.key for file in site.files}
    found = {entry.key: entry for start in prefixes_of(site.sale, keys) for entry in store.list(start)}
    expected = {file.key: base.manifest.objects[file.key] for file in site.files if file.key in base.manifest.objects}
    gone = {key: GONE for key in expected if key not in found}
    sizes = {file.sha256: file.body_bytes for file in site.files}  # the manifest knows digests alone
    suspects = [key for key in expected if key in found and _is_suspect(found[key], expected[key], sizes)]
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        compared = list(pool.map(lambda key: _compare(store, key, expected[key]), suspects))
    changed = {key: reason for key, reason in zip(suspects, compared, strict=True) if reason}
    reasons = {**gone, **changed, **_pointer_drift(site, base, store, found)}
    claim, dropped = base.manifest.claim, base.manifest.dropped
    known = keys | {*base.manifest.objects, *dropped, *(claim.keys if claim else ())}
    return Drift(reasons, tuple(key for key in found if key not in known and not is_pointer(site.sale, key)))


def _is_suspect(entry: Entry, one: Published, sizes: Mapping[str, int]) -> bool:
    """S3 reports whole seconds: an object modified in the second in which its push ended is a suspect too."""
    if one.stored_before is None or entry.modified_at >= one.stored_before:
        return True
    return sizes.get(one.sha256, entry.body_bytes) != entry.body_bytes


def _compare(store: Store, key: str, one: Published) -> str:
    stored = store.get(key)
    if stored is None:
        return GONE
    content = ["content"] if digest(stored.body) != one.sha256 else []
    return _drift_text([*content, *header_reasons(one.headers, stored.headers)])


def _pointer_drift(site: Site, base: StoredManifest, store: Store, found: Mapping[str, Entry]) -> dict[str, str]:
    """Headers only: transitions write the body. They use the headers of their YAML, maybe newer than the push."""
    pushed, wanted = base.manifest.pointer, site.pointer_file
    if pushed is None or pushed.key != wanted.key:
        return {}
    stored = store.get(pushed.key) if pushed.key in found else None
    if stored is None:
        return {pushed.key: GONE}
    parse(stored.body, pushed.key)
    known: tuple[Headers, ...] = (pushed.headers, wanted.headers)
    return {} if stored.headers in known else {pushed.key: _drift_text(header_reasons(stored.headers, wanted.headers))}


def _drift_text(reasons: list[str]) -> str:
    return f"{DRIFTED}{', '.join(reasons)}" if reasons else ""
