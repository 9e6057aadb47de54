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
"""How the reason for a change begins, or goes on, that sets right what somebody did to the store by hand."""
GONE = f"{DRIFTED}gone"
NO_DRIFT: Mapping[str, str] = MappingProxyType({})


class Op(StrEnum):
    """What happens to a key. `drop` leaves the object where it is; `forward` is what becomes of any other pointer."""

    CREATE = "create"
    UPDATE = "update"
    DROP = "drop"
    FORWARD = "forward"


class Wave(StrEnum):
    """When it happens. Members are in the order of upload; each wave starts when the one before is whole."""

    ASSETS = "assets"
    POINTER = "pointer"
    GATE = "order gate"
    PAGES = "pages"
    SALE_PAGE = "sale page"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Change:
    """One key, what happens to it, and the reason in words."""

    op: Op
    key: str
    reason: str
    wave: Wave

    @property
    def is_drift(self) -> bool:
        """Whether it sets right what was done by hand."""
        return DRIFTED in self.reason


@dataclass(frozen=True, slots=True)
class Plan:
    """The way from what a store has (`base`) to `site`. `target` is the digest of what the store then has.

    `drift` is what was known of changes by hand when it was made.
    """

    site: Site
    base: StoredManifest
    target: str
    changes: tuple[Change, ...]
    drift: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_noop(self) -> bool:
        """Whether there is nothing to do; to end what a push that died has begun is something."""
        claim = self.base.manifest.claim
        return not self.changes and (claim is None or claim.is_prune)

    @property
    def forwards(self) -> tuple[str, ...]:
        """Keys of the pointers that become forwards; the one that was pushed last comes first."""
        last = self.base.manifest.pointer
        keys = [change.key for change in self.changes if change.op is Op.FORWARD]
        return tuple(sorted(keys, key=lambda key: last is None or key != last.key))

    @property
    def uploads(self) -> int:
        """How many objects are put."""
        return sum(change.op in (Op.CREATE, Op.UPDATE) for change in self.changes)

    @property
    def unchanged(self) -> int:
        """How many files of the site are in the store as they should be."""
        return len(self.site.files) - self.uploads

    def in_wave(self, wave: Wave) -> tuple[Change, ...]:
        """The changes of one wave, in order of key."""
        return tuple(change for change in self.changes if change.wave is wave)


def make_plan(site: Site, base: StoredManifest, drift: Mapping[str, str] = NO_DRIFT) -> Plan:
    """Compare. Files that an unfinished push may have touched are put again: nobody knows what they are now.

    `drift` says by key what the store has otherwise than the manifest says, in words (`release/drift.py` finds it).
    """
    doubtful = _doubtful(base.manifest)
    changes = [
        *_file_changes(site, base.manifest, doubtful, drift),
        *_pointer_changes(site, base.manifest, doubtful, drift),
        *_drops(site, base.manifest, doubtful),
    ]
    order = list(Wave)
    changes.sort(key=lambda change: (order.index(change.wave), change.key))
    return Plan(site, base, _target_digest(site), tuple(changes), drift)


def published_pointer(site: Site) -> PublishedPointer:
    """The pointer as the manifest remembers it after a push of `site`."""
    file, state = site.pointer_file, site.pointer.state
    return PublishedPointer(file.key, state.starts_at, state.ends_at, file.headers, site.origins)


def _doubtful(manifest: Manifest) -> frozenset[str]:
    """A prune that died has put nothing, and what it may have deleted is listed as dropped already."""
    claim = manifest.claim
    return frozenset(claim.keys) if claim and not claim.is_prune else frozenset()


def _file_changes(
    site: Site, manifest: Manifest, doubtful: frozenset[str], drift: Mapping[str, str]
) -> Iterator[Change]:
    for file in site.files:
        if file.role is Role.POINTER:
            continue
        there = manifest.objects.get(file.key)
        reason = "unfinished push" if file.key in doubtful else _reason(file, there, drift.get(file.key, ""))
        if reason:
            yield Change(Op.UPDATE if there else Op.CREATE, file.key, reason, _wave(site, file))


