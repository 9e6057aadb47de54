"""Carrying out a plan, wave by wave: assets and forms, the pointer, gate.json, pages, the sale page that leads to them,
the manifest.

Each wave starts when the wave before is complete, and the first failure stops everything: at every instant the public
sees a whole site, old pages or new. Nothing is deleted here.

The CDN is told which paths changed after the last page and before the manifest. A push that dies in between is not
finished, and the push that finishes it tells the CDN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flashgen.errors import Conflict, Refused, StoreError
from flashgen.hint import Hint
from flashgen.page.site import SiteFile
from flashgen.release.invalidation import outdated_paths, push_reference
from flashgen.release.manifest import Claim, Manifest, Published
from flashgen.release.manifest_claim import Hold, claim_manifest
from flashgen.release.plan import Change, Op, Plan, Wave, published_pointer
from flashgen.release.prune import dropped_after_push
from flashgen.release.uploads import AT_ONCE, upload_all
from flashgen.store.conditional_write import put_settled
from flashgen.store.protocol import Cdn
from flashgen.unlock.first_pointer import leave_forward, publish_first
from flashgen.unlock.pointer import version_of
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import reschedule

Report = Callable[[Wave, int, int], None]
"""Called before each wave and after each object: the wave, how many of its objects are done, how many there are."""


@dataclass(frozen=True, slots=True)
class Invalidation:
    """A CDN's invalidation of `paths`; by its `id` the CDN reports the progress."""

    id: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Push:
    """A plan and what carries it out. `writer` writes the pointer of the plan's site, in the same store.

    `cdn` is in front of the store, if there is one. `at_once` is how many uploads run at the same time.
    """

    plan: Plan
    writer: PointerWriter
    report: Report
    cdn: Cdn | None = None
    at_once: int = AT_ONCE

    def run(self, *, take_over: bool = False) -> Invalidation | None:
        """Carry it out. Raises LostRace, Refused or StoreError; running again finishes what is left.

        Returns the invalidation; None without a CDN, or if nothing changed that it may hold.
        """
        if self.plan.is_noop:
            return None
        plan, writer = self.plan, self.writer
        touched = tuple(change.key for change in plan.changes if change.wave is not Wave.MANIFEST)
        claim = Claim(writer.actor.who, writer.actor.now(), plan.target, touched, writer.actor.new_nonce())
        hold = claim_manifest(plan.base, writer.file.store, writer.actor, claim, take_over=take_over)
        try:
            self._run_wave(hold, Wave.ASSETS, self._upload)
            self._run_wave(hold, Wave.POINTER, self._write_pointer)
        except Refused:
            hold.release(plan.base.manifest)  # no page has changed: leave no claim behind
            raise
        for wave in (Wave.GATE, Wave.PAGES, Wave.SALE_PAGE, Wave.ROOT_PAGE):
            self._run_wave(hold, wave, self._upload)
        self._leave_forwards(hold)
        invalidation = self._invalidate(claim)
        hold.release(_finished(plan, writer.actor.who, writer.actor.now()))
        return invalidation

    def _run_wave(self, hold: Hold, wave: Wave, work: Callable[[Hold, Wave, tuple[Change, ...]], None]) -> None:
        if changes := self.plan.in_wave(wave):
            hold.recheck()
            self.report(wave, 0, len(changes))
            work(hold, wave, changes)

    def _leave_forwards(self, hold: Hold) -> None:
        for key in self.plan.forwards:
            hold.recheck()
            leave_forward(self.writer, key, version_of(self.plan.site.pointer_file.key))

    def _invalidate(self, claim: Claim) -> Invalidation | None:
        paths = outdated_paths(self.plan)
        if self.cdn is None or not paths:
            return None
        try:
            return Invalidation(self.cdn.invalidate(paths, push_reference(claim, paths)), paths)
        except StoreError as error:
            raise type(error)(
                f"{error.message}; the new pages are in the store, and edges may show old ones until it is told",
                Hint.joined(error.hint, "then push again, which finishes this one"),
            ) from error

    def _write_pointer(self, hold: Hold, wave: Wave, changes: tuple[Change, ...]) -> None:
        first = self.plan.site.pointer
        # Each pointer that becomes a forward is checked first: it must be scheduled.
        is_new = [publish_first(self.writer, first, key) for key in self.plan.forwards or (None,)]
        if not any(is_new):
            now = self.writer.actor.now()
            transition(self.writer, reschedule(first.state.starts_at, first.state.ends_at, now))
        self.report(wave, 1, 1)

    def _upload(self, hold: Hold, wave: Wave, changes: tuple[Change, ...]) -> None:
        files = {file.key: file for file in self.plan.site.files}
        upload_all(
            lambda change: self._put(hold, change, files[change.key]),
            changes,
            lambda done: self.report(wave, done, len(changes)),
            at_once=self.at_once,
        )

    def _put(self, hold: Hold, change: Change, file: SiteFile) -> None:
        body, writer = self.plan.site.body(file), self.writer
        hold.recheck_in_time()
        if change.op is Op.CREATE and change.wave is Wave.ASSETS:
            try:
                put_settled(writer.file.store, file.key, body, file.headers, if_match=None, sleep=writer.actor.sleep)
            except Conflict as conflict:
                self._check_asset(file, conflict)
        else:
            writer.file.store.put(file.key, body, file.headers)

    def _check_asset(self, file: SiteFile, conflict: Conflict) -> None:
        """An asset's name holds the digest of its content: the object there has the same bytes, or was overwritten."""
        stored = self.writer.file.store.get(file.key)
        if stored is None or stored.body != self.plan.site.body(file):
            raise StoreError(
                f"{file.key} holds other bytes than its name says",
                "somebody wrote over it; delete the object, then push again",
            ) from conflict
        if stored.headers != file.headers:
            self.writer.file.store.put(file.key, stored.body, file.headers)


def _finished(plan: Plan, who: str, now: datetime) -> Manifest:
    before = plan.base.manifest
    put = {change.key for change in plan.changes if change.op in (Op.CREATE, Op.UPDATE)}
    pointer = published_pointer(plan.site)
    objects = {
        file.key: Published(file.sha256, file.headers, now) if file.key in put else before.objects[file.key]
        for file in plan.site.files
        if file.key != pointer.key
    }
    dropping = (change.key for change in plan.changes if change.op is Op.DROP)
    dropped = dropped_after_push(before, objects, dropping, now)
    return Manifest(plan.site.sale, who, now, objects, dropped, pointer)
