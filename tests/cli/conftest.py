"""A project in an empty folder, and flashgen run in it as a user would."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flashgen.cli import main


@dataclass(frozen=True)
class Run:
    """How a command ended, and what it printed."""

    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    @property
    def result(self) -> dict[str, Any]:
        """What the command answered."""
        answer: dict[str, Any] = self.document["result"]
        return answer


Flashgen = Callable[..., Run]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FLASHGEN_WHO", "tester")
    return folder


@pytest.fixture
def flashgen(project: Path, capsys: pytest.CaptureFixture[str]) -> Flashgen:
    """Run a command in the project, as typed."""

    def run(*arguments: str) -> Run:
        exit_code = main(list(arguments))
        printed = capsys.readouterr()
        return Run(exit_code, printed.out, printed.err)

    return run


@pytest.fixture
def pushed(flashgen: Flashgen) -> Flashgen:
    """The same, after `new`, `build` and `push` of a sale called `night`."""
    for line in ("new night", "build", "push --yes"):
        assert flashgen(*line.split()).exit_code == 0
    return flashgen
