"""Reading a pushed sale back through its public URL: each object, the pointer, and what must not be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from flashgen import timestamps
from flashgen.edge.viewer import Seen, Viewer
from flashgen.errors import NoAnswer, Refused
from flashgen.finding import Finding, Level
from flashgen.release import edge_checks
from flashgen.release.manifest import Manifest, manifest_key, read_manifest
from flashgen.release.object_checks import object_findings
from flashgen.release.observed import Expected, Front, Observed, observed, public_path
from flashgen.release.pointer_checks import pointer_findings
from flashgen.store import Store, Stored

LOOKS_AT_ONCE = 8
POLLS = 3
SILENCES_BORNE = 3
"""So many objects may be without an answer; then it is the network, and nobody wants to wait for the others."""

SETTLE_SECONDS = 3.0
"""An edge keeps a pointer for up to 2 s: a transition of just now may take so long to show."""
SETTLE_STEP_SECONDS = 0.25

ACCEPTS = {"accept-encoding": "gzip"}

Report = Callable[[int, int], None]
"""Told after each object: how many are done, how many there are."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A sale in a store, and a viewer of what the public gets of it.

    `new_query` gives a fresh random word for each poll, as pages send it.
    """

    store: Store
    sale: str
    viewer: Viewer
    front: Front
    sleep: Callable[[float], None]
    new_query: Callable[[], str]
    report: Report

    def run(self) -> tuple[Observed, ...]:
        """Look at everything. Raises Refused when the sale was not pushed, NoAnswer when nobody answers."""
        manifest = read_manifest(self.store, self.sale).manifest
        if manifest.pointer is None:
            raise Refused(f"{self.sale} is not in {self.store.url}", f"flashgen push {self.sale}")
        return (
            *_claimed(manifest),
            *self._surroundings(),
            *self._pointer(manifest.pointer.key),
            *self._objects(manifest, manifest.pointer.origins),
        )

    def _pointer(self, key: str) -> Iterator[Observed]:
        stored, polls = self._settled(key)
        if stored is None:
            hint = f"flashgen plan {self.sale} --refresh, then push"
            yield Observed(public_path(key), Finding(Level.FAIL, "pointer", "the store does not have it", hint))
            return
        for finding in pointer_findings(key, stored, polls, self.front):
            yield observed(public_path(key), polls[-1], finding)

    def _settled(self, key: str) -> tuple[Stored | None, list[Seen]]:
        """The pointer in the store, and the last polls of it: when both agree, or have had the time to."""
        waited = 0.0
        while True:
            polls = [self.viewer.get(f"{public_path(key)}?{self.new_query()}", ACCEPTS) for _ in range(POLLS)]
            stored = self.store.get(key)
            if stored is None or polls[-1].body == stored.body or waited >= SETTLE_SECONDS:
                return stored, polls
            self.sleep(SETTLE_STEP_SECONDS)
            waited += SETTLE_STEP_SECONDS

    def _surroundings(self) -> Iterator[Observed]:
        folder = f"/{self.sale}"
        judged: tuple[tuple[str, Callable[[Seen], Finding]], ...] = (
            (folder, lambda seen: edge_checks.folder_finding(folder, seen, self.front)),
            (public_path(manifest_key(self.sale)), edge_checks.private_finding),
            ("/", edge_checks.listing_finding),
            (f"{folder}/not-there.txt", lambda seen: edge_checks.missing_finding(seen, self.front)),
        )
        for path, judge in judged:
            seen = self.viewer.get(path, ACCEPTS)
            yield observed(path, seen, judge(seen))

    def _objects(self, manifest: Manifest, origins: tuple[str, ...]) -> Iterator[Observed]:
        expected = [Expected(key, published, origins) for key, published in sorted(manifest.objects.items())]
        pool = ThreadPoolExecutor(LOOKS_AT_ONCE)
        try:
            looks = [pool.submit(self._object, each) for each in expected]
            silences = 0
            for done, look in enumerate(as_completed(looks), 1):
                silences += isinstance(look.exception(), NoAnswer)
                if silences > SILENCES_BORNE:
                    look.result()
                self.report(done, len(looks))
        finally:
            pool.shutdown(cancel_futures=True)
        for each, look in zip(expected, looks, strict=True):
            yield from self._answered(public_path(each.key), look)

    def _object(self, expected: Expected) -> tuple[Observed, ...]:
        path = public_path(expected.key)
        seen = self.viewer.get(path, ACCEPTS)
        return tuple(observed(path, seen, finding) for finding in object_findings(expected, seen, self.front))

    def _answered(self, path: str, look: Future[tuple[Observed, ...]]) -> tuple[Observed, ...]:
        try:
            return look.result()
        except NoAnswer as silence:
            said = silence.message.removeprefix(f"{self.viewer.base_url}{path}: ")
            return (Observed(path, Finding(Level.FAIL, "answer", said, silence.hint)),)


def _claimed(manifest: Manifest) -> Iterator[Observed]:
    """Until a push is finished, the store holds some of it and the manifest none."""
    if claim := manifest.claim:
        what = "prune" if claim.is_prune else "push"
        message = f"the {what} that {claim.who} began at {timestamps.to_text(claim.when)} is not finished"
        hint = "wait for it, then verify again; if it died, run it again"
        yield Observed(public_path(manifest_key(manifest.sale)), Finding(Level.WARN, what, message, hint))
