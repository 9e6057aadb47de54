"""Holding the manifest during a push or a prune, so that it never describes the loser's pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.errors import Conflict, LostRace
from flashgen.release.manifest import (
    HEADERS,
    Claim,
    Manifest,
    ManifestSeen,
    manifest_key,
    read_manifest,
    render_manifest,
)
from flashgen.store import Store
from flashgen.store.settle import put_settled

PRUNE_RESTS_SECONDS = 60.0
"""A request to delete has come to its end by then: three tries of 13 s (store/aws.py), and the pauses between them."""

CLOCKS_DIFFER_BY = timedelta(minutes=16)
"""S3 answers nobody whose clock is 15 minutes off: what looks older than this is more than a minute old."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A claimed manifest. It is ours as long as its etag stays."""

    store: Store
    claimed: Manifest
    etag: str

    def recheck(self) -> None:
        """Raises LostRace when somebody has taken the manifest since."""
        current = read_manifest(self.store, self.claimed.sale)
        if current.etag != self.etag:
            raise _lost(current.manifest)

    def renew(self, now: datetime, sleep: Callable[[float], None]) -> Hold:
        """Claim it again, as a sign of life. Raises LostRace when the claim is no longer ours."""
        claim = self.claimed.claim
        renewed = replace(self.claimed, claim=replace(claim, when=now) if claim else None)
        return Hold(self.store, renewed, _put(self.store, renewed, self.etag, sleep))

    def release(self, manifest: Manifest, sleep: Callable[[float], None]) -> None:
        """Put the finished manifest. Raises LostRace when the claim is no longer ours."""
        _put(self.store, manifest, self.etag, sleep)


def take(base: ManifestSeen, store: Store, claim: Claim, *, take_over: bool, sleep: Callable[[float], None]) -> Hold:
    """Claim the manifest as it was seen when the plan was made.

    What did not finish and had the same target is resumed. Raises LostRace when something else is under way (unless
    `take_over`), or when the manifest has moved since. A prune has to be dead before it is followed: its last request
    to delete must not meet what a push has brought back.
    """
    held_by = base.manifest.claim
    if held_by and held_by.target != claim.target and not take_over:
        raise _held(base.manifest.sale, held_by)
    if held_by and held_by.is_prune and claim.when - held_by.when < CLOCKS_DIFFER_BY:
        sleep(PRUNE_RESTS_SECONDS)  # if it is alive, the manifest moves meanwhile, and this claim is refused
    doubtful = held_by.keys if held_by and not held_by.is_prune else ()
    claimed = replace(base.manifest, claim=replace(claim, keys=tuple(sorted({*claim.keys, *doubtful}))))
    return Hold(store, claimed, _put(store, claimed, base.etag, sleep))


def _held(sale: str, claim: Claim) -> LostRace:
    began = "to prune" if claim.is_prune else "another push of"
    finish = f"prune {sale} again, or " if claim.is_prune else ""
    return LostRace(
        f"{claim.who} began {began} {sale} at {timestamps.to_text(claim.when)} and has not finished it",
        f"wait for it; if it died, {finish}push again with --take-over",
        claim.who,
    )


def _put(store: Store, manifest: Manifest, etag: str | None, sleep: Callable[[float], None]) -> str:
    key = manifest_key(manifest.sale)
    try:
        return put_settled(store, key, render_manifest(manifest), HEADERS, if_match=etag, sleep=sleep)
    except Conflict as conflict:
        raise _lost(read_manifest(store, manifest.sale).manifest) from conflict


def _lost(current: Manifest) -> LostRace:
    winner = current.claim.who if current.claim else current.who
    doing = "has pushed" if not current.claim else "is pruning" if current.claim.is_prune else "is pushing"
    return LostRace(
        f"{winner or 'somebody else'} {doing} {current.sale} meanwhile: the manifest is theirs, and this stopped",
        f"flashgen plan {current.sale} shows what is left to do",
        winner,
    )
