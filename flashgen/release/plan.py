"""What a push would do, and why. A pure comparison of a Site with a Manifest: nothing is read, nothing is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from flashgen.page.site import Role, Site, SiteFile
from flashgen.release.manifest import Manifest, ManifestSeen, Published, PublishedPointer
from flashgen.store import Headers


class Op(StrEnum):
    """What happens to a key. `drop` leaves the object where it is; `forward` is what becomes of a rotated pointer."""

    CREATE = "create"
    UPDATE = "update"
    DROP = "drop"
    FORWARD = "forward"


class Wave(StrEnum):
    """When it happens. Members are in the order of upload; each wave starts when the one before is whole."""

    ASSETS = "assets"
    POINTER = "pointer"
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


@dataclass(frozen=True, slots=True)
class Plan:
    """The way from what a store has (`base`) to `site`. `target` is the digest of what it will then have."""

    site: Site
    base: ManifestSeen
    target: str
    changes: tuple[Change, ...]

    @property
    def is_noop(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes

    @property
    def unchanged(self) -> int:
        """How many files of the site are in the store as they should be."""
        return len(self.site.files) - sum(change.op in (Op.CREATE, Op.UPDATE) for change in self.changes)

    def in_wave(self, wave: Wave) -> tuple[Change, ...]:
        """The changes of one wave, in order of key."""
        return tuple(change for change in self.changes if change.wave is wave)


def make_plan(site: Site, base: ManifestSeen) -> Plan:
    """Compare. Files that an unfinished push may have touched are put again: nobody knows what they are now."""
    target = _target_digest(site)
    doubtful = frozenset(base.manifest.claim.keys) if base.manifest.claim else frozenset[str]()
    changes = [
        *_file_changes(site, base.manifest, doubtful),
        *_pointer_changes(site, base.manifest, doubtful),
        *_drops(site, base.manifest, doubtful),
    ]
    order = list(Wave)
    return Plan(site, base, target, tuple(sorted(changes, key=lambda change: (order.index(change.wave), change.key))))


def published_pointer(site: Site) -> PublishedPointer:
    """The pointer as the manifest remembers it after a push of `site`."""
    file, state = site.pointer_file, site.pointer.state
    return PublishedPointer(file.key, state.starts_at, state.ends_at, file.headers, site.origins)


def _file_changes(site: Site, manifest: Manifest, doubtful: frozenset[str]) -> Iterator[Change]:
    for file in site.files:
        if file.role is Role.POINTER:
            continue
        there = manifest.objects.get(file.key)
        reason = "unfinished push" if file.key in doubtful else _reason(file, there)
        if reason:
            yield Change(Op.UPDATE if there else Op.CREATE, file.key, reason, _wave(site, file))


def _wave(site: Site, file: SiteFile) -> Wave:
    """The sale page leads to all others: it comes after them."""
    if file.role is Role.ASSET:
        return Wave.ASSETS
    return Wave.SALE_PAGE if file.key == f"{site.sale}/index.html" else Wave.PAGES


def _reason(file: SiteFile, there: Published | None) -> str:
    if there is None:
        return "new"
    reasons = ["content"] if there.sha256 != file.sha256 else []
    return ", ".join([*reasons, *_header_reasons(there.headers, file.headers)])


def _header_reasons(before: Headers, after: Headers) -> list[str]:
    names = [name for name, value in asdict(after).items() if value != asdict(before)[name]]
    return [f"headers: {name.replace('_', '-')}" for name in names]


def _pointer_changes(site: Site, manifest: Manifest, doubtful: frozenset[str]) -> Iterator[Change]:
    wanted, there = published_pointer(site), manifest.pointer
    if there is None:
        yield Change(Op.CREATE, wanted.key, "new", Wave.POINTER)
    elif there.key != wanted.key:
        yield Change(Op.CREATE, wanted.key, "rotated", Wave.POINTER)
        yield Change(Op.FORWARD, there.key, f"pages that name it go on to {wanted.key}", Wave.MANIFEST)
    elif there != wanted:
        yield Change(Op.UPDATE, wanted.key, ", ".join(_pointer_reasons(there, wanted)), Wave.POINTER)
    elif wanted.key in doubtful:
        yield Change(Op.UPDATE, wanted.key, "unfinished push", Wave.POINTER)


def _pointer_reasons(there: PublishedPointer, wanted: PublishedPointer) -> Iterator[str]:
    yield from (f"times: {name}" for name in ("starts_at", "ends_at") if getattr(there, name) != getattr(wanted, name))
    yield from _header_reasons(there.headers, wanted.headers)
    if there.origins != wanted.origins:
        yield "order servers"


def _drops(site: Site, manifest: Manifest, doubtful: frozenset[str]) -> Iterator[Change]:
    keys = {file.key for file in site.files}
    old_pointer = {manifest.pointer.key} if manifest.pointer else set()
    for key in {*manifest.objects, *doubtful} - old_pointer:
        if key not in keys:
            yield Change(Op.DROP, key, "no longer in the site; prune deletes it later", Wave.MANIFEST)


def _target_digest(site: Site) -> str:
    rows = [[file.key, file.sha256, asdict(file.headers)] for file in site.files]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
