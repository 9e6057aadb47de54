"""What the verbs of sale time say and refuse, as typed: ways back, repeats, ends that have passed, what others did."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen, Run

from flashgen.cli.session import Session
from flashgen.cli.state_text import difference
from flashgen.unlock.state import EVERY_SKU, SaleState, State

Asking = Callable[[Callable[[], object]], None]

HOUR = timedelta(hours=1)
NOBODY = frozenset[str]()
MUG = frozenset({"MUG-1"})


def whole_now() -> datetime:
    """What a YAML can say."""
    return datetime.now(UTC).replace(microsecond=0)


def edit(project: Path, starts_at: datetime, ends_at: datetime) -> None:
    """Write both times of the sale into its YAML."""
    path = project / "sale_configs" / "night.yaml"
    text = re.sub(r'(starts_at: )"[^"]*"', rf'\1"{starts_at.isoformat()}"', path.read_text())
    path.write_text(re.sub(r'(ends_at: )"[^"]*"', rf'\1"{ends_at.isoformat()}"', text))


def pointer(project: Path) -> dict[str, Any]:
    """What pages read."""
    (path,) = (project / ".flashgen" / "store" / "night").glob("unlock.*.js")
    facts: dict[str, Any] = json.loads(path.read_text().removeprefix("flashgen(").rstrip(")\n"))
    return facts


def undo_of(run: Run) -> str:
    """The command that was printed."""
    found = re.search(r"undo: flashgen (.*)", run.err)
    assert found, run.err
    return found[1]


@pytest.fixture
def while_asked(monkeypatch: pytest.MonkeyPatch, pushed: Flashgen) -> Asking:
    """Have something done while the operator looks at the question, who then says yes."""

    def when_asked(act: Callable[[], object]) -> None:
        acts = [act]

        def confirm(self: Session, question: str, yes: bool) -> None:
            while acts:
                acts.pop()()

        monkeypatch.setattr(Session, "confirm", confirm)

    return when_asked


@pytest.mark.parametrize(
    ("before", "line", "expected"),
    [
        ("", "pause night", "resume night"),
        ("", "sold-out night", "resume night"),
        ("", "sold-out night --sku MUG-1", "resume night --sku MUG-1"),
        ("pause night", "sold-out night", "rollback night --to 2"),
        ("sold-out night --sku MUG-1", "sold-out night", "rollback night --to 2"),
        ("sold-out night --sku MUG-1", "sold-out night --sku MUG-1 --sku SHIRT-1", "rollback night --to 2"),
        ("sold-out night", "pause night", "rollback night --to 2"),
    ],
)
def test_what_undo_says_leads_back_to_just_what_was(
    pushed: Flashgen, project: Path, before: str, line: str, expected: str
) -> None:
    """It reopens no more than was shut."""
    for earlier in filter(None, ("go-live night --early", before)):
        assert 0 == pushed(*earlier.split(), "--yes").exit_code
    was = pointer(project)
    undo = undo_of(pushed(*line.split(), "--yes"))
    assert expected == undo
    assert 0 == pushed(*undo.split(), "--yes").exit_code
    assert (was["state"], was["closed"]) == (pointer(project)["state"], pointer(project)["closed"])


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (MUG, EVERY_SKU, "every SKU closed"),
        (EVERY_SKU, EVERY_SKU, ""),
        (EVERY_SKU, MUG, "still closed: MUG-1"),
        (EVERY_SKU, NOBODY, "every SKU open again"),
        (MUG, frozenset({"CAP-1"}), "CAP-1 closed, MUG-1 open again"),
    ],
)
def test_a_closed_range_is_told_as_such(before: frozenset[str], after: frozenset[str], text: str) -> None:
    """What was closed before is no news then."""
    one, other = (SaleState(State.SCHEDULED, whole_now(), whole_now() + HOUR, closed=it) for it in (before, after))
    assert text == difference(one, other)


def test_a_sku_of_a_closed_range_is_not_reopened_unless_the_others_are_known(pushed: Flashgen, project: Path) -> None:
    """Exit 1: nothing was done."""
    assert 0 == pushed("sold-out", "night", "--yes").exit_code
    path = project / "sale_configs" / "night.yaml"
    path.write_text(path.read_text().replace('price: "19.90"', "price: -1"))
    run = pushed("resume", "night", "--sku", "MUG-1", "--yes")
    assert 1 == run.exit_code
    assert "mend the YAML" in run.err
    assert ["*"] == pointer(project)["closed"]


def test_a_sku_that_no_product_has_is_answered_with_those_there_are(pushed: Flashgen) -> None:
    """There are few."""
    run = pushed("sold-out", "night", "--sku", "NOPE", "--yes")
    assert 1 == run.exit_code
    assert re.search(r"the sale has .*MUG-1, .*SHIRT-1", run.err)


def test_a_sale_postponed_at_the_prompt_does_not_open(pushed: Flashgen, project: Path, while_asked: Asking) -> None:
    """The question was asked a minute after the old start; the push came before the answer."""
    start = whole_now() - timedelta(minutes=1)
    edit(project, start, start + 3 * HOUR)
    assert 0 == pushed("push", "--yes", "--force").exit_code

    def postpone() -> None:
        edit(project, start + HOUR, start + 3 * HOUR)
        assert 0 == pushed("push", "--yes", "--force").exit_code

    while_asked(postpone)
    run = pushed("go-live", "night")
    assert (1, "scheduled") == (run.exit_code, pointer(project)["state"])
    assert "postponed to" in run.err


def test_what_was_shown_at_the_prompt_is_what_is_changed(pushed: Flashgen, project: Path, while_asked: Asking) -> None:
    """Exit 4: a colleague has closed a SKU since."""
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    while_asked(lambda: pushed("sold-out", "night", "--sku", "MUG-1", "--yes"))
    run = pushed("end", "night")
    assert (4, "live") == (run.exit_code, pointer(project)["state"])


def test_who_thinks_past_the_moment_is_refused(
    pushed: Flashgen,
    project: Path,
    while_asked: Asking,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if it had been typed then: nothing waits, and nothing is written."""
    from flashgen.cli.transition import flow

    start = whole_now() + HOUR
    edit(project, start, start + HOUR)
    assert 0 == pushed("push", "--yes", "--force").exit_code
    monkeypatch.delattr(flow, "wait_and_write")
    while_asked(lambda: monkeypatch.setattr(flow, "now", lambda: start + timedelta(seconds=10)))
    run = pushed("go-live", "night", "--at", "start")
    assert (1, "scheduled") == (run.exit_code, pointer(project)["state"])
    assert "that time passed 10 s ago" in run.err


