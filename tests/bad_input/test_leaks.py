"""Before go-live nobody can know the order URL, and go-live changes one public file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from support.command import Flashgen
from support.projects import tree

SECRET = "5ecf1e77" * 8
ANY_TOKEN = re.compile(rb"eyJ[\w-]{20,}\.[\w-]{43}")
"""A JSON object in base64, and a signature of 32 bytes: also one with another nonce than the one that is used later."""


@pytest.fixture
def before_live(flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """All bytes of a project, its store and its commands' output before the sale opens."""
    monkeypatch.setenv("FLASHGEN_SECRET", SECRET)
    flashgen("new", "night")
    settings = project / "flashgen.yaml"
    settings.write_text("secret: env:FLASHGEN_SECRET\n" + settings.read_text())
    lines = ("check -v", "build -v", "plan --json", "push --yes -v", "status --json", "go-live night --early --dry-run")
    runs = [flashgen(*line.split()) for line in lines]
    assert [0] * len(lines) == [run.exit_code for run in runs]
    printed = "".join(run.out + run.err for run in runs).encode()
    return printed + b"".join(tree(project).values())


def test_nothing_holds_the_secret_before_or_after(flashgen: Flashgen, project: Path, before_live: bytes) -> None:
    """As text, as bytes, or as its digest."""
    assert flashgen("go-live", "night", "--early", "--yes", "-v").exit_code == 0
    everything = before_live + b"".join(tree(project).values())
    key = SECRET.encode()
    for form in (key, key.hex().encode(), bytes.fromhex(SECRET), hashlib.sha256(key).hexdigest().encode()):
        assert form not in everything


def test_nothing_holds_the_token_before(flashgen: Flashgen, project: Path, before_live: bytes) -> None:
    """Nor any of its parts: claims, signature, nonce."""
    assert not ANY_TOKEN.search(before_live)
    assert flashgen("go-live", "night", "--early", "--yes").exit_code == 0
    (pointer,) = (project / ".flashgen" / "store" / "night").glob("unlock.*.js")
    assert ANY_TOKEN.search(pointer.read_bytes())
    found = re.search(rb'"path":"/o/([^"]+)"', pointer.read_bytes())
    nonce = re.search(rb'"token_nonce":"([^"]+)"', pointer.read_bytes())
    assert found
    for part in (found[1], *found[1].split(b"."), *((nonce[1],) if nonce else ())):
        assert len(part) > 8
        assert part not in before_live


def test_going_live_changes_one_public_object(flashgen: Flashgen, project: Path, before_live: bytes) -> None:
    """It also adds one private record to the journal."""
    store = project / ".flashgen" / "store"
    before, build = tree(store), tree(project / "build")
    assert flashgen("go-live", "night", "--early", "--yes").exit_code == 0
    after = tree(store)
    changed = {key for key in before | after if before.get(key) != after.get(key) and not key.startswith(".meta/")}
    public = {key for key in changed if not key.startswith("_flashgen/")}
    assert [True] == [re.fullmatch(r"night/unlock\.[a-z0-9]+\.js", key) is not None for key in public]
    (private,) = changed - public
    assert private.startswith("_flashgen/night/journal/")
    assert private not in before
    assert build == tree(project / "build")
