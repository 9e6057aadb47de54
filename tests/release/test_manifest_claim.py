"""The claim of a manifest: what is kept of it while it is held, and what of a dead push's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from support.operators import SALE, Clock, actor_of

from flashgen.release.manifest import PRUNE, Claim, StoredManifest, read_manifest
from flashgen.release.manifest_claim import claim_manifest
from flashgen.store import MemoryStore

AT = datetime(2026, 11, 20, tzinfo=UTC)
DEAD = Claim("ann", AT - timedelta(days=2), "target", ("a", "b"), "n1")


def stored(store: MemoryStore, claim: Claim | None) -> StoredManifest:
    """A manifest with that claim, as a store has it."""
    base = read_manifest(store, SALE)
    manifest = replace(base.manifest, claim=None)
    hold = claim_manifest(base, store, actor_of("ann"), claim or replace(DEAD, target="first"), take_over=True)
    if claim is None:
        hold.release(manifest)
    return read_manifest(store, SALE)


def test_a_renewed_claim_is_the_same_with_a_new_time() -> None:
    """Others see by its time that this one lives, and by the rest whose it is."""
    store, clock = MemoryStore(), Clock()
    claim = replace(DEAD, target=PRUNE, when=clock.instant)
    hold = claim_manifest(read_manifest(store, SALE), store, actor_of("pam", clock), claim, take_over=False)
    clock.sleep(60)
    renewed = hold.renew()
    at = renewed.checked_at
    found = read_manifest(store, SALE)
    assert replace(claim, when=at.replace(microsecond=0)) == found.manifest.claim
    assert found.etag == renewed.etag
    assert at - claim.when >= timedelta(seconds=60)


def test_what_a_dead_push_may_have_put_stays_doubtful() -> None:
    """Until a push is finished: the next claim names its keys, too."""
    store = MemoryStore()
    found = stored(store, DEAD)
    claim_manifest(found, store, actor_of("bob"), Claim("bob", AT, "other", ("c",), "n2"), take_over=True)
    claim = read_manifest(store, SALE).manifest.claim
    assert claim
    assert ("bob", ("a", "b", "c")) == (claim.who, claim.keys)


def test_what_a_dead_prune_may_have_deleted_is_no_push() -> None:
    """It is read from the store, and not put again without a look."""
    store = MemoryStore()
    found = stored(store, replace(DEAD, target=PRUNE))
    claim_manifest(found, store, actor_of("bob"), Claim("bob", AT, "other", ("c",), "n2"), take_over=True)
    claim = read_manifest(store, SALE).manifest.claim
    assert claim
    assert ("c",) == claim.keys
