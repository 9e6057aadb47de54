"""Findings on a terminal and elsewhere."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from flashgen.cli.findings import FindingRow, counted, print_findings, summary
from flashgen.cli.session import Session
from flashgen.finding import Finding, Level
from flashgen.hint import command_line

GOOD = Finding(Level.PASS, "page", "as pushed")
BAD = Finding(Level.FAIL, "body", "not as pushed", "push again")


def test_failures_come_last_and_say_the_fix(capsys: pytest.CaptureFixture[str]) -> None:
    """They are what is still in sight; the place is aligned among those of its level."""
    print_findings(Session(), [FindingRow("/b/", BAD, "Age 9 s"), FindingRow("/", GOOD), FindingRow("/longer/", GOOD)])
    assert [
        "  PASS  /         page: as pushed",
        "  PASS  /longer/  page: as pushed",
        "  FAIL  /b/  body: not as pushed  (Age 9 s)",
        "        fix: push again",
    ] == capsys.readouterr().out.splitlines()


def test_long_lines_fit_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Below where the text begins; a word that people copy is never cut."""
    monkeypatch.setenv("COLUMNS", "60")
    long = Finding(Level.FAIL, "body", "not as it was pushed to the store an hour ago", f"curl https://{'x' * 70}/ -I")
    print_findings(Session(), [FindingRow("/night/", long)])
    assert [
        "  FAIL  /night/  body: not as it was pushed to the store an",
        "                 hour ago",
        "        fix: curl",
        f"             https://{'x' * 70}/",
        "             -I",
    ] == capsys.readouterr().out.splitlines()


def test_a_line_without_a_terminal_is_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One finding is one line, for grep."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "__stdout__", sys.stdout)
    print_findings(Session(), [FindingRow("/", Finding(Level.PASS, "page", "word " * 100 + "end"))])
    assert f"  PASS  /  page: {'word ' * 100}end\n" == capsys.readouterr().out


def test_a_fix_goes_to_the_target_that_was_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """To be pasted as it is."""
    print_findings(Session(target_name="production"), [FindingRow("/", replace(BAD, hint=command_line("push night")))])
    assert "fix: flashgen --target production push night\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], "0 pass, no warnings, no failures"),
        ([Level.PASS, Level.WARN, Level.FAIL], "1 pass, 1 warning, 1 failure"),
        ([Level.PASS] * 1234 + [Level.WARN, Level.FAIL] * 2, "1,234 pass, 2 warnings, 2 failures"),
    ],
)
def test_the_sum_is_in_words(levels: list[Level], expected: str) -> None:
    """Never by colour alone."""
    assert expected in summary(counted(Finding(level, "x", "y") for level in levels))
