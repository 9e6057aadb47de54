"""`flashgen rehearse`, for real: a crowd on Locust, edge, gate and order subsystem; and a judge who can say no."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from support.command import Flashgen, Run

from flashgen.cli.gate import process
from flashgen.cli.rehearse import stage
from flashgen.edge.local.app import Edge
from flashgen.edge.rules.behaviour import DEFAULT, POINTER

ALL = [
    *("nobody before the start", "time to unlock", "origin load", "no oversell", "each order once"),
    *("the right page", "forecast"),
]
UNTIMED = ["nobody before the start", "no oversell", "each order once", "the right page"]
SELLS_FOR_EVER = """
import sys
from flashgen.gate.storage.sqlite.admission import Decisions
assert Decisions._refused
Decisions._refused = lambda self, visit: None
from flashgen.cli.main import run
if __name__ == "__main__":  # its workers are spawned, and import this too
    run()
"""
SHORT = ("--visitors", "40", "--buyers", "80%", "--before", "4s", "--lasts", "9s", "--form", "1s", "--lead", "3s")


@pytest.fixture
def sale(flashgen: Flashgen) -> Flashgen:
    """A sale with one product, called `night`."""
    assert flashgen("new", "night").exit_code == 0
    return flashgen


def verdict(run: Run) -> dict[str, bool | None]:
    """Promise → whether it was kept."""
    return {one["name"]: one["kept"] for one in run.result["promises"]}


def test_a_night_that_goes_well(sale: Flashgen, project: Path) -> None:
    """Two Locust workers; promises that depend on no clock are kept, and nothing of the rehearsal stays."""
    run = sale("rehearse", "night", *SHORT, "--stock", "5", "--processes", "2", "--json")
    said = verdict(run)
    assert ALL == list(said)
    assert all(said[name] for name in UNTIMED), run.result
    assert (0 if all(said.values()) else 1) == run.exit_code
    assert 10 == run.result["orders"]  # of two products
    assert not (project / ".flashgen" / "rehearsal").exists()
    assert not (project / ".flashgen" / "store").exists()


def test_the_judge_can_say_no(sale: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate without its check of the stock, and an edge that keeps the pointer for long: both are named."""
    broken = project / "broken_gate.py"
    broken.write_text(SELLS_FOR_EVER, encoding="utf-8")
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, str(broken)))
    slow = replace(POINTER, min_ttl_seconds=12, max_ttl_seconds=12)
    monkeypatch.setattr(stage, "Edge", partial(Edge, behaviours=(slow, DEFAULT)))
    run = sale("rehearse", "night", *SHORT, "--lasts", "18s", "--stock", "1", "--lead", "0s", "--json")
    said = verdict(run)
    assert (False, False) == (said["time to unlock"], said["no oversell"]), run.result
    assert said["nobody before the start"]
    assert said["each order once"]
    assert 1 == run.exit_code


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("night", "--trouble", "orign-5xx"), "--trouble: there is no `orign-5xx`"),
        (("night", "--visitors", "0"), "--visitors"),
        ((), "which sale?"),
        (("nigt",), "no sale `nigt`"),
    ],
)
def test_bad_questions(sale: Flashgen, words: tuple[str, ...], complaint: str) -> None:
    """One clear error."""
    run = sale("rehearse", *words)
    assert run.exit_code in (1, 2)
    assert complaint in run.err
