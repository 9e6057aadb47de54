"""What a system may not give: a folder that can be written, open files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Flashgen
from support.projects import write_feed

FLASHGEN = (sys.executable, "-m", "flashgen")
FEW_FILES = 64


@pytest.fixture
def as_a_user() -> tuple[str, ...]:
    """What begins a command that may not write where nobody may: root may write everywhere."""
    if os.getuid() != 0:
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere: install util-linux, whose setpriv takes that away")
    return ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")


@pytest.fixture
def read_only(pushed: Flashgen, project: Path) -> Iterator[Path]:
    """A project with an open sale, all of which is read-only, as in a container; so is HOME."""
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    (project / "home").mkdir()
    paths = [project, *project.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(modes[path] & 0o555)
    yield project
    for path in paths:
        path.chmod(modes[path])


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with HOME in the folder."""
    environment = os.environ | {"HOME": str(folder / "home")}
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_commands_that_read_need_nothing_to_write(read_only: Path, as_a_user: tuple[str, ...]) -> None:
    """`verify` asks an edge, which nobody serves here; a command that writes says what is in its way."""
    (pointer,) = read_only.rglob("store/night/unlock.*.js")
    token = pointer.read_text().partition('"path":"/o/')[2].partition('"')[0]
    assert token
    for line in ("check", "status night", "status night --json", f"token inspect {token}", "schema", "host list"):
        done = run(read_only, *as_a_user, *FLASHGEN, *line.split())
        assert 0 == done.returncode, (line, done.stderr)
    done = run(read_only, *as_a_user, *FLASHGEN, "verify", "night")
    assert "no connection" in done.stderr
    for line in ("build", "pause night --yes", "new other"):
        done = run(read_only, *as_a_user, *FLASHGEN, *line.split())
        assert (1, 1, False) == (done.returncode, done.stderr.count("error: "), "Traceback" in done.stderr), line
        assert "permission" in done.stderr


def with_few_files(count: int, *command: str) -> tuple[str, ...]:
    """The command, where a process may open `count` files."""
    return ("/bin/sh", "-c", f'ulimit -n {count} && exec "$@"', "sh", *command)


def test_few_open_files_are_enough_for_many_pages(tmp_path: Path) -> None:
    """They are built by workers, and pushed by threads."""
    write_feed(tmp_path, 120)
    for line in ("build", "push --yes", "go-live night --early --yes", "status night"):
        done = run(tmp_path, *with_few_files(FEW_FILES, *FLASHGEN, *line.split()))
        assert 0 == done.returncode, done.stderr
    assert 120 == len(list((tmp_path / ".flashgen" / "store" / "night").glob("thing-*/index.html")))
