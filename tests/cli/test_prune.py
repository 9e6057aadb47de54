"""`prune` as a release engineer types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command import Flashgen

LONG_AGO, START = "2020-01-01T00:00:00Z", "starts_at"


@pytest.fixture
def dropped(pushed: Flashgen, project: Path) -> Flashgen:
    """A product has left the sale, long ago."""
    path = project / "sale_configs" / "night.yaml"
    text = path.read_text()
    start = text.index("  - sku: MUG-1")
    end = text.index("\norder:", start)
    path.write_text(text[:start] + text[end:])
    assert pushed("push", "--yes").exit_code == 0
    manifest = project / ".flashgen" / "store" / "_flashgen" / "night" / "manifest.json"
    fields = json.loads(manifest.read_text())
    assert fields["dropped"]
    fields["dropped"] = dict.fromkeys(fields["dropped"], LONG_AGO)
    manifest.write_text(json.dumps(fields))
    return pushed


def sale_files(project: Path) -> set[str]:
    """What shoppers can get."""
    folder = project / ".flashgen" / "store" / "night"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_is_due_is_shown_and_deleted(dropped: Flashgen, project: Path) -> None:
    """Key, since when, how large; and once more there is nothing to do."""
    before = sale_files(project)
    run = dropped("prune", "night", "--yes", "--json")
    (row,) = run.result["deleted"]
    assert (0, LONG_AGO, row["bytes"]) == (run.exit_code, row["dropped_at"], run.result["bytes"])
    assert {row["key"]} == {f"night/{name}" for name in before - sale_files(project)}
    again = dropped("prune", "night", "--json")
    assert (0, []) == (again.exit_code, again.result["deleted"])


def test_a_dry_run_deletes_nothing(dropped: Flashgen, project: Path) -> None:
    """It shows the same."""
    before = sale_files(project)
    result = dropped("prune", "night", "--dry-run", "--json").result
    assert (1, []) == (len(result["due"]), result["deleted"])
    run = dropped("prune", "night", "--dry-run")
    assert f"dropped {LONG_AGO}" in run.out
    assert "night: 1 object to delete, " in run.out
    assert before == sale_files(project)


def test_it_asks_first(dropped: Flashgen, project: Path) -> None:
    """Without a terminal it needs --yes: exit 2, nothing is deleted."""
    before = sale_files(project)
    run = dropped("prune", "night")
    assert (2, True) == (run.exit_code, "--yes" in run.err)
    assert before == sale_files(project)


def test_with_nothing_dropped_it_says_so(pushed: Flashgen) -> None:
    """Exit 0, unasked."""
    run = pushed("prune", "night")
    assert (0, True) == (run.exit_code, "nothing to delete: nothing has left the sale" in run.out)


def test_with_nothing_due_it_says_when(dropped: Flashgen) -> None:
    """The first of them."""
    run = dropped("prune", "night", "--older-than", "3650d", "--json")
    assert (0, [], "2029-12-29T00:00:00Z") == (run.exit_code, run.result["deleted"], run.result["next_due_at"])
    out = dropped("prune", "night", "--older-than", "3650d").out
    assert "nothing to delete yet" in out
    assert "the first is due at 2029-12-29T00:00:00Z" in out


def test_pages_that_may_be_cached_for_longer_need_force(dropped: Flashgen, project: Path) -> None:
    """Whatever headers they have today: they may have been pushed with others, and browsers are never invalidated."""
    before = sale_files(project)
    run = dropped("prune", "night", "--older-than", "6d23h59m59s", "--yes")
    assert (1, True) == (run.exit_code, "browsers and edges may have pages of 7 days ago" in run.err)
    assert before == sale_files(project)
    assert dropped("prune", "night", "--older-than", "1d", "--yes", "--force").exit_code == 0
    assert before != sale_files(project)


def test_nothing_is_deleted_around_the_start(dropped: Flashgen, project: Path) -> None:
    """The freeze that holds for push; --force is the way around."""
    soon = datetime.now(UTC) + timedelta(minutes=10)
    path = project / "sale_configs" / "night.yaml"
    lines = [
        f'  starts_at: "{soon:%Y-%m-%dT%H:%M:%SZ}"' if START in line else line for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines))
    before = sale_files(project)
    run = dropped("prune", "night", "--yes")
    assert (1, True) == (run.exit_code, "nothing is pushed or pruned" in run.err)
    assert before == sale_files(project)
    assert dropped("prune", "night", "--yes", "--force").exit_code == 0


def test_nothing_is_deleted_around_the_start_that_was_pushed(dropped: Flashgen, project: Path) -> None:
    """A YAML that was moved away since thaws nothing."""
    manifest = project / ".flashgen" / "store" / "_flashgen" / "night" / "manifest.json"
    fields = json.loads(manifest.read_text())
    fields["pointer"]["starts_at"] = f"{datetime.now(UTC) + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
    manifest.write_text(json.dumps(fields))
    before = sale_files(project)
    run = dropped("prune", "night", "--yes")
    assert (1, True) == (run.exit_code, "nothing is pushed or pruned" in run.err)
    assert before == sale_files(project)


@pytest.mark.parametrize("span", ["7", "week", "-1d", "1d-2h", "99999d", "1d\n", ""])
def test_a_span_that_is_none_is_wrong_usage(pushed: Flashgen, span: str) -> None:
    """With an example of one."""
    run = pushed("prune", "night", "--older-than", span)
    assert (2, True) == (run.exit_code, "such as 7d, 36h or 1d12h" in run.err)
