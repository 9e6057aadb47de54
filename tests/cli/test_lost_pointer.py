"""Somebody deleted a pointer, or wrote over it: what the commands say, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Flashgen, Run


def pointer(project: Path) -> Path:
    """The one pointer in the project's local store."""
    (path,) = (project / ".flashgen" / "store" / "night").glob("unlock.*.js")
    return path


@pytest.fixture
def live(pushed: Flashgen) -> Flashgen:
    """The sale is open."""
    assert pushed("go-live", "night", "--early", "--yes").exit_code == 0
    return pushed


@pytest.mark.parametrize(
    "line", ["status", "go-live night --early --yes", "pause night --yes", "rollback night --to 0 --yes"]
)
def test_nobody_says_that_it_was_never_pushed(live: Flashgen, project: Path, line: str) -> None:
    """The manifest knows better; the hint is the command that helps."""
    pointer(project).unlink()
    run = live(*line.split())
    assert (1, True) == (run.exit_code, "somebody deleted it" in run.err), run.err
    assert "never pushed" not in run.err
    assert "hint: flashgen push --refresh night " in run.err


def test_a_sale_that_was_never_pushed_is_told_so(flashgen: Flashgen) -> None:
    """There a plain push is the way."""
    flashgen("new", "night")
    run = flashgen("go-live", "night", "--early", "--yes")
    assert (1, True) == (run.exit_code, "never pushed" in run.err), run.err
    assert "hint: flashgen push night\n" in run.err


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"junk")], ids=["lost", "damaged"])
def test_the_hint_leads_back_to_an_open_sale(live: Flashgen, project: Path, damage: object) -> None:
    """Step by step as it is told: shut first, then opened by a person, under the token that buyers have."""
    path = pointer(project)
    was = path.read_text()
    assert callable(damage)
    damage(path)
    run = live("end", "night", "--yes")
    assert "flashgen push --refresh night" in run.err
    path.unlink(missing_ok=True)  # as the hint for a damaged one says
    assert_done(live("push", "--refresh", "night", "--yes", "--force"))
    assert '"rev":2,' in path.read_text()
    assert '"state":"paused"' in path.read_text()
    assert_done(live("resume", "night", "--yes"))
    assert order_of(was) == order_of(path.read_text())


def assert_done(run: Run) -> None:
    """It worked."""
    assert run.exit_code == 0, run.err


def order_of(text: str) -> str:
    """The order path and servers of a live pointer."""
    return text[text.index('"order":') :]
