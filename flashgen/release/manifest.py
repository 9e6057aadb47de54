"""The manifest: what a store holds of one sale. With it a plan needs one GET, and sees headers as well as bodies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from flashgen import __version__, timestamps
from flashgen.layout import manifest_key, settings_key
from flashgen.store import Headers, Store
from flashgen.typed_json import Instant, JsonReader, Line

PRUNE = "prune"
"""The target of a prune's claim, which puts no site."""
HEADERS = Headers("application/json", "private, no-store")

MAX_BYTES = 256 * 1024 * 1024
"""A hundred thousand products in several languages, with their pictures."""
MAX_ORIGINS = 1_000

FORMAT = 3
"""Increased when an older flashgen would misread what this one writes. Format 1 had neither this number nor
`stored_before`; format 2 had only public objects."""


@dataclass(frozen=True, slots=True)
class Published:
    """An object as it was put. `sha256` is its body's hex digest, `since` when this content and headers went up.

    `stored_before` is the second, by the store's own clock, in which that push ended: an object that the store says was
    modified earlier is as it was put. None where the store gives no time, and in a manifest that is still to be put,
    whose time is known when it is read.
    """

    sha256: Line
    headers: Headers
    since: Instant
    stored_before: Instant | None = None


@dataclass(frozen=True, slots=True)
class PublishedPointer:
    """What the last push wrote into the pointer. The body is not here: every transition changes it."""

    key: str
    starts_at: datetime
    ends_at: datetime
    headers: Headers
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A push or prune in progress, or one that died.

    `target` is the digest of the push's site, or PRUNE; `keys` is what it may have touched. `nonce` distinguishes two
    claims of one person in one second.
    """

    who: Line
    when: Instant
    target: Line
    keys: tuple[Line, ...]
    nonce: Line = ""

    @property
    def is_prune(self) -> bool:
        """Whether it is a prune's. Then `keys` is what it may have deleted."""
        return self.target == PRUNE


@dataclass(frozen=True, slots=True)
class Manifest:
    """`objects` is everything in the store except the pointer: pages, assets, and the private files of the order gate.
    `dropped` says which keys left the site, and when: `prune` deletes them. `who` finished the last push, at `when`.
    `conditions_at` is the server that was seen to honour conditional writes, where that has to be seen: see `Remote`.
    """

    sale: str
    who: str = ""
    when: datetime | None = None
    objects: Mapping[str, Published] = field(default_factory=dict)
    dropped: Mapping[str, datetime] = field(default_factory=dict)
    pointer: PublishedPointer | None = None
    claim: Claim | None = None
    conditions_at: str = ""


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it was read. `etag` is None when there is none yet."""

    manifest: Manifest
    etag: str | None


def is_pointer(sale: str, key: str) -> bool:
    """Whether a key is a pointer of any version: the current one, or a rotated one that forwards."""
    return fnmatchcase(key, f"{sale}/unlock.*.js") and key.count("/") == 1


def is_public(sale: str, key: str) -> bool:
    """Whether edges serve a key. The order gate's files lie elsewhere."""
    return key.startswith(f"{sale}/")


def prefixes_of(sale: str, keys: Collection[str]) -> tuple[str, ...]:
    """The prefixes to list to find these keys: the sale's, and the order gate's if any key is under it."""
    starts = f"{sale}/", settings_key(sale).removesuffix(".json")
    return tuple(start for start in starts if any(key.startswith(start) for key in keys))


def read_manifest(store: Store, sale: str) -> StoredManifest:
    """The manifest; an empty one if there is none. Raises Damaged for another object, Newer for a later format."""
    stored = store.get(manifest_key(sale))
    if stored is None:
        return StoredManifest(Manifest(sale), None)
    hint = "somebody wrote over it; delete it, and the next push compares nothing and puts every file"
    document = _READER.read(stored.body, f"{manifest_key(sale)} in {store.url}", hint)
    return StoredManifest(_with_times(document.manifest(), stored.modified_at), stored.etag)


