"""Deleting what left a site, once no page that may still be cached names it.

Nothing else in flashgen deletes. The manifest is claimed meanwhile as for a push: of a push and a prune at the same
time one finishes, so none deletes what the other has just brought back. What is due is in `release/retention.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.errors import LostRace
from flashgen.release.claim import take
from flashgen.release.invalidation import MAX_PATHS, everything, paths_of
from flashgen.release.manifest import PRUNE, Claim, Manifest, StoredManifest, is_public, listings, read_manifest
from flashgen.release.retention import dropped_after_prune, due_keys
from flashgen.store import Store
from flashgen.store.protocol import Cdn
from flashgen.unlock.control import Control

BATCH = 1000
"""Keys in one request to delete; the claim is renewed before each."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """An object to delete, and since when it is dropped. `body_bytes` is None where it is gone already."""

    key: str
    dropped_at: datetime
    body_bytes: int | None


@dataclass(frozen=True, slots=True)
class Pruning:
    """What a prune would delete, on the manifest it read. Nothing is done yet."""

    base: StoredManifest
    deletions: tuple[Deletion, ...]

    @property
    def is_noop(self) -> bool:
        """Whether there is nothing to do; what a prune that died has left is something."""
        return not self.deletions and self.base.manifest.claim is None

    @property
    def kept(self) -> int:
        """How many dropped objects stay."""
        return len(self.base.manifest.dropped) - len(self.deletions)

    @property
    def body_bytes(self) -> int:
        """What is freed."""
        return sum(one.body_bytes or 0 for one in self.deletions)


def plan_prune(store: Store, sale: str, older_than: timedelta, now: datetime) -> Pruning:
    """Look up what is due, and how large it is. Raises LostRace while a push holds the manifest."""
    base = read_manifest(store, sale)
    held_by = base.manifest.claim
    if held_by and not held_by.is_prune:
        raise LostRace(
            f"{held_by.who} began to push {sale} at {timestamps.to_text(held_by.when)}: nothing is pruned meanwhile",
            f"wait for it; if it died, `flashgen push {sale}` finishes it",
            held_by.who,
        )
    keys = due_keys(base.manifest, now - older_than)
    sizes = {entry.key: entry.body_bytes for start in listings(sale, keys) for entry in store.list(start)}
    return Pruning(base, tuple(Deletion(key, base.manifest.dropped[key], sizes.get(key)) for key in keys))


def prune(pruning: Pruning, control: Control, cdn: Cdn | None) -> Manifest:
    """Delete, tell the CDN, and write the manifest without the keys; returns that.

    Raises LostRace when somebody has moved the manifest since it was read, and StoreError; running again finishes.
    """
    manifest, store = pruning.base.manifest, control.store
    keys = tuple(one.key for one in pruning.deletions)
    if pruning.is_noop:
        return manifest
    claim = Claim(control.who, control.now(), PRUNE, keys, control.new_nonce())
    hold = take(pruning.base, control, claim, take_over=False)
    for number, batch in enumerate(_batches(keys)):
        if number:
            hold = hold.renew()
        store.delete(batch)
    if cdn and (paths := _paths(pruning)):
        cdn.invalidate(paths, _reference(pruning))
    after = replace(manifest, dropped=dropped_after_prune(manifest, keys, control.now()), claim=None)
    hold.release(after)
    return after


def _batches(keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))


def _paths(pruning: Pruning) -> tuple[str, ...]:
    """Public pages alone: nobody asks for an asset that no page names."""
    sale = pruning.base.manifest.sale
    public = (one.key for one in pruning.deletions if is_public(sale, one.key))
    paths = paths_of(key for key in public if not key.startswith(f"{sale}/assets/"))
    return paths if len(paths) <= MAX_PATHS else everything(sale)


def _reference(pruning: Pruning) -> str:
    """By what is deleted and since when it was dropped: finishing a prune that died asks for the same invalidation."""
    facts = [pruning.base.manifest.sale, [[one.key, timestamps.to_text(one.dropped_at)] for one in pruning.deletions]]
    return f"flashgen-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]}"
