"""Readers that go away, disks that are full, and lines to paste."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Flashgen

from flashgen.cli.session import Session


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
def test_a_full_disk_is_told(pushed: Flashgen, project: Path, line: str) -> None:
    """Once, in words."""
    with Path("/dev/full").open("wb") as full:
        done = _run(project, line, full.fileno())
    assert (1, 1) == (done.returncode, done.stderr.count("no space left on device"))
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flashgen push night", "flashgen --target far push night"),
        ("wait; then `flashgen go-live x --at start`", "wait; then `flashgen --target far go-live x --at start`"),
        ("flashgen build, then flashgen push", "flashgen build, then flashgen --target far push"),
        ("flashgen push --target far night", "flashgen push --target far night"),
        ("flashgen pushes", "flashgen pushes"),
    ],
)
def test_lines_to_paste_go_where_this_one_went(text: str, expected: str) -> None:
    """Else an undo would be done in the default target, and say that all is well."""
    assert expected == Session(target_name="far").aimed(text)
    assert text == Session().aimed(text)


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
