"""Pictures of a sale are made together, and how far that is, is reported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.projects import png, write_sale

from flashgen.cli.release.build import build_all
from flashgen.cli.session import Session
from flashgen.page.pictures.gather import gather_pictures
from flashgen.sale.load import load_sale


def three_pictures(root: Path) -> Path:
    """A sale of four products, of which two share a picture."""
    names = ("a.png", "b.png", "a.png", "c.png")
    rows = [f'  - {{sku: S{n}, name: N{n}, price: "1.00", image: {name}}}\n' for n, name in enumerate(names)]
    path = write_sale(root, "products:\n" + "".join(rows))
    for width, name in enumerate(names, start=2):
        (path.parent / name).write_bytes(png(width))
    return path


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_picture_is_made_once_and_reported(tmp_path: Path, jobs: int) -> None:
    """Before the first, so that a long wait has a beginning, and after each."""
    reports: list[tuple[str, int, int]] = []
    loaded = load_sale(three_pictures(tmp_path), tmp_path)
    pictures = gather_pictures(loaded, tmp_path, jobs, lambda *report: reports.append(report))
    assert ["a.png", "b.png", "c.png"] == list(pictures)
    assert [("pictures", done, 3) for done in range(4)] == reports


def test_a_terminal_shows_how_many_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a line that is gone afterwards; a build that has nothing to do shows nothing."""
    three_pictures(tmp_path)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("flashgen.cli.progress.TERMINAL_SECONDS", 0)
    build_all(Session(project_folder=tmp_path), (), tmp_path / "build", 1)
    lines = [line.removesuffix("\033[K") for line in capsys.readouterr().err.partition("\n")[0].split("\r")]
    assert ["", *(f"night: pictures {n}/3" for n in range(4))] == [line.partition(" (")[0] for line in lines[:5]]
    assert lines[5].startswith("\033[K\033")
    build_all(Session(project_folder=tmp_path), (), tmp_path / "build", 1)
    assert "pictures" not in capsys.readouterr().err


def test_a_script_gets_no_line_of_a_short_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only of one that takes long."""
    three_pictures(tmp_path)
    build_all(Session(project_folder=tmp_path), (), tmp_path / "build", 1)
    assert "pictures" not in capsys.readouterr().err
