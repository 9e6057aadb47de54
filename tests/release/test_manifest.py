"""The manifest's bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.operators import SALE

from flashgen.errors import Refused
from flashgen.layout import manifest_key
from flashgen.release.manifest import (
    FORMAT,
    HEADERS,
    Claim,
    Manifest,
    Published,
    PublishedPointer,
    StoredManifest,
    manifest_digest,
    read_manifest,
    render_manifest,
)
from flashgen.store import Headers, MemoryStore
from flashgen.typed_json import Newer

KEY = manifest_key(SALE)
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda instant: instant.replace(microsecond=0, tzinfo=UTC)
)
headers = st.builds(Headers, words, words)
manifests = st.builds(
    Manifest,
    sale=st.just(SALE),
    who=words,
    when=st.none() | instants,
    objects=st.dictionaries(words, st.builds(Published, words, headers, instants, instants), max_size=4),
    dropped=st.dictionaries(words, instants, max_size=3),
    pointer=st.none() | st.builds(PublishedPointer, words, instants, instants, headers),
    claim=st.none() | st.builds(Claim, words, instants, words, st.lists(words, max_size=3).map(tuple)),
)


@given(manifests)
def test_what_is_written_is_read(manifest: Manifest) -> None:
    """All of it, and the same fields are the same bytes in whatever order they came."""
    store, body = MemoryStore(), render_manifest(manifest)
    etag = store.put(KEY, body, HEADERS)
    assert StoredManifest(manifest, etag) == read_manifest(store, SALE)
    assert body == render_manifest(read_manifest(store, SALE).manifest)


PUT = datetime(2026, 11, 20, 12, 0, 7, 999_999, tzinfo=UTC)
NEW = Published("00", Headers("text/html", ""), PUT)


def test_what_a_push_put_was_stored_before_its_manifest() -> None:
    """By the store's clock, whole seconds as S3 has them; a claim written on that manifest later keeps it."""
    times = iter([PUT, PUT + timedelta(days=1), PUT + timedelta(days=2)])
    store = MemoryStore(lambda: next(times))
    store.put(KEY, render_manifest(Manifest(SALE, objects={"k": NEW})), HEADERS)
    manifest = read_manifest(store, SALE).manifest
    assert PUT.replace(microsecond=0) == manifest.objects["k"].stored_before
    claim = Claim("ann", PUT, "target", ("k",))
    store.put(KEY, render_manifest(replace(manifest, claim=claim)), HEADERS)
    assert manifest.objects == read_manifest(store, SALE).manifest.objects
    store.put(KEY, render_manifest(manifest), HEADERS)
    assert manifest.objects == read_manifest(store, SALE).manifest.objects


def test_a_digest_is_of_what_shoppers_get() -> None:
    """Not of who put it there, and when; not of an order either."""
    one, two = (
        Manifest(SALE, who, PUT, {key: replace(NEW, since=PUT + timedelta(days=len(who))) for key in keys})
        for who, keys in (("ann", ("a", "b")), ("robert", ("b", "a")))
    )
    other = replace(one, objects={**one.objects, "b": replace(NEW, headers=Headers("text/html", "no-store"))})
    assert manifest_digest(one) == manifest_digest(two) != manifest_digest(other)


def _rendered(**fields: Any) -> bytes:
    manifest = Manifest(SALE, "ann", PUT.replace(microsecond=0), {"k": NEW}, {"old": PUT.replace(microsecond=0)})
    return json.dumps({**json.loads(render_manifest(manifest)), **fields}).encode()


def test_a_manifest_of_format_1_is_read() -> None:
    """With all that was dropped; its objects were stored before it was."""
    fields = json.loads(_rendered())
    old = {key: row[:4] for key, row in fields["objects"].items()}
    store = MemoryStore(lambda: PUT)
    body = {key: fact for key, fact in fields.items() if key not in ("format", "flashgen")} | {"objects": old}
    store.put(KEY, json.dumps(body).encode(), HEADERS)
    manifest = read_manifest(store, SALE).manifest
    assert ({"old"}, PUT.replace(microsecond=0)) == (set(manifest.dropped), manifest.objects["k"].stored_before)


def test_a_newer_flashgens_manifest_is_left_alone() -> None:
    """The hint does not say to delete it: it knows what is in the store."""
    store = MemoryStore()
    store.put(KEY, _rendered(format=FORMAT + 1, flashgen="9.0"), HEADERS)
    with pytest.raises(Newer, match=f"a newer flashgen: it has format {FORMAT + 1}") as newer:
        read_manifest(store, SALE)
    assert "update flashgen" == newer.value.hint


def test_no_manifest_is_an_empty_one() -> None:
    """To be put if there still is none."""
    assert StoredManifest(Manifest(SALE), None) == read_manifest(MemoryStore(), SALE)


def test_it_is_private() -> None:
    """No cache may keep it."""
    assert ("_flashgen/fair/manifest.json", "private, no-store") == (KEY, HEADERS.cache_control)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b"1", b"\xff", b"[" * 100_000),
        render_manifest(Manifest(SALE)).replace(b"{}", b"[]"),
        b'{"format": "3"}',
        b'{"format": 3}',
    ],
    ids=["empty", "no facts", "a list", "a number", "not UTF-8", "deep", "objects in a list", "a word", "no version"],
)
def test_what_is_no_manifest_is_refused_by_name(body: bytes) -> None:
    """With the way out."""
    store = MemoryStore()
    store.put(KEY, body, HEADERS)
    with pytest.raises(Refused, match=KEY) as refused:
        read_manifest(store, SALE)
    assert "delete it" in refused.value.hint
