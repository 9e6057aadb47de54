"""What a store has otherwise than its manifest says: objects that somebody changed or removed by hand.

Listing finds most: an object that is not there, has another size, or was modified after the push that put it had
ended. Only what is suspect is fetched and compared, so a tidy store costs the listing and a few reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from flashgen.page.site import Site, digest
from flashgen.release.manifest import Published, StoredManifest, is_pointer, listings
from flashgen.release.plan import DRIFTED, GONE, header_reasons
from flashgen.store import Entry, Headers, Store
from flashgen.unlock.pointer import parse

READS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Drift:
    """`reasons` say by key what is otherwise. `untracked` are objects of the sale that no push is known to have put.

    Only what the site still has is looked at: the rest is `prune`'s.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    untracked: tuple[str, ...] = ()


def find_drift(site: Site, base: StoredManifest, store: Store) -> Drift:
    """Compare `store` with what its manifest, `base`, says. Raises StoreError; Refused when the pointer is damaged."""
    keys = {file.key for file in site.files}
    found = {entry.key: entry for start in listings(site.sale, keys) for entry in store.list(start)}
    expected = {file.key: base.manifest.objects[file.key] for file in site.files if file.key in base.manifest.objects}
    gone = {key: GONE for key in expected if key not in found}
    sizes = {file.sha256: file.body_bytes for file in site.files}  # the manifest knows digests alone
    suspects = [key for key in expected if key in found and _is_suspect(found[key], expected[key], sizes)]
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        said = list(pool.map(lambda key: _compare(store, key, expected[key]), suspects))
    changed = {key: reason for key, reason in zip(suspects, said, strict=True) if reason}
    reasons = {**gone, **changed, **_pointer_drift(site, base, store, found)}
    return Drift(reasons, tuple(_untracked(site, base, found)))


def _is_suspect(entry: Entry, one: Published, sizes: Mapping[str, int]) -> bool:
    """S3 tells whole seconds: what was modified in the very second in which a push ended may be its own or not."""
    if one.stored_before is None or entry.modified_at >= one.stored_before:
        return True
    return sizes.get(one.sha256, entry.body_bytes) != entry.body_bytes


def _compare(store: Store, key: str, one: Published) -> str:
    stored = store.get(key)
    if stored is None:
        return GONE
    content = ["content"] if digest(stored.body) != one.sha256 else []
    return _in_words([*content, *header_reasons(one.headers, stored.headers)])


def _pointer_drift(site: Site, base: StoredManifest, store: Store, found: Mapping[str, Entry]) -> dict[str, str]:
    """Its body is the transitions'. They put it with the headers of their YAML, maybe newer than the last push."""
    pushed, wanted = base.manifest.pointer, site.pointer_file
    if pushed is None or pushed.key != wanted.key:
        return {}
    stored = store.get(pushed.key) if pushed.key in found else None
    if stored is None:
        return {pushed.key: GONE}
    parse(stored.body, pushed.key)
    known: tuple[Headers, ...] = (pushed.headers, wanted.headers)
    return {} if stored.headers in known else {pushed.key: _in_words(header_reasons(stored.headers, wanted.headers))}


def _in_words(reasons: list[str]) -> str:
    return f"{DRIFTED}{', '.join(reasons)}" if reasons else ""


def _untracked(site: Site, base: StoredManifest, found: Mapping[str, Entry]) -> Iterator[str]:
    manifest = base.manifest
    claimed = manifest.claim.keys if manifest.claim else ()
    known = {*manifest.objects, *manifest.dropped, *claimed, *(file.key for file in site.files)}
    for key in found:
        if key not in known and not is_pointer(site.sale, key):
            yield key
