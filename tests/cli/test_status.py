"""`flashgen status`: the store, the edge in front of it, and whatever began and did not end."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen
from support.projects import store_of

from flashgen.cli.status import read
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.layout import manifest_key
from flashgen.release.manifest import HEADERS, Claim, read_manifest, render_manifest
from flashgen.store import FolderStore

KEYS = {
    *("sale", "pointer", "store", "state", "revision", "who", "when", "starts_at", "ends_at", "opens_at", "epoch"),
    *("closed", "sold", "past_end", "next", "edge", "claim", "drift", "history", "attempts", "damaged", "stopped"),
}


def seen_at(project: Path, url: str) -> None:
    """Where the local target is public."""
    target = f"{{store: 'dir:.flashgen/store', url: '{url}'}}"
    (project / "flashgen.yaml").write_text(f"targets: {{local: {target}}}\n", encoding="utf-8")


@pytest.fixture
def edge(pushed: Flashgen, project: Path) -> Iterator[Flashgen]:
    """The pushed sale `night` behind an edge."""
    with Serving(Edge(store_of(project))) as serving:
        seen_at(project, serving.url)
        yield pushed


@pytest.fixture
def stale_edge(pushed: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flashgen]:
    """Behind an edge that never changes. `status` does not wait for it to follow."""
    shutil.copytree(project / ".flashgen" / "store", project / "copy")
    monkeypatch.setattr(read, "read_statuses", partial(read.read_statuses, settle_seconds=0.0))
    with Serving(Edge(FolderStore(project / "copy"))) as serving:
        seen_at(project, serving.url)
        yield pushed


def row_of(run: Any) -> dict[str, Any]:
    """The one sale of a JSON document."""
    assert run.exit_code == 0, run.out
    (row,) = run.result["sales"]
    return dict(row)


def test_the_keys_of_a_sale(edge: Flashgen) -> None:
    """Pipelines read them."""
    assert KEYS == set(row_of(edge("status", "--json")))


def test_a_sale_that_was_never_pushed_has_the_same_keys(flashgen: Flashgen) -> None:
    """And what to do about it."""
    flashgen("new", "night")
    row = row_of(flashgen("status", "--json"))
    assert KEYS | {"note", "hint"} == set(row)
    assert (None, None, [], "flashgen push night") == (row["state"], row["next"], row["history"], row["hint"])


def test_the_edge_shows_what_the_store_has(edge: Flashgen) -> None:
    """With what it says of its copy; right after a transition, too, when an edge still has the one before."""
    edge("status")
    edge("go-live", "night", "--early", "--yes")
    row = row_of(edge("status", "--json"))
    assert ([], 1, 1, None) == (row["drift"], row["revision"], row["edge"]["revision"], row["edge"]["problem"])
    assert row["edge"]["x_cache"].endswith("from flashgen")


def test_an_edge_that_stays_behind_is_drift(stale_edge: Flashgen) -> None:
    """It fronts another store, or keeps the pointer for too long."""
    stale_edge("go-live", "night", "--early", "--yes")
    run = stale_edge("status")
    assert 0 == run.exit_code
    assert re.search(r"drift +the edge shows revision 0.*, the store has 1", run.out)


def test_an_edge_out_of_reach_is_reported_and_no_failure(pushed: Flashgen, project: Path) -> None:
    """The state of the sale is in the store."""
    with Serving(Edge(store_of(project))) as serving:
        seen_at(project, serving.url)
    row = row_of(pushed("status", "--json"))
    assert ("scheduled", None, []) == (row["state"], row["edge"]["revision"], row["drift"])
    assert f"{serving.url}/{row['pointer']}: no connection: connection refused" == row["edge"]["problem"]
    assert "edge      cannot be seen at http://" in pushed("status").out


def test_the_next_step(edge: Flashgen) -> None:
    """What happens without an operator."""
    scheduled = row_of(edge("status", "--json"))
    assert {"what": "starts_at", "at": scheduled["starts_at"]} == scheduled["next"]
    edge("end", "night", "--yes")
    assert None is row_of(edge("status", "--json"))["next"]


def test_a_push_under_way_is_reported(edge: Flashgen, project: Path) -> None:
    """Who began it, and when."""
    store = store_of(project)
    claim = Claim("ann", datetime(2026, 11, 27, 8, tzinfo=UTC), "digest", ())
    manifest = replace(read_manifest(store, "night").manifest, claim=claim)
    store.put(manifest_key("night"), render_manifest(manifest), HEADERS)
    assert {"who": "ann", "when": "2026-11-27T08:00:00Z", "what": "push"} == row_of(edge("status", "--json"))["claim"]
    assert "push      ann began it at 2026-11-27T08:00:00Z and has not finished it" in edge("status").out


def test_a_damaged_manifest_hides_nothing_else(edge: Flashgen, project: Path) -> None:
    """The status says that it could not be read."""
    store_of(project).put(manifest_key("night"), b"{", HEADERS)
    run = edge("status")
    assert (0, True) == (run.exit_code, "night: scheduled" in run.out)
    assert "damaged   _flashgen/night/manifest.json" in run.out


def test_history_is_of_one_sale_or_of_all_that_are_wanted(edge: Flashgen) -> None:
    """Each line of it is a request."""
    edge("new", "dawn")
    edge("push", "dawn", "--yes")
    assert [False, True, True] == [
        "  history\n" in edge(*line.split()).out for line in ("status", "status -v", "status night")
    ]


def test_one_sale_that_cannot_be_read_hides_no_other(edge: Flashgen, project: Path) -> None:
    """Each has an error; the exit code is 1."""
    for name in ("dawn", "dusk"):
        edge("new", name)
        edge("push", name, "--yes")
        (pointer,) = (project / ".flashgen" / "store" / name).glob("unlock.*.js")
        pointer.write_text("nonsense")
    run = edge("status")
    assert (1, True) == (run.exit_code, "night: scheduled" in run.out)
    assert ["dawn", "dusk"] == re.findall(r"error: (\w+)/unlock\.\w+\.js in the store is not a pointer", run.err)


def test_a_board_is_no_json_document(pushed: Flashgen) -> None:
    """Wrong usage."""
    run = pushed("status", "--watch", "--json")
    assert (2, False) == (run.exit_code, run.document["ok"])
