"""The manifest: what is in a store for one sale, so that a plan needs one GET and sees headers as well as bodies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from flashgen import __version__, timestamps
from flashgen.errors import Refused
from flashgen.layout import manifest_key, settings_key
from flashgen.store import Headers, Store

PRUNE = "prune"
"""Stands as a claim's target where no site is put."""
HEADERS = Headers("application/json", "private, no-store")

FORMAT = 3
"""Raised when an older flashgen would misread what this one writes. 1 had neither this number nor `stored_before`, 2
only public objects."""


@dataclass(frozen=True, slots=True)
class Published:
    """An object as it was put. `sha256` is its body's hex digest, `since` when this content and headers went up.

    `stored_before` is the same by the store's own clock, to the second: when the push that put it ended. What the store
    says was modified before that second is as it was put. None where the store did not say, and in a manifest to be
    put: its time is known once it is read.
    """

    sha256: str
    headers: Headers
    since: datetime
    stored_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class PublishedPointer:
    """What push last told the pointer. Its body is not here: that changes with every transition."""

    key: str
    starts_at: datetime
    ends_at: datetime
    headers: Headers
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A push or prune in progress, or one that died.

    `target` is the digest of the push's site, or PRUNE; `keys` is what it may have touched. `nonce` tells two
    apart that one person starts in one second.
    """

    who: str
    when: datetime
    target: str
    keys: tuple[str, ...]
    nonce: str = ""

    @property
    def is_prune(self) -> bool:
        """Whether it is a prune's: `keys` are then what it may have deleted."""
        return self.target == PRUNE


@dataclass(frozen=True, slots=True)
class Manifest:
    """`objects` are what lies in the store but for the pointer: pages, assets, and what the order gate reads, which is
    private. `dropped` are keys that left the site, and when: prune's work. `who` finished the last push, at `when`.
    """

    sale: str
    who: str = ""
    when: datetime | None = None
    objects: Mapping[str, Published] = field(default_factory=dict)
    dropped: Mapping[str, datetime] = field(default_factory=dict)
    pointer: PublishedPointer | None = None
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it was read. `etag` is None when there was none yet."""

    manifest: Manifest
    etag: str | None


def is_pointer(sale: str, key: str) -> bool:
    """Whether a key is a pointer's, of any version: today's, or one that was rotated and forwards."""
    return fnmatchcase(key, f"{sale}/unlock.*.js") and key.count("/") == 1


def is_public(sale: str, key: str) -> bool:
    """Whether a key is one that edges serve. What the order gate reads lies elsewhere."""
    return key.startswith(f"{sale}/")


def listings(sale: str, keys: Collection[str]) -> tuple[str, ...]:
    """The prefixes to list for some of the keys that a push puts: one, or two if the order gate's are among them."""
    starts = f"{sale}/", settings_key(sale).removesuffix(".json")
    return tuple(start for start in starts if any(key.startswith(start) for key in keys))


def read_manifest(store: Store, sale: str) -> StoredManifest:
    """The manifest, empty if there is none. Raises Refused when what lies there is none, or a newer flashgen's."""
    stored = store.get(manifest_key(sale))
    if stored is None:
        return StoredManifest(Manifest(sale), None)
    try:
        facts = json.loads(stored.body)
        _check_format(sale, store, facts)
        return StoredManifest(_with_times(_parse(facts), stored.modified_at), stored.etag)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"{manifest_key(sale)} in {store.url} is not a manifest ({error})",
            "somebody wrote over it; delete it, and the next push compares nothing and puts every file",
        ) from error


def render_manifest(manifest: Manifest) -> bytes:
    """The manifest's bytes: JSON, a line an object, sorted."""
    facts = {
        "format": FORMAT,
        "flashgen": __version__,
        "sale": manifest.sale,
        "who": manifest.who,
        "when": timestamps.to_text(manifest.when) if manifest.when else None,
        "claim": _claim_facts(manifest.claim),
        "pointer": _pointer_facts(manifest.pointer),
        "objects": {key: _object_row(one) for key, one in sorted(manifest.objects.items())},
        "dropped": {key: timestamps.to_text(when) for key, when in sorted(manifest.dropped.items())},
    }
    return (json.dumps(facts, indent=0, ensure_ascii=False) + "\n").encode()


