"""Full disks, folders without permission, overwritten objects in stores."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Flashgen, Run
from support.projects import tree, write_feed

from flashgen.cli.main import main

NOBODY = 65534
PAGE_BYTES = 4096
"""A file takes whole ones of a tmpfs."""


@contextlib.contextmanager
def small_disk(folder: Path, spare_bytes: int) -> Iterator[None]:
    """A file system at `folder` with what the folder held, and so much room. Skips where it cannot be mounted."""
    held = tree(folder)
    size = spare_bytes + sum(-(-len(body) // PAGE_BYTES) * PAGE_BYTES for body in held.values())
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a full disk needs root and leave to mount a tmpfs")
    try:
        for name, body in held.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(body)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def grow(folder: Path) -> None:
    """Make the disk large enough."""
    subprocess.run(["mount", "-o", "remount,size=50m", str(folder)], check=True)


def test_a_full_disk_leaves_the_last_build_as_it_was(flashgen: Flashgen, project: Path) -> None:
    """With the fix; once there is room, the same command works."""
    write_feed(project, 3)
    assert flashgen("build").exit_code == 0
    with small_disk(project / "build", 100_000):
        before = tree(project / "build")
        write_feed(project, 60)
        run = flashgen("build")
        assert (1, True) == (run.exit_code, "no space left on device" in run.err), run.err
        assert "hint: free some space" in run.err
        assert before == tree(project / "build")
        grow(project / "build")
        assert flashgen("build").exit_code == 0


def test_a_full_disk_under_the_store_deletes_no_page(flashgen: Flashgen, project: Path) -> None:
    """The public files stay, and the push can be finished."""
    write_feed(project, 3)
    assert flashgen("push", "--yes").exit_code == 0
    store = project / ".flashgen" / "store"
    with small_disk(store, 100_000):
        before = tree(store / "night")
        write_feed(project, 60)
        run = flashgen("push", "--yes")
        assert (1, True) == (run.exit_code, "the disk is full" in run.err), run.err
        assert "hint: free some space" in run.err
        after, new = tree(store / "night"), tree(project / "build" / "night")
        assert all(after.get(key) in (body, new.get(key)) for key, body in before.items())
        grow(store)
        assert flashgen("push", "--yes").exit_code == 0
        assert flashgen("push", "--json").result["is_noop"] is True


@pytest.fixture
def open_project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project that every user of the machine may enter."""
    folder = Path(tempfile.mkdtemp(prefix="flashgen-test-"))
    folder.chmod(0o755)
    monkeypatch.chdir(folder)
    yield folder
    shutil.rmtree(folder)


def as_nobody(*arguments: str) -> Run:
    """A command run by a user without rights. If this user is not root, it runs as this user."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            code = main(list(arguments))
        os.write(write, json.dumps([code, out.getvalue(), err.getvalue()]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return Run(*json.loads(text))


@pytest.mark.parametrize("command", ["plan --no-build", "push --no-build --yes", "status night", "end night --yes"])
def test_a_store_that_may_not_be_entered(open_project: Path, command: str) -> None:
    """Named, with the fix."""
    write_feed(open_project, 3)
    for line in ("build", "push --yes", "status", "plan"):
        assert main([*line.split(), "-q"]) == 0
    store = open_project / ".flashgen" / "store"
    before = tree(store)
    store.chmod(0o700 if os.geteuid() == 0 else 0)
    run = as_nobody(*command.split())
    store.chmod(0o755)
    assert run.exit_code == 1, run.err
    assert f"{store}" in run.err
    assert "no permission to" in run.err
    assert "\nhint: give this user access to" in run.err
    assert before == tree(store)


@pytest.mark.parametrize("command", ["plan", "push --yes", "status", "end night --yes"])
def test_a_store_that_is_a_file(flashgen: Flashgen, project: Path, command: str) -> None:
    """It stays as it is."""
    write_feed(project, 3)
    store = project / ".flashgen" / "store"
    store.parent.mkdir()
    store.write_text("mine")
    run = flashgen(*command.split())
    assert (1, True) == (run.exit_code, "is not a folder" in run.err), run.err
    assert "\nhint: " in run.err
    assert store.read_text() == "mine"


JUNK = (b"", b"junk", b"\xff\xfe", b"null", b"[]", b"{}", b'{"sale": 1, "rev": "x"}', b"[" * 100_000)
CALLS = tuple(b"flashgen(" + body + b")\n" for body in JUNK)
COMMANDS = {
    "_flashgen/night/manifest.json": ("plan", "push --yes --force"),
    "night/unlock.abcdefgh23.js": ("go-live night --early --yes", "end night --yes"),
}


@pytest.mark.parametrize("body", [*JUNK[:-1], *CALLS], ids=lambda body: ascii(body[:30]))
@pytest.mark.parametrize(("key", "command"), [(key, line) for key, lines in COMMANDS.items() for line in lines])
def test_an_overwritten_object_is_named(flashgen: Flashgen, project: Path, key: str, command: str, body: bytes) -> None:
    """And left as it is."""
    write_feed(project, 3)
    assert flashgen("push", "--yes").exit_code == 0
    store = project / ".flashgen" / "store"
    (path,) = store.glob(key)
    path.write_bytes(body)
    before = tree(store)
    run = flashgen(*command.split())
    assert run.exit_code == 1, run.err
    assert path.relative_to(store).as_posix() in run.err
    assert "\nhint: " in run.err
    assert before == tree(store)


def test_status_distinguishes_a_damaged_pointer_from_a_missing_one(flashgen: Flashgen, project: Path) -> None:
    """A missing one needs a push, a damaged one a person."""
    write_feed(project, 3)
    assert flashgen("push", "--yes").exit_code == 0
    (project / ".flashgen" / "store" / "night" / "unlock.abcdefgh23.js").write_bytes(b"junk")
    run = flashgen("status")
    assert run.exit_code == 1
    assert "not pushed" not in run.out
