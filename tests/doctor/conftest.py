"""A sound target, built once a module and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.examined import Cloud, Stage, on_stage, open_cloud, write_project
from support.gate_stand_in import GateStandIn, gate_stand_in


@pytest.fixture(scope="module")
def gate() -> Iterator[GateStandIn]:
    """One gate, whose address is baked into the pages."""
    with gate_stand_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def sound_project(tmp_path_factory: pytest.TempPathFactory, gate: GateStandIn) -> Path:
    """Built and pushed; not to be touched."""
    root = tmp_path_factory.mktemp("sound")
    write_project(root, gate.url)
    return root


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """An account with a bucket. Its clients find their credentials when they are made, and keep them."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        with open_cloud() as made:
            yield made


@pytest.fixture
def stage(
    cloud: Cloud, sound_project: Path, gate: GateStandIn, tmp_path: Path, aws_credentials: None
) -> Iterator[Stage]:
    """A copy of the project, behind an edge."""
    root = tmp_path / "project"
    shutil.copytree(sound_project, root)
    with on_stage(cloud, root, gate) as sound:
        yield sound
