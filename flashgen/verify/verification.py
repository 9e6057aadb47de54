"""Reading a pushed sale back through its public URL: each object, the pointer, and what must not be seen.

What only the order gate may read is read from the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from flashgen import timestamps
from flashgen.edge.rules.paths import public_path
from flashgen.errors import NoAnswer, Refused
from flashgen.finding import Finding, Level
from flashgen.hint import Hint, command_line
from flashgen.layout import manifest_key, settings_key
from flashgen.release.host_registry import read_registry
from flashgen.release.manifest import Manifest, Published, is_public, read_manifest
from flashgen.release.plan import header_reasons
from flashgen.store import Store, Stored
from flashgen.verify import exposure
from flashgen.verify.edge_pointer import ACCEPTS, poll_until_settled
from flashgen.verify.model import EdgeConfig, Expected, Observed, observed
from flashgen.verify.objects import object_findings
from flashgen.verify.pointer import pointer_findings
from flashgen.verify.viewer import PublicResponse, Viewer

CONCURRENT_READS = 8
UNANSWERED_MAX = 3
"""So many objects may be without an answer. With more it is the network, and the rest is not waited for."""

Report = Callable[[int, int], None]
"""Called after each object: how many are done, how many there are."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A sale in a store, and a viewer of what the public gets of it.

    `new_query` gives a fresh random word for each poll, as pages send it.
    """

    store: Store
    sale: str
    viewer: Viewer
    edge: EdgeConfig
    sleep: Callable[[float], None]
    new_query: Callable[[], str]
    report: Report

    def run(self) -> tuple[Observed, ...]:
        """Read everything. Raises Refused when the sale was not pushed, NoAnswer when the edge does not answer."""
        manifest = read_manifest(self.store, self.sale).manifest
        if manifest.pointer is None:
            raise Refused(f"{self.sale} is not in {self.store.url}", command_line(f"push {self.sale}"))
        return (
            *_claimed(manifest),
            *self._exposure(),
            *self._pointer(manifest.pointer.key),
            *self._private(manifest),
            *self._objects(manifest, manifest.pointer.origins),
        )

    def _pointer(self, key: str) -> Iterator[Observed]:
        stored, polls = poll_until_settled(self.viewer, self.store, key, new_query=self.new_query, sleep=self.sleep)
        if stored is None:
            hint = Hint(command_line(f"plan {self.sale} --refresh"), ", then push")
            yield Observed(public_path(key), Finding(Level.FAIL, "pointer", "the store does not have it", hint))
            return
        for finding in pointer_findings(key, stored, polls, self.edge):
            yield observed(public_path(key), polls[-1], finding)

    def _exposure(self) -> Iterator[Observed]:
        folder = f"/{self.sale}"
        judged: tuple[tuple[str, Callable[[PublicResponse], Finding]], ...] = (
            (folder, lambda seen: exposure.folder_finding(folder, seen, self.edge)),
            (public_path(manifest_key(self.sale)), exposure.private_finding),
            ("/", exposure.listing_finding),
            (f"{folder}/not-there.txt", lambda seen: exposure.missing_finding(seen, self.edge)),
        )
        for path, judge in judged:
            seen = self.viewer.get(path, ACCEPTS)
            yield observed(path, seen, judge(seen))

    def _private(self, manifest: Manifest) -> Iterator[Observed]:
        """What the order gate reads: it has to be in the store, and must not be had through the edge.

        At the edge only gate.json is asked for: the names of its pages cannot be guessed.
        """
        pushed = {key: one for key, one in manifest.objects.items() if not is_public(self.sale, key)}
        if not pushed:
            return
        for key, finding in stored_findings(self.sale, pushed, {key: self.store.get(key) for key in pushed}):
            yield Observed(public_path(key), finding)
        path = public_path(settings_key(self.sale))
        seen = self.viewer.get(path, ACCEPTS)
        yield observed(path, seen, exposure.private_finding(seen))

    def _objects(self, manifest: Manifest, origins: tuple[str, ...]) -> Iterator[Observed]:
        own = ((key, one) for key, one in sorted(manifest.objects.items()) if is_public(self.sale, key))
        public = (*read_registry(self.store).registry.public_files, *own)
        expected = [Expected(key, published, origins) for key, published in public]
        pool = ThreadPoolExecutor(CONCURRENT_READS)
        try:
            reads = [pool.submit(self._object, each) for each in expected]
            unanswered = 0
            for done, read in enumerate(as_completed(reads), 1):
                unanswered += isinstance(read.exception(), NoAnswer)
                if unanswered > UNANSWERED_MAX:
                    read.result()
                self.report(done, len(reads))
        finally:
            pool.shutdown(cancel_futures=True)
        for each, read in zip(expected, reads, strict=True):
            yield from self._answered(public_path(each.key), read)

    def _object(self, expected: Expected) -> tuple[Observed, ...]:
        path = public_path(expected.key)
        # As a page of the order gate asks: CloudFront speaks of other origins only to those who name one.
        asks = {**ACCEPTS, "origin": expected.origins[0]} if expected.is_font and expected.origins else ACCEPTS
        seen = self.viewer.get(path, asks)
        return tuple(observed(path, seen, finding) for finding in object_findings(expected, seen, self.edge))

    def _answered(self, path: str, read: Future[tuple[Observed, ...]]) -> tuple[Observed, ...]:
        try:
            return read.result()
        except NoAnswer as silence:
            message = silence.message.removeprefix(f"{self.viewer.base_url}{path}: ")
            return (Observed(path, Finding(Level.FAIL, "answer", message, silence.hint)),)


def _claimed(manifest: Manifest) -> Iterator[Observed]:
    """Until a push is finished, the store holds some of it and the manifest none."""
    if claim := manifest.claim:
        what = "prune" if claim.is_prune else "push"
        message = f"the {what} that {claim.who} began at {timestamps.to_text(claim.when)} is not finished"
        hint = "wait for it, then verify again; if it died, run it again"
        yield Observed(public_path(manifest_key(manifest.sale)), Finding(Level.WARN, what, message, hint))


def stored_findings(
    sale: str, pushed: Mapping[str, Published], found: Mapping[str, Stored | None]
) -> tuple[tuple[str, Finding], ...]:
    """One PASS for all that was pushed, or what is wrong with each, by key."""
    faults = {key: fault for key, one in sorted(pushed.items()) if (fault := _fault(one, found[key]))}
    hint = Hint(command_line(f"push {sale} --refresh"), " puts it again")
    if faults:
        return tuple((key, Finding(Level.FAIL, "stored", fault, hint)) for key, fault in faults.items())
    return ((settings_key(sale), Finding(Level.PASS, "stored", f"{len(pushed)} files for the order gate")),)


def _fault(one: Published, stored: Stored | None) -> str:
    if stored is None:
        return "the store does not have it"
    if hashlib.sha256(stored.body).hexdigest() != one.sha256:
        return "the store holds other bytes than were pushed"
    reasons = header_reasons(one.headers, stored.headers)
    return f"the store has other {', '.join(reasons)}" if reasons else ""
