"""The register of the host's root: one private object in which every sale of a store has an entry.

From the entries alone the files at the root are made. It also knows which files there are flashgen's, by the digests of
what was put, so that a file of somebody else, such as a brand's own index.html, is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime

from flashgen import __version__, timestamps
from flashgen.layout import host_key
from flashgen.page.host.entry import HostEntry
from flashgen.release.manifest import HEADERS, Published
from flashgen.store import Store
from flashgen.store.conditional_write import put_settled
from flashgen.typed_json import Instant, JsonReader, Line
from flashgen.unlock.pointer_writer import Actor

MAX_BYTES = 64 * 1024 * 1024

FORMAT = 1
"""Increased when an older flashgen would misread what this one writes."""


@dataclass(frozen=True, slots=True)
class HostRegistry:
    """`entries` by sale, `files` by key as they were put, or are being put where `is_unfinished`.

    `earlier` are the digests of older versions that may still be there: of these, too, flashgen is the author. `others`
    are keys at which a file of somebody else was found.
    """

    entries: Mapping[str, HostEntry] = field(default_factory=dict)
    files: Mapping[str, Published] = field(default_factory=dict)
    earlier: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    is_unfinished: bool = False
    who: str = ""
    when: datetime | None = None
    nonce: str = ""

    @property
    def public_files(self) -> tuple[tuple[str, Published], ...]:
        """The files at the root that are as they were put, sorted by key; none while a push is under way."""
        return () if self.is_unfinished else tuple(sorted(self.files.items()))

    def digests(self, key: str) -> tuple[str, ...]:
        """Those of all versions of a file that are known to be flashgen's, the current one last."""
        current = (self.files[key].sha256,) if key in self.files else ()
        return tuple(dict.fromkeys((*(one for one in self.earlier.get(key, ()) if one not in current), *current)))

    def is_author_of(self, key: str, sha256: str) -> bool:
        """Whether a body at a key is one that flashgen put."""
        return sha256 in self.digests(key)


@dataclass(frozen=True, slots=True)
class StoredRegistry:
    """A registry as it was read. `etag` is None when there is none yet."""

    registry: HostRegistry
    etag: str | None


def read_registry(store: Store) -> StoredRegistry:
    """The registry; an empty one if there is none. Raises Damaged for another object, Newer for a later format."""
    stored = store.get(host_key())
    if stored is None:
        return StoredRegistry(HostRegistry(), None)
    hint = "somebody wrote over it; delete it, and push each sale again"
    document = _READER.read(stored.body, f"{host_key()} in {store.url}", hint)
    return StoredRegistry(HostRegistry(*(getattr(document, part.name) for part in fields(document))), stored.etag)


def write_registry(store: Store, actor: Actor, registry: HostRegistry, etag: str | None) -> str:
    """Put it if it is still the one with `etag`. Raises Conflict when somebody else was faster."""
    row = {
        "format": FORMAT,
        "flashgen": __version__,
        "who": registry.who,
        "when": registry.when,
        "nonce": registry.nonce,
        "is_unfinished": registry.is_unfinished,
        "entries": {sale: entry.to_json() for sale, entry in sorted(registry.entries.items())},
        "files": {key: asdict(file) for key, file in sorted(registry.files.items())},
        "earlier": dict(sorted(registry.earlier.items())),
        "others": registry.others,
    }
    body = (json.dumps(row, indent=0, ensure_ascii=False, default=timestamps.to_text) + "\n").encode()
    return put_settled(store, host_key(), body, HEADERS, if_match=etag, sleep=actor.sleep)


@dataclass(frozen=True, slots=True)
class _RegistryDocument:
    """As `write_registry` has it, in the order of HostRegistry: everything is there."""

    entries: dict[Line, HostEntry]
    files: dict[Line, Published]
    earlier: dict[Line, tuple[Line, ...]]
    others: tuple[Line, ...]
    is_unfinished: bool
    who: Line
    when: Instant | None
    nonce: Line


_READER = JsonReader(_RegistryDocument, "a register of the host's root", MAX_BYTES, FORMAT)