def test_a_postponement_takes_a_pointer_along_that_was_shipped_early(pushed: Flashgen, project: Path) -> None:
    """With `--lead` it is live before the start: it opens at the new one, and nobody is told to go live."""
    start = whole_now() + timedelta(seconds=90)
    edit(project, start, start + 3 * HOUR)
    assert 0 == pushed("push", "--yes", "--force").exit_code
    assert 0 == pushed("go-live", "night", "--lead", "10m", "--yes").exit_code
    token = pointer(project)["order"]["path"]
    edit(project, start + HOUR, start + 3 * HOUR)
    run = pushed("push", "--yes", "--force")
    assert 0 == run.exit_code
    later = (start + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = pointer(project)
    assert ("live", later, later) == (facts["state"], facts["starts_at"], facts["opens_at"])
    assert token != facts["order"]["path"]
    assert f"live already; its pages open at {later}" in run.err
    assert "next: flashgen status night" in run.err


def test_go_live_again_says_when_a_pointer_that_was_shipped_early_opens(pushed: Flashgen, project: Path) -> None:
    """Else "live already" would be taken for open."""
    start = whole_now() + timedelta(seconds=90)
    edit(project, start, start + HOUR)
    assert 0 == pushed("push", "--yes", "--force").exit_code
    for _ in range(2):
        run = pushed("go-live", "night", "--lead", "10m", "--yes")
        assert 0 == run.exit_code
    already, opens = run.out.splitlines()
    assert "nothing changed" in already
    assert re.fullmatch(rf"  pages open at (\S+ )?{start:%H:%M:%S} UTC", opens)


@pytest.mark.parametrize(
    ("before", "line"),
    [(None, "go-live night"), (None, "pause night"), ("pause night", "resume night"), (None, "sold-out night")],
)
def test_a_sale_past_its_end_is_told_so_whatever_is_done_to_it(
    pushed: Flashgen, project: Path, before: str | None, line: str
) -> None:
    """Pages are closed by the clock, though it says LIVE. Also when it is to be quiet."""
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    if before:
        assert 0 == pushed(*before.split(), "--yes").exit_code
    edit(project, whole_now() - 2 * HOUR, whole_now() - HOUR)
    assert 0 == pushed("push", "--yes", "--force").exit_code
    run = pushed("--quiet", *line.split(), "--yes")
    assert 0 == run.exit_code
    assert re.search(r"warning: the end of night, .*, has passed: for the public it is over", run.err)
    assert "flashgen end night" in run.err


def test_a_sale_before_its_end_is_not_warned_of(pushed: Flashgen) -> None:
    """Nor one that was ended."""
    for line in ("go-live night --early", "end night"):
        assert "has passed" not in pushed(*line.split(), "--yes").err


def test_a_resume_of_what_is_only_scheduled_says_what_opens_it(pushed: Flashgen, project: Path) -> None:
    """It changes nothing, and is no failure: the second of two resumes finds it so."""
    run = pushed("resume", "night", "--yes")
    assert (0, "scheduled") == (run.exit_code, pointer(project)["state"])
    assert "next: flashgen go-live night --at start" in run.err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            "--at 09:60",
            r'09:60.*; write "\d{4}-\d\d-\d\d \d\d:\d\d" or 19:30 \(in the sale\'s zone\), .*`start` or `end`',
        ),
        ("--at +5m", r"found \+5m; write"),
        ("--lead 10", "found 10; write it as 10s or 1m30s"),
    ],
)
def test_a_time_that_is_none_is_answered_with_one_that_is(pushed: Flashgen, options: str, expected: str) -> None:
    """Of this sale, to be typed over."""
    run = pushed("go-live", "night", *options.split(), "--yes")
    assert 2 == run.exit_code
    assert re.search(expected, run.err)