def _wave(site: Site, file: SiteFile) -> Wave:
    """The sale page leads to all others: it comes after them. No page may offer what the gate does not know: gate.json
    comes before, and before that what it names."""
    if file.role in (Role.ASSET, Role.FORM):
        return Wave.ASSETS
    if file.role is Role.GATE:
        return Wave.GATE
    return Wave.SALE_PAGE if file.key == f"{site.sale}/index.html" else Wave.PAGES


def _reason(file: SiteFile, there: Published | None, drift: str) -> str:
    if there is None:
        return "new"
    reasons = ["content"] if there.sha256 != file.sha256 else []
    return _with_drift([*reasons, *header_reasons(there.headers, file.headers)], drift)


def _with_drift(reasons: Iterable[str], drift: str) -> str:
    """What the site wants comes first: `content; drifted: headers: cache-control`."""
    return "; ".join(part for part in (", ".join(reasons), drift) if part)


def header_reasons(before: Headers, after: Headers) -> list[str]:
    """Which headers differ, in words."""
    names = [name for name, value in asdict(after).items() if value != asdict(before)[name]]
    return [f"headers: {name.replace('_', '-')}" for name in names]


def _pointer_changes(
    site: Site, manifest: Manifest, doubtful: frozenset[str], drift: Mapping[str, str]
) -> Iterator[Change]:
    wanted, there = published_pointer(site), manifest.pointer
    abandoned = _abandoned(site, manifest, doubtful)
    if there is None:
        yield Change(Op.CREATE, wanted.key, "new", Wave.POINTER)
    elif there.key != wanted.key:
        yield Change(Op.CREATE, wanted.key, "rotated", Wave.POINTER)
        yield Change(Op.FORWARD, there.key, f"pages that name it go on to {wanted.key}", Wave.MANIFEST)
    elif drift.get(wanted.key) == GONE:
        yield Change(Op.UPDATE, wanted.key, f"{GONE}; put again from the journal, paused if live", Wave.POINTER)
    elif reason := _with_drift(_pointer_reasons(there, wanted), drift.get(wanted.key, "")):
        yield Change(Op.UPDATE, wanted.key, reason, Wave.POINTER)
    elif wanted.key in doubtful or abandoned:
        yield Change(Op.UPDATE, wanted.key, "unfinished push", Wave.POINTER)
    for key in abandoned:
        yield Change(Op.FORWARD, key, f"unfinished push; pages that name it go on to {wanted.key}", Wave.MANIFEST)


def _abandoned(site: Site, manifest: Manifest, doubtful: frozenset[str]) -> list[str]:
    """Pointers of a push that died and is not resumed: its pages may be open somewhere, and poll them."""
    known = {site.pointer_file.key, *([manifest.pointer.key] if manifest.pointer else [])}
    return sorted(key for key in doubtful if is_pointer(site.sale, key) and key not in known)


def _pointer_reasons(there: PublishedPointer, wanted: PublishedPointer) -> Iterator[str]:
    yield from (f"times: {name}" for name in ("starts_at", "ends_at") if getattr(there, name) != getattr(wanted, name))
    yield from header_reasons(there.headers, wanted.headers)
    if there.origins != wanted.origins:
        yield "order servers"


def _drops(site: Site, manifest: Manifest, doubtful: frozenset[str]) -> Iterator[Change]:
    keys = {file.key for file in site.files}
    for key in {*manifest.objects, *doubtful} - keys:
        if not is_pointer(site.sale, key):
            yield Change(Op.DROP, key, _drop_reason(site.sale, keys, key), Wave.MANIFEST)


def _drop_reason(sale: str, keys: Collection[str], key: str) -> str:
    """Where the site has no gate.json, the one of before stays, with the pages that it names (`retention.py`)."""
    if is_public(sale, key) or settings_key(sale) in keys:
        return "left the site; prune deletes it later"
    return "the sale takes no orders any more; it stays for gates that run"


def _target_digest(site: Site) -> str:
    rows = ((file.key, file.sha256, file.headers) for file in site.files if file.role is not Role.POINTER)
    return contents_digest(rows, published_pointer(site))
