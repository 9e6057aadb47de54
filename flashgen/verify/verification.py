"""Reading a pushed sale back through its public URL: each object, the pointer, and what must not be seen.

What only the order gate may read is read from the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from flashgen import timestamps
from flashgen.edge.local.target import public_path
from flashgen.edge.viewer import PublicResponse, Viewer
from flashgen.errors import NoAnswer, Refused
from flashgen.finding import Finding, Level
from flashgen.layout import manifest_key, settings_key
from flashgen.release.manifest import Manifest, is_public, read_manifest
from flashgen.store import Store
from flashgen.verify import exposure as surroundings
from flashgen.verify.objects import object_findings
from flashgen.verify.observed import Expected, Front, Observed, observed
from flashgen.verify.pointer import pointer_findings
from flashgen.verify.polling import ACCEPTS, Polling
from flashgen.verify.private import stored_findings

LOOKS_AT_ONCE = 8
SILENCES_BORNE = 3
"""So many objects may be without an answer; then it is the network, and nobody wants to wait for the others."""

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
            *self._private(manifest),
            *self._objects(manifest, manifest.pointer.origins),
        )

    def _pointer(self, key: str) -> Iterator[Observed]:
        stored, polls = Polling(self.viewer, self.new_query, self.sleep).settled(self.store, key)
        if stored is None:
            hint = f"flashgen plan {self.sale} --refresh, then push"
            yield Observed(public_path(key), Finding(Level.FAIL, "pointer", "the store does not have it", hint))
            return
        for finding in pointer_findings(key, stored, polls, self.front):
            yield observed(public_path(key), polls[-1], finding)

    def _surroundings(self) -> Iterator[Observed]:
        folder = f"/{self.sale}"
        judged: tuple[tuple[str, Callable[[PublicResponse], Finding]], ...] = (
            (folder, lambda seen: surroundings.folder_finding(folder, seen, self.front)),
            (public_path(manifest_key(self.sale)), surroundings.private_finding),
            ("/", surroundings.listing_finding),
            (f"{folder}/not-there.txt", lambda seen: surroundings.missing_finding(seen, self.front)),
        )
        for path, judge in judged:
            seen = self.viewer.get(path, ACCEPTS)
            yield observed(path, seen, judge(seen))

    def _private(self, manifest: Manifest) -> Iterator[Observed]:
        """What the order gate reads: it has to be in the store, and must not be had through the edge.

        For its pages, whose names nobody can guess, gate.json stands at the edge.
        """
        pushed = {key: one for key, one in manifest.objects.items() if not is_public(self.sale, key)}
        if not pushed:
            return
        for key, finding in stored_findings(self.sale, pushed, {key: self.store.get(key) for key in pushed}):
            yield Observed(public_path(key), finding)
        path = public_path(settings_key(self.sale))
        seen = self.viewer.get(path, ACCEPTS)
        yield observed(path, seen, surroundings.private_finding(seen))

    def _objects(self, manifest: Manifest, origins: tuple[str, ...]) -> Iterator[Observed]:
        public = ((key, one) for key, one in sorted(manifest.objects.items()) if is_public(self.sale, key))
        expected = [Expected(key, published, origins) for key, published in public]
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
