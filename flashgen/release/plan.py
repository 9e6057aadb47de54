"""What a push would do, and why. A pure comparison of a Site with a Manifest: nothing is read, nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType

from flashgen.layout import settings_key
from flashgen.page.site import Role, Site, SiteFile
from flashgen.release.manifest import (
    Manifest,
    Published,
    PublishedPointer,
    StoredManifest,
    contents_digest,
    is_pointer,
    is_public,
)
from flashgen.store import Headers

DRIFTED = "drifted: "
"""Marks the part of a reason that is about drift: what somebody did to the store by hand."""
GONE = f"{DRIFTED}gone"
NO_DRIFT: Mapping[str, str] = MappingProxyType({})


class Op(StrEnum):
    """What happens to a key. `drop` leaves the object in the store; `forward` turns an older pointer into a forward."""

    CREATE = "create"
    UPDATE = "update"
    DROP = "drop"
    FORWARD = "forward"


class Wave(StrEnum):
    """When it happens. Members are in the order of upload; each wave starts when the wave before is complete."""

    ASSETS = "assets"
    POINTER = "pointer"
    GATE = "order gate"
    PAGES = "pages"
    SALE_PAGE = "sale page"
    ROOT_PAGE = "root page"
    MANIFEST = "manifest"
    HOST = "host's root"


@dataclass(frozen=True, slots=True)
class Change:
    """One key, what happens to it, and why, as text."""

    op: Op
    key: str
    reason: str
    wave: Wave

    @property
    def is_drift(self) -> bool:
        """Whether it corrects drift."""
        return DRIFTED in self.reason


@dataclass(frozen=True, slots=True)
class Plan:
    """The way from what a store has (`base`) to `site`. `target` is the digest of what the store has afterwards.

    `drift` is the drift that was known when the plan was made, by key.
    """

    site: Site
    base: StoredManifest
    target: str
    changes: tuple[Change, ...]
    drift: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_noop(self) -> bool:
        """Whether there is nothing to do. Finishing a push that died is something to do."""
        claim = self.base.manifest.claim
        return not self.changes and (claim is None or claim.is_prune)

    @property
    def forwards(self) -> tuple[str, ...]:
        """Keys of the pointers that become forwards; the last pushed one comes first."""
        last = self.base.manifest.pointer
        keys = [change.key for change in self.changes if change.op is Op.FORWARD]
        return tuple(sorted(keys, key=lambda key: last is None or key != last.key))

    @property
    def uploads(self) -> int:
        """How many objects are put."""
        return sum(change.op in (Op.CREATE, Op.UPDATE) for change in self.changes)

    @property
    def unchanged(self) -> int:
        """How many files of the site are in the store already."""
        return len(self.site.files) - self.uploads

    def in_wave(self, wave: Wave) -> tuple[Change, ...]:
        """The changes of one wave, in order of key."""
        return tuple(change for change in self.changes if change.wave is wave)


def make_plan(site: Site, base: StoredManifest, drift: Mapping[str, str] = NO_DRIFT) -> Plan:
    """Compare. Files that an unfinished push may have touched are put again: their content is unknown.

    `drift` says by key, as text, how the store differs from the manifest; `release/drift.py` finds it.
    """
    claim = base.manifest.claim
    # A prune that died has put nothing, and its keys are listed as dropped already.
    doubtful = frozenset(claim.keys) if claim and not claim.is_prune else frozenset[str]()
    changes = [
        *_file_changes(site, base.manifest, doubtful, drift),
        *_pointer_changes(site, base.manifest, doubtful, drift),
        *_drops(site, base.manifest, doubtful),
    ]
    order = list(Wave)
    changes.sort(key=lambda change: (order.index(change.wave), change.key))
    rows = ((file.key, file.sha256, file.headers) for file in site.files if file.role is not Role.POINTER)
    return Plan(site, base, contents_digest(rows, published_pointer(site)), tuple(changes), drift)


def published_pointer(site: Site) -> PublishedPointer:
    """The pointer as the manifest describes it after a push of `site`."""
    file, state = site.pointer_file, site.pointer.state
    return PublishedPointer(file.key, state.starts_at, state.ends_at, file.headers, site.origins)


def _file_changes(
    site: Site, manifest: Manifest, doubtful: frozenset[str], drift: Mapping[str, str]
) -> Iterator[Change]:
    is_multilingual = site.is_multilingual
    for file in site.files:
        if file.role is Role.POINTER:
            continue
        published = manifest.objects.get(file.key)
        reason = "unfinished push" if file.key in doubtful else _reason(file, published, drift.get(file.key, ""))
        if reason:
            wave = _wave(file, is_multilingual=is_multilingual)
            yield Change(Op.UPDATE if published else Op.CREATE, file.key, reason, wave)


def _wave(file: SiteFile, *, is_multilingual: bool) -> Wave:
    """A sale page links to pages of its own folder, so it comes after them, and after the sale pages of all languages
    comes the root page, which links to them. Pages may offer only what the gate knows, so gate.json comes before them,
    and the files that it names come first."""
    if file.role in (Role.ASSET, Role.FORM):
        return Wave.ASSETS
    if file.role is Role.GATE:
        return Wave.GATE
    if is_multilingual:
        return {0: Wave.ROOT_PAGE, 1: Wave.SALE_PAGE}.get(file.page_depth, Wave.PAGES)
    return Wave.PAGES if file.page_depth else Wave.SALE_PAGE


def _reason(file: SiteFile, published: Published | None, drift: str) -> str:
    if published is None:
        return "new"
    reasons = ["content"] if published.sha256 != file.sha256 else []
    return _with_drift([*reasons, *header_reasons(published.headers, file.headers)], drift)


def _with_drift(reasons: Iterable[str], drift: str) -> str:
    """First what the site changes, then drift: `content; drifted: headers: cache-control`."""
    return "; ".join(part for part in (", ".join(reasons), drift) if part)


def header_reasons(before: Headers, after: Headers) -> list[str]:
    """The headers that differ: `headers: cache-control`."""
    names = [name for name, value in asdict(after).items() if value != asdict(before)[name]]
    return [f"headers: {name.replace('_', '-')}" for name in names]


def _pointer_changes(
    site: Site, manifest: Manifest, doubtful: frozenset[str], drift: Mapping[str, str]
) -> Iterator[Change]:
    wanted, published = published_pointer(site), manifest.pointer
    known = {wanted.key, *([published.key] if published else [])}
    # Pointers of a push that died and is not resumed: open pages may still poll them.
    abandoned = sorted(key for key in doubtful - known if is_pointer(site.sale, key))
    if published is None:
        yield Change(Op.CREATE, wanted.key, "new", Wave.POINTER)
    elif published.key != wanted.key:
        yield Change(Op.CREATE, wanted.key, "rotated", Wave.POINTER)
        yield Change(Op.FORWARD, published.key, f"pages that name it go on to {wanted.key}", Wave.MANIFEST)
    elif drift.get(wanted.key) == GONE:
        yield Change(Op.UPDATE, wanted.key, f"{GONE}; put again from the journal, paused if live", Wave.POINTER)
    elif reason := _with_drift(_pointer_reasons(published, wanted), drift.get(wanted.key, "")):
        yield Change(Op.UPDATE, wanted.key, reason, Wave.POINTER)
    elif wanted.key in doubtful or abandoned:
        yield Change(Op.UPDATE, wanted.key, "unfinished push", Wave.POINTER)
    for key in abandoned:
        yield Change(Op.FORWARD, key, f"unfinished push; pages that name it go on to {wanted.key}", Wave.MANIFEST)


def _pointer_reasons(published: PublishedPointer, wanted: PublishedPointer) -> Iterator[str]:
    yield from (
        f"times: {name}" for name in ("starts_at", "ends_at") if getattr(published, name) != getattr(wanted, name)
    )
    yield from header_reasons(published.headers, wanted.headers)
    if published.origins != wanted.origins:
        yield "order servers"


def _drops(site: Site, manifest: Manifest, doubtful: frozenset[str]) -> Iterator[Change]:
    keys = {file.key for file in site.files}
    for key in {*manifest.objects, *doubtful} - keys:
        if not is_pointer(site.sale, key):
            yield Change(Op.DROP, key, _drop_reason(site.sale, keys, key), Wave.MANIFEST)


def _drop_reason(sale: str, keys: Collection[str], key: str) -> str:
    """If the site has no gate.json, the former one stays, with the pages that it names (`prune.py`)."""
    if is_public(sale, key) or settings_key(sale) in keys:
        return "left the site; prune deletes it later"
    return "the sale takes no orders any more; it stays for gates that run"
