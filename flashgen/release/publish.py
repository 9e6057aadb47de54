"""Carrying out a plan, wave by wave: assets and forms, the pointer, gate.json, pages, the sale page that leads to them,
the manifest.

Each wave starts when the one before is whole, and the first failure stops everything: what the public sees is a whole
site at every instant, old pages or new. Nothing is ever deleted here.

Edges are told of what has changed after the last page and before the manifest: a push that dies in between is not
finished, and whoever finishes it tells them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flashgen.errors import Conflict, Refused, StoreError
from flashgen.page.site import SiteFile
from flashgen.release.claim import Hold, take
from flashgen.release.invalidation import changed_paths, reference
from flashgen.release.manifest import Claim, Manifest, Published
from flashgen.release.plan import Change, Op, Plan, Wave, published_pointer
from flashgen.release.retention import dropped_after_push
from flashgen.release.uploads import upload_all
from flashgen.store.protocol import Cdn
from flashgen.store.settle import put_settled
from flashgen.unlock.control import Control
from flashgen.unlock.first_pointer import leave_forward, publish_first
from flashgen.unlock.pointer import version_of
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import reschedule

Report = Callable[[Wave, int, int], None]
"""Told before each wave and after each object: the wave, how many of it are done, how many there are."""


@dataclass(frozen=True, slots=True)
class Invalidation:
    """What a CDN was told: the `paths`, and the `id` under which it says how far that has got."""

    id: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Push:
    """A plan and what carries it out. `control` is a hand on the pointer of the plan's site, in the same store.

    `cdn` is what stands before the store, if anything does.
    """

    plan: Plan
    control: Control
    report: Report
    cdn: Cdn | None = None

    def run(self, *, take_over: bool = False) -> Invalidation | None:
        """Do it. Raises LostRace, Refused or StoreError; running again finishes what was left.

        Returns what the CDN was told; None where there is none, or nothing that it may hold has changed.
        """
        if self.plan.is_noop:
            return None
        plan, control = self.plan, self.control
        claim = Claim(control.who, control.now(), plan.target, self._touched_keys(), control.new_nonce())
        hold = take(plan.base, control, claim, take_over=take_over)
        try:
            self._run_wave(hold, Wave.ASSETS, self._upload)
            self._run_wave(hold, Wave.POINTER, self._pointer)
        except Refused:
            hold.release(plan.base.manifest)  # no page has changed: leave no claim behind
            raise
        self._run_wave(hold, Wave.GATE, self._upload)
        self._run_wave(hold, Wave.PAGES, self._upload)
        self._run_wave(hold, Wave.SALE_PAGE, self._upload)
        self._leave_forwards(hold)
        invalidation = self._invalidate(claim)
        hold.release(_finished(plan, control.who, control.now()))
        return invalidation

    def _run_wave(self, hold: Hold, wave: Wave, work: Callable[[Hold, Wave, tuple[Change, ...]], None]) -> None:
        if changes := self.plan.in_wave(wave):
            hold.recheck()
            self.report(wave, 0, len(changes))
            work(hold, wave, changes)

    def _leave_forwards(self, hold: Hold) -> None:
        for key in self.plan.forwards:
            hold.recheck()
            leave_forward(self.control, key, version_of(self.plan.site.pointer_file.key))

    def _invalidate(self, claim: Claim) -> Invalidation | None:
        paths = changed_paths(self.plan)
        if self.cdn is None or not paths:
            return None
        try:
            return Invalidation(self.cdn.invalidate(paths, reference(claim, paths)), paths)
        except StoreError as error:
            raise type(error)(
                f"{error.message}; the new pages are in the store, and edges may show old ones until it is told",
                "; ".join(part for part in (error.hint, "then push again, which finishes this one") if part),
            ) from error

    def _touched_keys(self) -> tuple[str, ...]:
        return tuple(change.key for change in self.plan.changes if change.wave is not Wave.MANIFEST)

    def _pointer(self, hold: Hold, wave: Wave, changes: tuple[Change, ...]) -> None:
        first = self.plan.site.pointer
        # Of pointers that are to be forwarded each is looked at, and refused unless it is scheduled.
        is_new = [publish_first(self.control, first, key) for key in self.plan.forwards or (None,)]
        if not any(is_new):
            now = self.control.now()
            transition(self.control, reschedule(first.state.starts_at, first.state.ends_at, now))
        self.report(wave, 1, 1)

    def _upload(self, hold: Hold, wave: Wave, changes: tuple[Change, ...]) -> None:
        files = {file.key: file for file in self.plan.site.files}
        upload_all(
            lambda change: self._put(hold, change, files[change.key]),
            changes,
            lambda done: self.report(wave, done, len(changes)),
        )

    def _put(self, hold: Hold, change: Change, file: SiteFile) -> None:
        body, control = self.plan.site.body(file), self.control
        hold.recheck_in_time()
        if change.op is Op.CREATE and change.wave is Wave.ASSETS:
            try:
                put_settled(control.store, file.key, body, file.headers, if_match=None, sleep=control.sleep)
            except Conflict as conflict:
                self._same_asset(file, conflict)
        else:
            control.store.put(file.key, body, file.headers)

    def _same_asset(self, file: SiteFile, conflict: Conflict) -> None:
        """An asset's name holds its content: what lies there is the same, or was tampered with."""
        there = self.control.store.get(file.key)
        if there is None or there.body != self.plan.site.body(file):
            raise StoreError(
                f"{file.key} holds other bytes than its name says",
                "somebody wrote over it; delete the object, then push again",
            ) from conflict
        if there.headers != file.headers:
            self.control.store.put(file.key, there.body, file.headers)


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
