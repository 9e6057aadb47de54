"""YAML in either spelling, and what systems and editors leave beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.document.yaml_files import is_left_behind, visible_files, yaml_file, yaml_files
from flashgen.errors import InvalidInput

LEFT_BEHIND = ("._s.yaml", ".#s.yaml", ".s.yaml.swp", ".DS_Store", "s.yaml~", "#s.yaml#", "~$s.csv", "s.swo", "4913")


def write(folder: Path, *names: str) -> Path:
    """Files of these names, with their folders."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_what_editors_leave_is_no_input(name: str) -> None:
    """Nor what macOS writes beside a file on a foreign disk."""
    assert is_left_behind(name)


@pytest.mark.parametrize("name", ["s.yaml", "a.b.yml", "_s.yaml", "s~1.png", "#1.png", "49134"])
def test_other_names_are_input(name: str) -> None:
    """However odd."""
    assert not is_left_behind(name)


def test_both_spellings_are_found(tmp_path: Path) -> None:
    """Sorted by the name without it; other files are not YAML."""
    folder = write(tmp_path, "b.yaml", "a.yml", "c.json", "._b.yaml", ".#a.yml")
    assert ["a.yml", "b.yaml"] == [path.name for path in yaml_files(folder)]
    assert ["a.yml", "b.yaml", "d.yaml"] == [yaml_file(folder, stem).name for stem in ("a", "b", "d")]


def test_one_file_in_both_spellings_is_an_error_that_names_both(tmp_path: Path) -> None:
    """Neither is read: which of them is meant cannot be known."""
    folder = write(tmp_path, "s.yaml", "s.yml", "t.yaml")
    for find in (lambda: yaml_file(folder, "s"), lambda: yaml_files(folder)):
        with pytest.raises(InvalidInput) as invalid:
            find()
        (problem,) = invalid.value.problems
        assert "both s.yaml and s.yml are here, and only one can be meant" == problem.message


def test_what_is_in_a_hidden_folder_is_hidden(tmp_path: Path) -> None:
    """But a hidden folder above the one that is searched does not matter."""
    folder = write(tmp_path / ".work", "a/b.css", "a.css", ".git/c.css", "a/.d.css")
    assert ["a/b.css", "a.css"] == [path.relative_to(folder).as_posix() for path in visible_files(folder)]
