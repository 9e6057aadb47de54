"""The list of components and the audit of CI: of what their tools say, what is kept and told."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def supply_chain() -> ModuleType:
    """`.ci/supply_chain.py`, which is no package."""
    path = Path(__file__).parent.parent / ".ci" / "supply_chain.py"
    spec = importlib.util.spec_from_file_location("supply_chain", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def document(**needs: list[str]) -> dict[str, Any]:
    """A list of components, each without a licence, and what they need."""
    return {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [{"bom-ref": ref, "name": ref} for ref in needs if ref != "root"],
        "dependencies": [{"ref": ref, "dependsOn": needed} for ref, needed in needs.items()],
    }


def test_what_only_builds_is_left_out(supply_chain: ModuleType) -> None:
    """With what it alone needs; a loop has an end."""
    found = supply_chain.running(
        document(root=["web", "builder"], web=["text"], text=["web"], builder=["tool", "text"], tool=[]), {"builder"}
    )
    assert ["web", "text"] == [one["name"] for one in found["components"]]
    assert ["root", "text", "web"] == [row["ref"] for row in found["dependencies"]]


def test_every_component_has_a_licence(supply_chain: ModuleType) -> None:
    """Its metadata's, else that of the document; else it is an error."""
    listed = document(root=[], resvg_py=[])
    (found,) = supply_chain.with_licences(listed, {"resvg-py": "MIT"})["components"]
    assert [{"expression": "MIT"}] == found["licenses"]
    assert "MIT" == supply_chain.licences()["resvg-py"]
    with pytest.raises(ValueError, match="resvg-py has no licence"):
        supply_chain.with_licences(listed, {})


def test_an_audit_that_knows_nothing_says_so(supply_chain: ModuleType) -> None:
    """pip-audit has no error then."""
    bad = {"name": "web", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
    skipped = {"name": "text", "skip_reason": "could not be audited"}
    assert [
        "web 1 has a known vulnerability: PYSEC-1, fixed in 2",
        "1 of 2 pins were not audited: PyPI did not know them, or was not reached",
    ] == list(supply_chain.warnings({"dependencies": [bad, skipped]}))
