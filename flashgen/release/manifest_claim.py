"""Holding the manifest during a push or a prune, so that it never describes the pages of the one that lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.errors import Conflict, LostRace
from flashgen.hint import Hint, command_line
from flashgen.layout import SCRATCH_FOLDER, manifest_key
from flashgen.release.manifest import HEADERS, Claim, Manifest, StoredManifest, read_manifest, render_manifest
from flashgen.store import Store
from flashgen.store.conditional_write import put_settled
from flashgen.store.conditions import chosen_server, require_conditions
from flashgen.unlock.pointer_writer import Actor

RECHECK_AFTER = timedelta(seconds=5)
"""A holder works for so long before it checks again that the claim is still its own."""

LAST_REQUEST_SECONDS = 65.0
"""After this time the former holder has checked its claim (RECHECK_AFTER), and its last request is over: three tries of
13 s (aws/clients.py), and the pauses between them."""

LONGEST_PUSH = timedelta(days=1)
"""No push takes longer: an older claim is dead."""

LONGEST_PRUNE_STEP = timedelta(minutes=16)
"""A prune renews its claim before each request. S3 refuses a client whose clock is 15 minutes off, so a claim that
seems older than this is more than a minute old: the prune is dead."""


@dataclass(slots=True)
class Hold:
    """A claimed manifest. It is ours as long as its etag stays.

    `checked_at` is the wall clock's time when it last was, because only that clock goes on while a machine sleeps.
    """

    store: Store
    actor: Actor
    claimed: Manifest
    etag: str
    checked_at: datetime

    def recheck(self) -> None:
        """Raises LostRace when somebody has taken the manifest since."""
        began = self.actor.now()
        current = read_manifest(self.store, self.claimed.sale)
        if current.etag != self.etag:
            raise _lost(current.manifest)
        self.checked_at = began

    def recheck_in_time(self) -> None:
        """Recheck if the last time is RECHECK_AFTER ago. For every request that has no condition of its own."""
        if not timedelta() <= self.actor.now() - self.checked_at < RECHECK_AFTER:
            self.recheck()

    def renew(self) -> Hold:
        """Claim it again, with a new time. Raises LostRace when the claim is no longer ours."""
        claim, now = self.claimed.claim, self.actor.now()
        renewed = replace(self.claimed, claim=replace(claim, when=now) if claim else None)
        return Hold(self.store, self.actor, renewed, _put(self.store, self.actor, renewed, self.etag), now)

    def release(self, manifest: Manifest) -> None:
        """Put the finished manifest. Raises LostRace when the claim is no longer ours."""
        finished = replace(manifest, conditions_at=self.claimed.conditions_at)
        _put(self.store, self.actor, finished, self.etag)


def claim_manifest(base: StoredManifest, store: Store, actor: Actor, claim: Claim, *, take_over: bool) -> Hold:
    """Claim the manifest as it was read when the plan was made.

    A push that died and had the same target is resumed. Raises LostRace when something else is under way (unless
    `take_over`), or when the manifest has changed since; StoreError if the store ignores conditions.

    The former holder may be alive, and its last request must not overlap with ours. If it is a prune, the wait comes
    before the claim: a prune that is alive changes the manifest, and then this claim is refused. If it is a push, the
    wait comes after the claim, by which the push notices that it has lost.
    """
    held_by = base.manifest.claim
    if held_by and held_by.target != claim.target and not take_over:
        raise _held(base.manifest.sale, held_by)
    alive = held_by if may_be_alive(held_by, claim.target, claim.when) else None
    if alive and alive.is_prune:
        actor.sleep(LAST_REQUEST_SECONDS)
    conditions_at = _conditions_at(base.manifest, store, actor)
    doubtful = held_by.keys if held_by and not held_by.is_prune else ()
    claim = replace(claim, keys=tuple(sorted({*claim.keys, *doubtful})))
    claimed = replace(base.manifest, claim=claim, conditions_at=conditions_at)
    hold = Hold(store, actor, claimed, _put(store, actor, claimed, base.etag), claim.when)
    if alive and not alive.is_prune:
        actor.sleep(LAST_REQUEST_SECONDS)
    return hold


def _conditions_at(manifest: Manifest, store: Store, actor: Actor) -> str:
    """The server that honours conditions. It is tried once, before the first claim; without them nobody has a claim."""
    server = chosen_server(store)
    if server not in ("", manifest.conditions_at):
        require_conditions(store, f"{SCRATCH_FOLDER}{actor.new_nonce()}", actor.sleep)
    return server


def may_be_alive(held_by: Claim | None, target: str, now: datetime) -> bool:
    """Whether a claim for `target` has to wait LAST_REQUEST_SECONDS for the last request of the former holder.

    Resuming a push does not wait: the former holder would put the same files.
    """
    if held_by is None or (held_by.target == target and not held_by.is_prune):
        return False
    return now - held_by.when < (LONGEST_PRUNE_STEP if held_by.is_prune else LONGEST_PUSH)


def _held(sale: str, claim: Claim) -> LostRace:
    began = "to prune" if claim.is_prune else "another push of"
    finish = f"prune {sale} again, or " if claim.is_prune else ""
    return LostRace(
        f"{claim.who} began {began} {sale} at {timestamps.to_text(claim.when)} and has not finished it",
        f"wait for it; if it died, {finish}push again with --take-over",
        claim.who,
    )


def _put(store: Store, actor: Actor, manifest: Manifest, etag: str | None) -> str:
    key, body = manifest_key(manifest.sale), render_manifest(manifest)
    try:
        return put_settled(store, key, body, HEADERS, if_match=etag, sleep=actor.sleep)
    except Conflict as conflict:
        raise _lost(read_manifest(store, manifest.sale).manifest) from conflict


def _lost(current: Manifest) -> LostRace:
    winner = current.claim.who if current.claim else current.who
    doing = "has pushed" if not current.claim else "is pruning" if current.claim.is_prune else "is pushing"
    return LostRace(
        f"{winner or 'somebody else'} {doing} {current.sale} meanwhile: the manifest is theirs, and this stopped",
        Hint(
            command_line(f"plan {current.sale} --refresh"), " shows what is left to do"
        ),  # a last request may have come through
        winner,
    )