def render_manifest(manifest: Manifest) -> bytes:
    """The manifest's bytes: JSON, sorted, one line for each object."""
    row = {
        "format": FORMAT,
        "flashgen": __version__,
        "sale": manifest.sale,
        "who": manifest.who,
        "when": manifest.when,
        "conditions_at": manifest.conditions_at,
        "claim": asdict(manifest.claim) if manifest.claim else None,
        "pointer": _pointer_json(manifest.pointer),
        "objects": {key: _object_row(one) for key, one in sorted(manifest.objects.items())},
        "dropped": dict(sorted(manifest.dropped.items())),
    }
    return (json.dumps(row, indent=0, ensure_ascii=False, default=timestamps.to_text) + "\n").encode()


def contents_digest(rows: Iterable[tuple[str, str, Headers]], pointer: PublishedPointer | None) -> str:
    """A digest of what a store holds of a sale, in 16 hex digits: keys, digests and headers of all objects, and the
    pointer's key, times and headers.

    A site and the manifest of its push have the same digest, independent of operator and time.
    """
    contents = [sorted([key, sha256, asdict(headers)] for key, sha256, headers in rows), _pointer_json(pointer)]
    text = json.dumps(contents, sort_keys=True, default=timestamps.to_text)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def manifest_digest(manifest: Manifest) -> str:
    """The digest of what a finished push left."""
    rows = ((key, one.sha256, one.headers) for key, one in manifest.objects.items())
    return contents_digest(rows, manifest.pointer)


def _with_times(manifest: Manifest, modified_at: datetime | None) -> Manifest:
    """A push stores its objects before its manifest. A claim keeps the times of the manifest it was made on."""
    if modified_at is None:
        return manifest
    second = modified_at.replace(microsecond=0)
    objects = {
        key: replace(one, stored_before=second) if one.stored_before is None else one
        for key, one in manifest.objects.items()
    }
    return replace(manifest, objects=objects)


def _object_row(one: Published) -> list[Any]:
    return [one.sha256, one.headers.content_type, one.headers.cache_control, one.since, one.stored_before]


def _pointer_json(pointer: PublishedPointer | None) -> dict[str, Any] | None:
    if pointer is None:
        return None
    times = {"starts_at": pointer.starts_at, "ends_at": pointer.ends_at}
    return {"key": pointer.key, **times, **asdict(pointer.headers), "origins": pointer.origins}


class _ObjectRow(NamedTuple):
    """An object's line, as `_object_row` writes it; format 1 had no `stored_before`."""

    sha256: Line
    content_type: Line
    cache_control: Line
    since: Instant
    stored_before: Instant | None = None

    def published(self) -> Published:
        return Published(self.sha256, Headers(self.content_type, self.cache_control), self.since, self.stored_before)


@dataclass(frozen=True, slots=True)
class _PointerRow:
    """As `_pointer_json` writes it."""

    key: Line
    starts_at: Instant
    ends_at: Instant
    content_type: Line
    cache_control: Line
    origins: Annotated[tuple[Line, ...], Field(max_length=MAX_ORIGINS)]

    def published(self) -> PublishedPointer:
        headers = Headers(self.content_type, self.cache_control)
        return PublishedPointer(self.key, self.starts_at, self.ends_at, headers, self.origins)


@dataclass(frozen=True, slots=True)
class _Document:
    """As `render_manifest` writes it."""

    sale: Line
    who: Line
    when: Instant | None
    claim: Claim | None
    pointer: _PointerRow | None
    objects: dict[Line, _ObjectRow]
    dropped: dict[Line, Instant]
    conditions_at: Line = ""

    def manifest(self) -> Manifest:
        objects = {key: row.published() for key, row in self.objects.items()}
        pointer = self.pointer.published() if self.pointer else None
        return Manifest(self.sale, self.who, self.when, objects, self.dropped, pointer, self.claim, self.conditions_at)


_READER = JsonReader(_Document, "a manifest", MAX_BYTES, FORMAT)
