"""The manifest: what is in a store for one sale, so that a plan needs one GET and sees headers as well as bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flashgen import timestamps
from flashgen.errors import Refused
from flashgen.store import Headers, Store

HEADERS = Headers("application/json", "private, no-store")


@dataclass(frozen=True, slots=True)
class Published:
    """An object as it was put. `sha256` is its body's hex digest, `since` when this content and headers went up."""

    sha256: str
    headers: Headers
    since: datetime


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
    """A push in progress, or one that died. `target` is the digest of its site, `keys` what it may have touched.

    `nonce` tells two pushes apart that one person starts in one second.
    """

    who: str
    when: datetime
    target: str
    keys: tuple[str, ...]
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`objects` are the pages and assets in the store; `dropped` are keys that left the site, and when: prune's work.

    `who` finished the last push, at `when`.
    """

    sale: str
    who: str = ""
    when: datetime | None = None
    objects: Mapping[str, Published] = field(default_factory=dict)
    dropped: Mapping[str, datetime] = field(default_factory=dict)
    pointer: PublishedPointer | None = None
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class ManifestSeen:
    """A manifest as it was read. `etag` is None when there was none yet."""

    manifest: Manifest
    etag: str | None


def manifest_key(sale: str) -> str:
    """Where a sale's manifest lies in a store."""
    return f"_flashgen/{sale}/manifest.json"


def read_manifest(store: Store, sale: str) -> ManifestSeen:
    """The manifest, empty if there is none. Raises Refused when what lies there is no manifest."""
    stored = store.get(manifest_key(sale))
    if stored is None:
        return ManifestSeen(Manifest(sale), None)
    try:
        return ManifestSeen(_parse(json.loads(stored.body)), stored.etag)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"{manifest_key(sale)} in {store.url} is not a manifest ({error})",
            "somebody wrote over it; delete it, and the next push compares nothing and puts every file",
        ) from error


def render_manifest(manifest: Manifest) -> bytes:
    """The manifest's bytes: JSON, a line an object, sorted."""
    facts = {
        "sale": manifest.sale,
        "who": manifest.who,
        "when": timestamps.to_text(manifest.when) if manifest.when else None,
        "claim": _claim_facts(manifest.claim),
        "pointer": _pointer_facts(manifest.pointer),
        "objects": {
            key: [one.sha256, one.headers.content_type, one.headers.cache_control, timestamps.to_text(one.since)]
            for key, one in sorted(manifest.objects.items())
        },
        "dropped": {key: timestamps.to_text(when) for key, when in sorted(manifest.dropped.items())},
    }
    return (json.dumps(facts, indent=0, ensure_ascii=False) + "\n").encode()


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
        objects={
            key: Published(sha256, Headers(content_type, cache_control), timestamps.from_text(since))
            for key, (sha256, content_type, cache_control, since) in facts["objects"].items()
        },
        dropped={key: timestamps.from_text(when) for key, when in facts["dropped"].items()},
        pointer=_parse_pointer(facts["pointer"]) if facts["pointer"] else None,
        claim=_parse_claim(facts["claim"]) if facts["claim"] else None,
    )


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
