"""What the order gate reads is looked at in the store, and must not be had from the edge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.meddling_edge import MeddlingEdge, Reply
from support.operators import SALE, SERVERS
from support.shop import Shop, form_key, push_of

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.edge.rules.paths import public_path
from flashgen.finding import Level
from flashgen.layout import settings_key
from flashgen.release.manifest import read_manifest
from flashgen.store import MemoryStore
from flashgen.verify.model import EdgeConfig
from flashgen.verify.verification import Verification
from flashgen.verify.viewer import Viewer

SETTINGS, FORM = settings_key(SALE), form_key("order")


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """With a sale that takes orders, pushed."""
    store = MemoryStore()
    push_of(Shop(form="order").build(tmp_path), store).run()
    return store


@pytest.fixture
def edge(store: MemoryStore) -> MeddlingEdge:
    """In front of it."""
    return MeddlingEdge(Edge(store, order_origins=SERVERS))


def found(store: MemoryStore, edge: MeddlingEdge) -> dict[tuple[str, str], Level]:
    """What is said of the gate's files, by path and check; each fault has a fix."""
    with Serving(edge) as serving, Viewer(serving.url) as viewer:
        queries = iter(f"q{number}" for number in range(1_000))
        config = EdgeConfig("http://sale.example.com", "EDFDVBD6EXAMPLE")
        verification = Verification(
            store, SALE, viewer, config, lambda seconds: None, lambda: next(queries), lambda done, total: None
        )
        seen = [one for one in verification.run() if one.path in (public_path(SETTINGS), public_path(FORM))]
    assert all(one.finding.hint for one in seen if one.finding.level is not Level.PASS)
    return {(one.path, one.finding.check): one.finding.level for one in seen}


PRIVATE = {(public_path(SETTINGS), "private"): Level.PASS}
GOOD = {**PRIVATE, (public_path(SETTINGS), "stored"): Level.PASS}


def test_private_files_are_in_the_store_and_not_at_the_edge(store: MemoryStore, edge: MeddlingEdge) -> None:
    """Of the gate's pages the edge is not even asked."""
    asked: list[str] = []

    def note(reply: Reply) -> Reply:
        asked.append(reply.path)
        return reply

    edge.change = note
    assert GOOD == found(store, edge)
    assert (1, 0) == (asked.count(public_path(SETTINGS)), asked.count(public_path(FORM)))


def test_an_edge_that_shows_gate_json_fails(store: MemoryStore, edge: MeddlingEdge) -> None:
    """It tells the stock, and where orders go."""
    shown = public_path(SETTINGS)
    edge.change = lambda reply: replace(reply, status=200, body=b"{}") if reply.path == shown else reply
    assert {**GOOD, (public_path(SETTINGS), "private"): Level.FAIL} == found(store, edge)


@pytest.mark.parametrize("key", [SETTINGS, FORM])
@pytest.mark.parametrize("damage", ["gone", "body", "headers"])
def test_what_is_not_as_it_was_pushed_fails(store: MemoryStore, edge: MeddlingEdge, key: str, damage: str) -> None:
    """In the store: no edge could tell."""
    headers = read_manifest(store, SALE).manifest.objects[key].headers
    if damage == "gone":
        store.delete([key])
    elif damage == "body":
        store.put(key, b"other", headers)
    else:
        stored = store.get(key)
        assert stored is not None
        store.put(key, stored.body, replace(headers, cache_control="public"))
    assert {**PRIVATE, (public_path(key), "stored"): Level.FAIL} == found(store, edge)
