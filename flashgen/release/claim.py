"""Holding the manifest during a push, so that it never describes the loser's pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flashgen import timestamps
from flashgen.errors import Conflict, LostRace
from flashgen.release.manifest import HEADERS, Claim, Manifest, manifest_key, read_manifest, render_manifest
from flashgen.release.plan import Plan
from flashgen.store import Store
from flashgen.store.settle import put_settled


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

    def release(self, manifest: Manifest, sleep: Callable[[float], None]) -> None:
        """Put the finished manifest. Raises LostRace when the claim is no longer ours."""
        _put(self.store, manifest, self.etag, sleep)


def take(plan: Plan, store: Store, claim: Claim, *, take_over: bool, sleep: Callable[[float], None]) -> Hold:
    """Claim the manifest that `plan` was made on.

    An unfinished push of the same target is resumed. Raises LostRace when another is under way (unless `take_over`), or
    when the manifest has moved since the plan was made.
    """
    held_by = plan.base.manifest.claim
    if held_by and held_by.target != claim.target and not take_over:
        raise LostRace(
            f"{held_by.who} began another push of {plan.site.sale} at {timestamps.to_text(held_by.when)} and has not "
            "finished it",
            "wait for it; if it died, push again with --take-over",
            held_by.who,
        )
    doubtful = held_by.keys if held_by else ()
    claimed = replace(plan.base.manifest, claim=replace(claim, keys=tuple(sorted({*claim.keys, *doubtful}))))
    return Hold(store, claimed, _put(store, claimed, plan.base.etag, sleep))


def _put(store: Store, manifest: Manifest, etag: str | None, sleep: Callable[[float], None]) -> str:
    key = manifest_key(manifest.sale)
    try:
        return put_settled(store, key, render_manifest(manifest), HEADERS, if_match=etag, sleep=sleep)
    except Conflict as conflict:
        raise _lost(read_manifest(store, manifest.sale).manifest) from conflict


def _lost(current: Manifest) -> LostRace:
    winner = current.claim.who if current.claim else current.who
    doing = "is pushing" if current.claim else "has pushed"
    return LostRace(
        f"{winner or 'somebody else'} {doing} {current.sale} meanwhile: the manifest is theirs, this push stopped",
        f"flashgen plan {current.sale} shows what is left to do",
        winner,
    )
