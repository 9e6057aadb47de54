"""Holding the manifest during a push or a prune, so that it never describes the loser's pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.errors import Conflict, LostRace
from flashgen.layout import manifest_key
from flashgen.release.manifest import HEADERS, Claim, Manifest, StoredManifest, read_manifest, render_manifest
from flashgen.store.settle import put_settled
from flashgen.unlock.control import Control

RECHECK_AFTER = timedelta(seconds=5)
"""For so long a holder goes on without looking whether it still is one."""

REST_SECONDS = 65.0
"""By then whoever held the manifest has looked (RECHECK_AFTER), and its last request has come to an end: three tries of
13 s (aws/clients.py), and the pauses between them."""

PUSH_LASTS = timedelta(days=1)
"""Nobody pushes for longer; what was claimed before then is dead."""

PRUNE_LASTS = timedelta(minutes=16)
"""A prune claims anew before each request. S3 answers nobody whose clock is 15 minutes off, so that a claim which looks
older than this is more than a minute old."""


@dataclass(slots=True)
class Hold:
    """A claimed manifest. It is ours as long as its etag stays.

    `checked_at` is when it still was, by the wall clock: on a machine that slept, that has gone on.
    """

    control: Control
    claimed: Manifest
    etag: str
    checked_at: datetime

    def recheck(self) -> None:
        """Raises LostRace when somebody has taken the manifest since."""
        began = self.control.now()
        current = read_manifest(self.control.store, self.claimed.sale)
        if current.etag != self.etag:
            raise _lost(current.manifest)
        self.checked_at = began

    def recheck_in_time(self) -> None:
        """The same, if the last time is RECHECK_AFTER ago. To be called before each request that elects nobody."""
        if not timedelta() <= self.control.now() - self.checked_at < RECHECK_AFTER:
            self.recheck()

    def renew(self) -> Hold:
        """Claim it again, as a sign of life. Raises LostRace when the claim is no longer ours."""
        claim, now = self.claimed.claim, self.control.now()
        renewed = replace(self.claimed, claim=replace(claim, when=now) if claim else None)
        return Hold(self.control, renewed, _put(self.control, renewed, self.etag), now)

    def release(self, manifest: Manifest) -> None:
        """Put the finished manifest. Raises LostRace when the claim is no longer ours."""
        _put(self.control, manifest, self.etag)


def take(base: StoredManifest, control: Control, claim: Claim, *, take_over: bool) -> Hold:
    """Claim the manifest as it was seen when the plan was made.

    What did not finish and had the same target is resumed. Raises LostRace when something else is under way (unless
    `take_over`), or when the manifest has moved since.

    Who is followed may be alive: its last request must not meet what comes now. A prune is waited for first, since a
    living one moves the manifest, and this claim is refused. A push notices that it has lost, and is waited for then.
    """
    held_by = base.manifest.claim
    if held_by and held_by.target != claim.target and not take_over:
        raise _held(base.manifest.sale, held_by)
    alive = held_by if may_be_alive(held_by, claim.target, claim.when) else None
    if alive and alive.is_prune:
        control.sleep(REST_SECONDS)
    doubtful = held_by.keys if held_by and not held_by.is_prune else ()
    claimed = replace(base.manifest, claim=replace(claim, keys=tuple(sorted({*claim.keys, *doubtful}))))
    hold = Hold(control, claimed, _put(control, claimed, base.etag), claim.when)
    if alive and not alive.is_prune:
        control.sleep(REST_SECONDS)
    return hold


def may_be_alive(held_by: Claim | None, target: str, now: datetime) -> bool:
    """Whether who claims for `target` has to let another's last request come to its end, for REST_SECONDS.

    Not who resumes a push: what that may still put is the same.
    """
    if held_by is None or (held_by.target == target and not held_by.is_prune):
        return False
    return now - held_by.when < (PRUNE_LASTS if held_by.is_prune else PUSH_LASTS)


def _held(sale: str, claim: Claim) -> LostRace:
    began = "to prune" if claim.is_prune else "another push of"
    finish = f"prune {sale} again, or " if claim.is_prune else ""
    return LostRace(
        f"{claim.who} began {began} {sale} at {timestamps.to_text(claim.when)} and has not finished it",
        f"wait for it; if it died, {finish}push again with --take-over",
        claim.who,
    )


def _put(control: Control, manifest: Manifest, etag: str | None) -> str:
    store, key, body = control.store, manifest_key(manifest.sale), render_manifest(manifest)
    try:
        return put_settled(store, key, body, HEADERS, if_match=etag, sleep=control.sleep)
    except Conflict as conflict:
        raise _lost(read_manifest(store, manifest.sale).manifest) from conflict


def _lost(current: Manifest) -> LostRace:
    winner = current.claim.who if current.claim else current.who
    doing = "has pushed" if not current.claim else "is pruning" if current.claim.is_prune else "is pushing"
    return LostRace(
        f"{winner or 'somebody else'} {doing} {current.sale} meanwhile: the manifest is theirs, and this stopped",
        f"flashgen plan {current.sale} --refresh shows what is left to do",  # a last request may have come through
        winner,
    )
