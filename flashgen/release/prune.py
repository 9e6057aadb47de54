"""Deleting what left a site, once no page that may still be cached names it.

Nothing else in flashgen deletes. A prune claims the manifest like a push: of a push and a prune at the same time one
finishes, so neither deletes what the other has just brought back.

An object is kept until it has been dropped for longer than a page may be cached (LONGEST_PAGE_LIFE of page/headers.py).
An asset is also kept as long as a dropped page that may name it is in the store. When such a page is deleted or
replaced, the clocks of the assets that it may name start again, because it may have been cached at that very moment.
The gate's pages wait for time alone: gate.json, which names them, is cached nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.errors import LostRace
from flashgen.hint import Hint, command_line
from flashgen.layout import forms_folder, settings_key
from flashgen.release.invalidation import caller_reference, paths_or_whole_sale
from flashgen.release.manifest import (
    PRUNE,
    Claim,
    Manifest,
    StoredManifest,
    is_pointer,
    is_public,
    prefixes_of,
    read_manifest,
)
from flashgen.release.manifest_claim import claim_manifest
from flashgen.store import Store
from flashgen.store.protocol import Cdn
from flashgen.unlock.pointer_writer import Actor

BATCH = 1000
"""Keys in one request to delete; the claim is renewed before each."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """An object to delete, and when it was dropped. `body_bytes` is None if it is gone already."""

    key: str
    dropped_at: datetime
    body_bytes: int | None


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """A plan: what a prune would delete, and the manifest that it was made on."""

    base: StoredManifest
    deletions: tuple[Deletion, ...]

    @property
    def is_noop(self) -> bool:
        """Whether there is nothing to do. Finishing a prune that died is something to do."""
        return not self.deletions and self.base.manifest.claim is None

    @property
    def kept(self) -> int:
        """How many dropped objects stay."""
        return len(self.base.manifest.dropped) - len(self.deletions)

    @property
    def body_bytes(self) -> int:
        """The sum of what is deleted."""
        return sum(one.body_bytes or 0 for one in self.deletions)


def plan_prune(store: Store, sale: str, older_than: timedelta, now: datetime) -> PrunePlan:
    """Find what is due, and its size. Raises LostRace while a push holds the manifest."""
    base = read_manifest(store, sale)
    held_by = base.manifest.claim
    if held_by and not held_by.is_prune:
        raise LostRace(
            f"{held_by.who} began to push {sale} at {timestamps.to_text(held_by.when)}: nothing is pruned meanwhile",
            Hint("wait for it; if it died, `", command_line(f"push {sale}"), "` finishes it"),
            held_by.who,
        )
    keys = due_keys(base.manifest, now - older_than)
    sizes = {entry.key: entry.body_bytes for start in prefixes_of(sale, keys) for entry in store.list(start)}
    return PrunePlan(base, tuple(Deletion(key, base.manifest.dropped[key], sizes.get(key)) for key in keys))


def prune(plan: PrunePlan, store: Store, actor: Actor, cdn: Cdn | None) -> Manifest:
    """Delete, invalidate at the CDN, and write the manifest without the keys; returns that manifest.

    Raises LostRace when the manifest has changed since it was read, and StoreError; running again finishes the prune.
    """
    manifest = plan.base.manifest
    keys = tuple(one.key for one in plan.deletions)
    if plan.is_noop:
        return manifest
    claim = Claim(actor.who, actor.now(), PRUNE, keys, actor.new_nonce())
    hold = claim_manifest(plan.base, store, actor, claim, take_over=False)
    for start in range(0, len(keys), BATCH):
        if start:
            hold = hold.renew()
        store.delete(keys[start : start + BATCH])
    if cdn:
        _invalidate(plan, cdn)
    after = replace(manifest, dropped=dropped_after_prune(manifest, keys, actor.now()), claim=None)
    hold.release(after)
    return after


def _invalidate(plan: PrunePlan, cdn: Cdn) -> None:
    """Public pages only: no browser requests an asset that no page names."""
    sale = plan.base.manifest.sale
    public = (one.key for one in plan.deletions if is_public(sale, one.key))
    if paths := paths_or_whole_sale(sale, (key for key in public if not key.startswith(f"{sale}/assets/"))):
        # By what is deleted and when it was dropped: finishing a prune that died makes the same invalidation.
        deleted = [[one.key, timestamps.to_text(one.dropped_at)] for one in plan.deletions]
        cdn.invalidate(paths, caller_reference(sale, deleted))


def due_keys(manifest: Manifest, dropped_before: datetime) -> tuple[str, ...]:
    """The dropped keys that may be deleted; sorted. Pages, assets and gate pages, as long as they are not in use."""
    return tuple(key for key in _waiting(manifest) if manifest.dropped[key] <= dropped_before)


def next_due_at(manifest: Manifest, older_than: timedelta) -> datetime | None:
    """When the first of the dropped keys may be deleted; None if none waits."""
    return min((manifest.dropped[key] + older_than for key in _waiting(manifest)), default=None)


def dropped_after_push(
    before: Manifest, in_site: Collection[str], dropping: Iterable[str], now: datetime
) -> dict[str, datetime]:
    """What is dropped after a push that put the keys `in_site` and dropped `dropping`.

    A dropped page that comes back, or that a push that died may have brought back, counts as replaced. Times never go
    backwards, even if the clocks of two operators differ: a page names no asset that was dropped before it.
    """
    at = max([now, *before.dropped.values()])
    newly = dict.fromkeys(dropping, at)
    ended = [key for key in before.dropped if key in in_site or key in newly]
    kept = {**_restarted(before, ended, at), **newly}
    return {key: when for key, when in kept.items() if key not in in_site and not is_pointer(before.sale, key)}


def dropped_after_prune(before: Manifest, deleted: Collection[str], now: datetime) -> dict[str, datetime]:
    """What is still dropped when `deleted` are gone."""
    kept = _restarted(before, deleted, max([now, *before.dropped.values()]))
    return {key: when for key, when in kept.items() if key not in deleted}


def _waiting(manifest: Manifest) -> list[str]:
    """Dropped keys that wait only for their time."""
    first_page = min((when for key, when in manifest.dropped.items() if _is_page(manifest, key)), default=None)
    return sorted(
        key
        for key, when in manifest.dropped.items()
        if key not in manifest.objects
        and (_is_form(manifest, key) or _is_asset(manifest, key) or _is_page(manifest, key))
        and not (first_page and _is_asset(manifest, key) and when >= first_page)
    )


def _restarted(before: Manifest, ended: Iterable[str], at: datetime) -> Mapping[str, datetime]:
    """The dropped keys; the time of each asset that was dropped with a page that `ended`, or later, becomes `at`."""
    first = min((before.dropped[key] for key in ended if _is_page(before, key)), default=None)
    if first is None:
        return before.dropped
    return {key: at if _is_asset(before, key) and when >= first else when for key, when in before.dropped.items()}


def _is_form(manifest: Manifest, key: str) -> bool:
    """A gate page, unless the sale takes no orders any more: then the former gate.json stays, and may name it."""
    return key.startswith(forms_folder(manifest.sale)) and settings_key(manifest.sale) in manifest.objects


def _is_asset(manifest: Manifest, key: str) -> bool:
    return key.startswith(f"{manifest.sale}/assets/")


def _is_page(manifest: Manifest, key: str) -> bool:
    """Every other public key may name assets, except pointers: those are never dropped, whatever a manifest says."""
    sale = manifest.sale
    return is_public(sale, key) and not _is_asset(manifest, key) and not is_pointer(sale, key)
