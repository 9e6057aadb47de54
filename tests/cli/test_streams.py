"""Readers that go away, disks that are full, and lines to paste."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Flashgen

from flashgen.cli.session import Session
from flashgen.hint import Hint, command_line


def _run(project: Path, line: str, stdout: int) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a shell runs it."""
    command = [sys.executable, "-m", "flashgen", "--project", str(project), *line.split()]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("line", ["push --yes", "push --yes --json"])
def test_a_push_outlives_its_reader(
    flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch, line: str, unbuffered: str
) -> None:
    """`| head -1` must not stop it half way, nor make a failure of it."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    assert flashgen("new", "night").exit_code == 0
    reader, writer = os.pipe()
    os.close(reader)
    done = _run(project, line, writer)
    os.close(writer)
    assert (0, False) == (done.returncode, "error" in done.stderr)
    assert flashgen("plan", "--json").result["is_noop"]


@pytest.mark.parametrize("line", ["plan", "plan --json"])
def test_a_full_disk_is_reported(pushed: Flashgen, project: Path, line: str) -> None:
    """Once, in words."""
    with Path("/dev/full").open("wb") as full:
        done = _run(project, line, full.fileno())
    assert (1, 1) == (done.returncode, done.stderr.count("error: not all of the output was written"))
    assert "stdout has no space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def _state(flashgen: Flashgen) -> str:
    (sale,) = flashgen("status", "--json").result["sales"]
    return str(sale["state"])


_CHANGES = [
    ("build", ""),
    ("push --yes --refresh", ""),
    ("go-live night --early --yes", "live"),
    ("go-live night --early --yes --json", "live"),
    ("pause night --yes", "paused"),
    ("end night --yes", "ended"),
    ("rotate night --yes", ""),
    ("new day", ""),
]


@pytest.mark.parametrize(("line", "state"), _CHANGES)
def test_what_was_done_is_no_failure_where_the_disk_is_full(
    pushed: Flashgen, project: Path, line: str, state: str
) -> None:
    """Else a script would take a sale that is open for one that is not; a warning says that output is missing."""
    if state == "paused":
        assert pushed("go-live", "night", "--early", "--yes").exit_code == 0
    with Path("/dev/full").open("wb") as full:
        done = _run(project, line, full.fileno())
    assert (0, 1) == (done.returncode, done.stderr.count("warning: done, but not all of the output was written"))
    assert "error" not in done.stderr
    if state:
        assert state == _state(pushed)


def _run_closed(project: Path, line: str, closed: str) -> subprocess.CompletedProcess[str]:
    """With standard streams that the shell has closed: `>&-`."""
    command = [sys.executable, "-m", "flashgen", "--project", str(project), *line.split()]
    shell = ["/bin/sh", "-c", f'"$@" {closed}', "sh", *command]
    return subprocess.run(shell, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("closed", "warned"), [(">&-", True), ("2>&-", False), ("<&-", False), ("<&- >&- 2>&-", False)]
)
def test_a_change_needs_no_streams(pushed: Flashgen, project: Path, closed: str, warned: bool) -> None:
    """As those who detach a process from its terminal close them."""
    done = _run_closed(project, "go-live night --early --yes", closed)
    assert (0, warned) == (done.returncode, "warning: done, but" in done.stderr)
    assert "Traceback" not in done.stderr
    assert "live" == _state(pushed)


def test_no_umask_lets_everybody_write(project: Path) -> None:
    """Secrets, orders and pages are in there."""
    command = [sys.executable, "-m", "flashgen", "--project", str(project), "new", "night"]
    assert 0 == subprocess.run(["/bin/sh", "-c", 'umask 000; "$@"', "sh", *command], check=False).returncode
    written = [project / ".flashgen", *project.rglob("*")]
    assert (project / ".flashgen" / "sale.schema.json") in written
    assert [] == [path for path in written if path.stat().st_mode & stat.S_IWOTH]


def test_a_closed_stdout_is_reported(pushed: Flashgen, project: Path) -> None:
    """To whom a command is of no use without what it prints."""
    done = _run_closed(project, "status night --json", ">&-")
    assert (1, "error: not all of the output was written: stdout is closed") == (
        done.returncode,
        done.stderr.splitlines()[0],
    )


def test_a_failure_without_a_stdout_is_told_on_stderr(pushed: Flashgen, project: Path) -> None:
    """The document with it was lost."""
    done = _run_closed(project, "rollback night --to 99 --yes --json", ">&-")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")


def test_a_full_stderr_changes_no_outcome(pushed: Flashgen, project: Path) -> None:
    """Talk is what a command can do without."""
    command = [sys.executable, "-m", "flashgen", "--project", str(project), "go-live", "night", "--early", "--yes"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert 0 == done.returncode
    assert "night is LIVE" in done.stdout


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (command_line("push night"), "flashgen --target far push night"),
        (
            Hint("wait; then `", command_line("go-live x --at start"), "`"),
            "wait; then `flashgen --target far go-live x --at start`",
        ),
        (Hint.joined("flashgen build", "", command_line("push")), "flashgen build; flashgen --target far push"),
        (Hint(Hint("try ", command_line("push")), " again"), "try flashgen --target far push again"),
        ("flashgen push --target far night", "flashgen push --target far night"),
    ],
)
def test_lines_to_paste_go_where_this_one_went(hint: str, expected: str) -> None:
    """Else an undo would be done in the default target, and say that all is well."""
    assert expected == Session(target_name="far").aimed(hint)
    assert str(hint) == Session().aimed(hint)


def test_an_undo_goes_to_its_target(pushed: Flashgen, project: Path) -> None:
    """As do the next step and the hints of errors."""
    settings = project / "flashgen.yaml"
    settings.write_text('secret: env:NIGHT\ntargets: {far: {store: "dir:far"}}\n', encoding="utf-8")
    run = pushed("push", "--target", "far", "--yes")
    assert "next: flashgen --target far go-live night" in run.err
    run = pushed("sold-out", "night", "--target", "far", "--yes")
    assert "undo: flashgen --target far resume night" in run.err
    assert pushed("end", "night", "--target", "far", "--yes").exit_code == 0
    assert "`flashgen --target far rollback` restores" in pushed("pause", "night", "--target", "far", "--yes").err
