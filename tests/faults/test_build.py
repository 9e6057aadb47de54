"""Each change that a build makes to the disk fails, or is the last before the process dies."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from pathlib import Path
from shutil import copytree

import pytest
from support.faults import FATES, Faults, Killed, on_files
from support.projects import tree, write_sale

from flashgen.files import TEMPORARY
from flashgen.page.build import build_sale
from flashgen.page.site import read_record

FOLDER = "build"


def build(root: Path, faults: Faults) -> None:
    """Build the project's one sale."""
    with on_files(faults, root / FOLDER):
        build_sale(root / "sale_configs" / "night.yaml", root, root / FOLDER, jobs=1)


def pages(root: Path) -> dict[str, bytes]:
    """What was built."""
    return {key: body for key, body in tree(root / FOLDER).items() if not key.endswith(".lock")}


LIVES = ("refused", "refused from then on", "silent", "killed before")


@pytest.mark.parametrize("fate", LIVES)
def test_changes_to_the_disk(fate: str, tmp_path: Path) -> None:
    """No file is half written, none vouches for others that are not there, and the next build ends as ever."""
    title = {"title": "Later"}
    write_sale(tmp_path / "clean", **title)
    build(tmp_path / "clean", Faults())
    expected = pages(tmp_path / "clean")
    write_sale(tmp_path / "start")
    build(tmp_path / "start", Faults())
    before = pages(tmp_path / "start")
    for at in count(1 + LIVES.index(fate), len(LIVES)):  # each fate has its share of a hundred changes
        root = tmp_path / str(at)
        copytree(tmp_path / "start", root)
        write_sale(root, **title)
        faults = Faults(FATES[fate], at)
        with suppress(OSError, Killed):
            build(root, faults)
        if not faults.happened:
            break
        for key, body in pages(root).items():
            if not Path(key).name.startswith(TEMPORARY) and not key.endswith((".unfinished", "site.json")):
                assert body in (before.get(key), expected.get(key)), f"{key} is half written, {faults}"
        record = read_record(root / FOLDER, "night")
        assert record, faults
        build(root, Faults())
        assert expected == pages(root), faults
        build(root, (again := Faults()))
        assert [] == [call for call in again.calls if not call.startswith("os.mkdir") and ".lock" not in call]
    assert at > 20