def contents_digest(rows: Iterable[tuple[str, str, Headers]], pointer: PublishedPointer | None) -> str:
    """What a store holds of a sale, in 16 hex digits: keys, digests and headers of all objects, and the pointer's.

    A site has one before it is pushed and its manifest the same afterwards, whoever pushed and when.
    """
    facts = [sorted([key, sha256, asdict(headers)] for key, sha256, headers in rows), _pointer_facts(pointer)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def manifest_digest(manifest: Manifest) -> str:
    """The digest of what a finished push left."""
    rows = ((key, one.sha256, one.headers) for key, one in manifest.objects.items())
    return contents_digest(rows, manifest.pointer)


def _check_format(sale: str, store: Store, facts: dict[str, Any]) -> None:
    if facts.get("format", 1) > FORMAT:
        raise Refused(
            f"{manifest_key(sale)} in {store.url} has format {facts['format']}, of flashgen {facts['flashgen']}; this "
            f"is flashgen {__version__}, which reads up to format {FORMAT}",
            "install the flashgen that the others push with",
        )


def _with_times(manifest: Manifest, modified_at: datetime | None) -> Manifest:
    """What its own push put was stored before the manifest. A claim is put with the times of the one it was made on."""
    if modified_at is None:
        return manifest
    second = modified_at.replace(microsecond=0)
    objects = {
        key: replace(one, stored_before=second) if one.stored_before is None else one
        for key, one in manifest.objects.items()
    }
    return replace(manifest, objects=objects)


def _object_row(one: Published) -> list[str | None]:
    stored = timestamps.to_text(one.stored_before) if one.stored_before else None
    return [one.sha256, one.headers.content_type, one.headers.cache_control, timestamps.to_text(one.since), stored]


def _claim_facts(claim: Claim | None) -> dict[str, Any] | None:
    if claim is None:
        return None
    return {
        "who": claim.who,
        "when": timestamps.to_text(claim.when),
        "target": claim.target,
        "keys": list(claim.keys),
        "nonce": claim.nonce,
    }


def _pointer_facts(pointer: PublishedPointer | None) -> dict[str, Any] | None:
    if pointer is None:
        return None
    return {
        "key": pointer.key,
        "starts_at": timestamps.to_text(pointer.starts_at),
        "ends_at": timestamps.to_text(pointer.ends_at),
        "content_type": pointer.headers.content_type,
        "cache_control": pointer.headers.cache_control,
        "origins": list(pointer.origins),
    }


def _parse(facts: dict[str, Any]) -> Manifest:
    return Manifest(
        sale=facts["sale"],
        who=facts["who"],
        when=timestamps.from_text(facts["when"]) if facts["when"] else None,
        objects={key: _parse_object(*row) for key, row in facts["objects"].items()},
        dropped={key: timestamps.from_text(when) for key, when in facts["dropped"].items()},
        pointer=_parse_pointer(facts["pointer"]) if facts["pointer"] else None,
        claim=_parse_claim(facts["claim"]) if facts["claim"] else None,
    )


def _parse_object(
    sha256: str, content_type: str, cache_control: str, since: str, stored_before: str | None = None
) -> Published:
    headers, instant = Headers(content_type, cache_control), timestamps.from_text
    return Published(sha256, headers, instant(since), instant(stored_before) if stored_before else None)


def _parse_claim(facts: dict[str, Any]) -> Claim:
    return Claim(
        who=facts["who"],
        when=timestamps.from_text(facts["when"]),
        target=facts["target"],
        keys=tuple(facts["keys"]),
        nonce=facts["nonce"],
    )


def _parse_pointer(facts: dict[str, Any]) -> PublishedPointer:
    return PublishedPointer(
        key=facts["key"],
        starts_at=timestamps.from_text(facts["starts_at"]),
        ends_at=timestamps.from_text(facts["ends_at"]),
        headers=Headers(facts["content_type"], facts["cache_control"]),
        origins=tuple(facts["origins"]),
    )
