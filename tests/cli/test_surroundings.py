"""Where people run it: a user without a name, a folder that is gone, terminals that want colours or none."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import pty
import subprocess
import sys
import termios
import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from support.projects import write_sale

from flashgen.cli.runtime import operator

FLASHGEN = (sys.executable, "-m", "flashgen")


@pytest.mark.parametrize("raised", [KeyError("getpwuid(): uid not found: 1000780000"), OSError("No username set")])
def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch, raised: Exception) -> None:
    """Python 3.13 raises OSError, older ones KeyError."""

    def unknown() -> str:
        raise raised

    monkeypatch.delenv("FLASHGEN_WHO", raising=False)
    monkeypatch.setattr(getpass, "getuser", unknown)
    assert operator().startswith(f"uid {os.getuid()}@")


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user, which only root may")
def test_a_container_s_user_pushes(tmp_path: Path) -> None:
    """OpenShift gives processes a uid that no file knows, with group 0."""
    write_sale(tmp_path)
    for folder in (tmp_path, *tmp_path.parents[:3], *(path for path in tmp_path.rglob("*") if path.is_dir())):
        folder.chmod(0o777)
    nobody: dict[str, Any] = {"user": 1000780000, "group": 0, "extra_groups": [], "env": {"PATH": os.environ["PATH"]}}
    try:
        subprocess.run((sys.executable, "-c", "import flashgen"), **nobody, check=True)
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("another user cannot run this Python: it lies in a home folder")
    command = (*FLASHGEN, "push", "--yes", "--json")
    done = subprocess.run(command, cwd=tmp_path, **nobody, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    (record,) = (tmp_path / "local_store").rglob("journal/*.json")
    assert json.loads(record.read_text())["who"].startswith("uid 1000780000@")


@pytest.mark.parametrize("arguments", [("status",), ("check",), ("build",), ("new", "x"), ("status", "--json")])
def test_a_folder_that_is_gone_is_one_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """It was removed under the shell that stands in it."""
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd {gone} && rmdir {gone} && exec "$@"'
    done = subprocess.run(
        ("sh", "-c", script, "sh", *FLASHGEN, *arguments), capture_output=True, text=True, check=False
    )
    assert 1 == done.returncode
    text = json.loads(done.stdout)["problems"][0]["message"] if "--json" in arguments else done.stderr
    assert "this shell's working folder was removed" in text
    assert "Traceback" not in done.stderr


def test_errors_are_told_where_the_folder_is_gone(tmp_path: Path) -> None:
    """Paths in messages are relative to the working folder, if there is one."""
    gone = tmp_path / "gone"
    gone.mkdir()
    (write_sale(tmp_path)).write_text("sale: [")
    script = f'cd {gone} && rmdir {gone} && exec "$@"'
    command = ("sh", "-c", script, "sh", *FLASHGEN, "--project", str(tmp_path), "check")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (1, "error: ") == (done.returncode, done.stderr[:7])


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
@pytest.mark.parametrize("arguments", [("check",), ("verify", "nothing")])
def test_a_terminal_gets_colours_unless_it_wants_none(
    tmp_path: Path, variables: dict[str, str], is_coloured: bool, arguments: tuple[str, ...]
) -> None:
    """The second command fails: errors keep to it, too."""
    write_sale(tmp_path)
    output = on_a_terminal((*FLASHGEN, *arguments), tmp_path, variables)
    assert is_coloured == ("\x1b[" in output), output


def test_a_pipe_gets_colours_when_they_are_forced(tmp_path: Path) -> None:
    write_sale(tmp_path)
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    done = subprocess.run(
        (*FLASHGEN, "check"), cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert "\x1b[" in done.stdout + done.stderr


@pytest.mark.parametrize("columns", ["0", "-5", "1", "wide", "100000"])
def test_a_width_that_cannot_be_is_no_failure(tmp_path: Path, columns: str) -> None:
    """Findings are wrapped to it, but never to a word a line."""
    write_sale(tmp_path)
    done = run(tmp_path, "status", COLUMNS=columns)
    assert (0, True) == (done.returncode, "night" in done.stdout), done.stderr
    done = run(tmp_path, "doctor", "night", COLUMNS=columns)
    assert "Traceback" not in done.stderr
    assert 2 < median(len(line.split()) for line in done.stdout.splitlines())


def test_a_folder_of_any_name_and_an_old_locale_will_do(tmp_path: Path) -> None:
    """Japanese texts, a path that a format string or a URL would change, no HOME, and a locale without letters."""
    project = tmp_path / "a b %s ü"
    write_sale(project, title="夜のセール")
    for command in ("push --yes", "go-live night --early --yes", "status night --json", "host list"):
        done = run(project, *command.split(), LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", HOME=None)
        assert 0 == done.returncode, done.stderr
    assert "夜のセール" in (project / "build" / "night" / "index.html").read_text(encoding="utf-8")


def test_output_into_a_pipe_that_does_not_block_is_whole(tmp_path: Path) -> None:
    """Such as one that a program of the same shell has set so: what does not fit waits for the reader."""
    ours, its = os.pipe()
    fcntl.fcntl(its, fcntl.F_SETFL, os.O_NONBLOCK)
    full = fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen((*FLASHGEN, "schema"), cwd=tmp_path, stdout=its, stderr=subprocess.PIPE) as process:
        os.close(its)
        deadline, waiting = time.monotonic() + 60, bytearray(4)
        while int.from_bytes(waiting, "little") < full and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
            fcntl.ioctl(ours, termios.FIONREAD, waiting)
        with os.fdopen(ours, "rb") as pipe:
            schema = json.loads(pipe.read())
        assert (0, b"") == (process.wait(), process.stderr.read() if process.stderr else None)
    assert "sale" in schema["properties"]


def run(folder: Path, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own; a variable that is None is not set."""
    environment = {name: value for name, value in (os.environ | variables).items() if value is not None}
    command = (*FLASHGEN, *arguments)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def on_a_terminal(command: tuple[str, ...], folder: Path, variables: dict[str, str]) -> str:
    """What a command prints on a terminal of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    ours, its = pty.openpty()
    with subprocess.Popen(command, cwd=folder, env=environment | variables, stdin=its, stdout=its, stderr=its):
        os.close(its)
        output = b""
        try:
            while part := os.read(ours, 4096):
                output += part
        except OSError:  # the other end was closed
            pass
        os.close(ours)
    return output.decode()
