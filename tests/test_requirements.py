"""The pinned requirements are what pyproject.toml allows: every dependency is pinned, within its bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PINS = {"run": (), "redis": ("redis",), "rehearse": ("rehearse",), "test": ("dev",)}
"""A file of pins, and the extras of pyproject.toml that it has besides the dependencies."""

_EXTRAS = "optional-dependencies"
_UPPER = ("<", "<=", "==", "~=")


def allowed(extras: tuple[str, ...]) -> list[Requirement]:
    """What pyproject.toml and requirements/build.in ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    build = (ROOT / "requirements" / "build.in").read_text(encoding="utf-8").splitlines()
    lines = [*project["dependencies"], *(line for line in build if line and not line.startswith("#"))]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def pinned(name: str) -> dict[str, Version]:
    """The version of each package in a file of pins."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {found[1]: Version(found[2]) for found in re.finditer(r"^([a-z0-9-]+)==([^ ;\\]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", PINS)
def test_pins_are_within_the_bounds(name: str) -> None:
    """A bound that was changed needs requirements/renew."""
    pins = pinned(name)
    for requirement in allowed(PINS[name]):
        found = pins.get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        assert found is not None, f"{requirement} is not pinned in requirements/{name}.txt"
        assert found in requirement.specifier, f"{requirement}, and requirements/{name}.txt has {found}"


def test_every_dependency_has_an_upper_bound() -> None:
    """A release with another interface comes in with requirements/renew and the tests, not with an install."""
    extras = tuple(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][_EXTRAS])
    assert [] == [str(one) for one in allowed(extras) if not any(part.operator in _UPPER for part in one.specifier)]


def test_every_pin_has_hashes() -> None:
    """Then pip checks all that it installs, and refuses what has none."""
    for name in PINS:
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9-]+==.*(?:\n +.*)*", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[^ #\n]", text, re.MULTILINE))
        assert [] == [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin]


@pytest.mark.parametrize("name", ["run", "redis", "rehearse"])
def test_what_runs_is_tested(name: str) -> None:
    """The tests run with the versions that the documents install."""
    tested = pinned("test")
    assert {package: tested.get(package) for package in pinned(name)} == pinned(name)
