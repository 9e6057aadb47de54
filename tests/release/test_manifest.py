"""The manifest's bytes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.operators import SALE

from flashgen.errors import Refused
from flashgen.release.manifest import (
    HEADERS,
    Claim,
    Manifest,
    ManifestSeen,
    Published,
    PublishedPointer,
    manifest_key,
    read_manifest,
    render_manifest,
)
from flashgen.store import Headers, MemoryStore

KEY = manifest_key(SALE)
words = st.text(max_size=12)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda instant: instant.replace(microsecond=0, tzinfo=UTC)
)
headers = st.builds(Headers, words, words)
manifests = st.builds(
    Manifest,
    sale=st.just(SALE),
    who=words,
    when=st.none() | instants,
    objects=st.dictionaries(words, st.builds(Published, words, headers, instants), max_size=4),
    dropped=st.dictionaries(words, instants, max_size=3),
    pointer=st.none() | st.builds(PublishedPointer, words, instants, instants, headers),
    claim=st.none() | st.builds(Claim, words, instants, words, st.lists(words, max_size=3).map(tuple)),
)


@given(manifests)
def test_what_is_written_is_read(manifest: Manifest) -> None:
    """All of it, and the same facts are the same bytes in whatever order they came."""
    store, body = MemoryStore(), render_manifest(manifest)
    etag = store.put(KEY, body, HEADERS)
    assert ManifestSeen(manifest, etag) == read_manifest(store, SALE)
    assert body == render_manifest(read_manifest(store, SALE).manifest)


def test_no_manifest_is_an_empty_one() -> None:
    """To be put if there still is none."""
    assert ManifestSeen(Manifest(SALE), None) == read_manifest(MemoryStore(), SALE)


def test_it_is_private() -> None:
    """Nobody may cache it."""
    assert ("_flashgen/fair/manifest.json", "private, no-store") == (KEY, HEADERS.cache_control)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"1", b"\xff", b"[" * 100_000, render_manifest(Manifest(SALE)).replace(b"{}", b"[]")],
    ids=["empty", "no facts", "a list", "a number", "not UTF-8", "deep", "objects in a list"],
)
def test_what_is_no_manifest_is_refused_by_name(body: bytes) -> None:
    """With the way out."""
    store = MemoryStore()
    store.put(KEY, body, HEADERS)
    with pytest.raises(Refused, match=KEY) as refused:
        read_manifest(store, SALE)
    assert "delete it" in refused.value.hint
