"""The journal as a table: every record, oldest first, safe for spreadsheets; damaged ones are named and left out."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from support.command import Flashgen

from flashgen.cli.audit import COLUMNS


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def play(flashgen: Flashgen, *lines: str) -> None:
    """Run commands that succeed."""
    for line in lines:
        assert 0 == flashgen(*line.split(), "--yes").exit_code


def journal_of(project: Path) -> Path:
    """Where the local store has it."""
    return project / ".flashgen" / "store" / "_flashgen" / "night" / "journal"


def test_who_did_what_when(pushed: Flashgen, project: Path) -> None:
    """In the sale's zone, too; with the SKUs that a verb was about."""
    path = project / "sale_configs" / "night.yaml"
    path.write_text(re.sub("timezone: .*", "timezone: Asia/Tokyo", path.read_text()))
    play(pushed, "go-live night --early", "sold-out night --sku MUG-1", "rollback night --to 1", "end night")
    run = pushed("audit", "night")
    rows = table(run.out)
    assert (0, "") == (run.exit_code, run.err)
    assert list(COLUMNS) == list(rows[0])
    assert ["push", "go-live", "sold-out", "rollback", "end"] == [row["verb"] for row in rows]
    assert ["", "scheduled → live", "MUG-1 closed", "MUG-1 open again", "live → ended"] == [
        row["change"] for row in rows
    ]
    assert ["", "", "MUG-1", "MUG-1", ""] == [row["skus"] for row in rows]
    assert ["0", "1", "2", "3", "4"] == [row["revision"] for row in rows]
    assert {("tester", "yes")} == {(row["who"], row["written"]) for row in rows}
    assert ["", "scheduled", "live", "live", "live"] == [row["from"] for row in rows]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows[1]["time"])
    assert rows[1]["local_time"].endswith("+09:00")


def test_a_name_is_no_formula(pushed: Flashgen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets FLASHGEN_WHO could have a spreadsheet run it."""
    monkeypatch.setenv("FLASHGEN_WHO", "=HYPERLINK(1)")
    play(pushed, "go-live night --early")
    assert "'=HYPERLINK(1)" == table(pushed("audit", "night").out)[1]["who"]
    assert "=HYPERLINK(1)" == json.loads(pushed("audit", "night", "--format", "json").out)[1]["who"]


def test_damaged_records_are_named_and_stop_nothing(pushed: Flashgen, project: Path) -> None:
    """The rest is written, and the code is 0."""
    play(pushed, "go-live night --early", "pause night")
    (journal_of(project) / "aaaa.json").write_text("{")
    run = pushed("audit", "night")
    assert 0 == run.exit_code
    assert ["push", "go-live", "pause"] == [row["verb"] for row in table(run.out)]
    assert "warning: left out: _flashgen/night/journal/aaaa.json in the store is not a journal record" in run.err
    assert 1 == pushed("audit", "night", "--json").result["unreadable"]


def test_an_attempt_that_never_became_public_says_so(pushed: Flashgen, project: Path) -> None:
    """Its record is all that there is of it."""
    play(pushed, "go-live night --early")
    (record,) = [one for one in journal_of(project).glob("*.json") if '"go-live"' in one.read_text()]
    died = json.loads(record.read_text()) | {"nonce": "bbbb", "verb": "end", "who": "dead"}
    (journal_of(project) / "bbbb.json").write_text(json.dumps(died))
    written = {row["who"]: row["written"] for row in table(pushed("audit", "night").out)}
    assert {"tester": "yes", "dead": "no"} == written


def test_without_its_pointer_nobody_knows_what_was_written(pushed: Flashgen, project: Path) -> None:
    """The table is there all the same."""
    play(pushed, "go-live night --early")
    (pointer,) = (project / ".flashgen" / "store" / "night").glob("unlock.*.js")
    pointer.unlink()
    run = pushed("audit", "night")
    assert ["unknown", "unknown"] == [row["written"] for row in table(run.out)]
    assert "which records became public is not known" in run.err


def test_a_file_has_the_format_of_its_name(pushed: Flashgen, project: Path) -> None:
    """stdout stays empty."""
    play(pushed, "go-live night --early")
    run = pushed("audit", "night", "-o", "audit.json")
    assert (0, "") == (run.exit_code, run.out)
    assert 2 == len(json.loads((project / "audit.json").read_text()))
    pushed("audit", "night", "-o", "audit.csv")
    assert 2 == len(table((project / "audit.csv").read_text()))