def test_an_end_that_is_still_to_come_is_not_called_past(pushed: Flashgen) -> None:
    """`--at end` opens nothing, at any time."""
    run = pushed("go-live", "night", "--at", "end", "--yes")
    assert 1 == run.exit_code
    assert re.search(r"night would open at its end, .*: there is nothing left to open", run.err)


def test_a_revision_that_is_unknown_is_answered_with_the_newest(pushed: Flashgen) -> None:
    """A dozen: the gate may have written thousands."""
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    for number in range(14):
        assert 0 == pushed("resume" if number % 2 else "pause", "night", "--yes").exit_code
    run = pushed("rollback", "night", "--to", "99", "--yes")
    assert 1 == run.exit_code
    assert "revisions on record: 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, …" in run.err


def test_a_rollback_reads_no_record_behind_the_one_it_looks_for(pushed: Flashgen, project: Path) -> None:
    """Each is a request: what lies behind may even be damaged."""
    for line in ("go-live night --early", "pause night", "end night"):
        assert 0 == pushed(*line.split(), "--yes").exit_code
    journal = project / ".flashgen" / "store" / "_flashgen" / "night" / "journal"
    (first,) = [path for path in journal.glob("*.json") if json.loads(path.read_text())["revision"] == 1]
    first.write_text("<html>")
    assert 0 == pushed("rollback", "night", "--to", "2", "--yes").exit_code
    assert "paused" == pointer(project)["state"]
