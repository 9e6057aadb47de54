"""What doctor says of a gate that runs: the contract between the two, held by both."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.gate_process import SALE, GateProcess, Shop, free_url, gate_process
from support.projects import finish, start

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.store import FolderStore


@pytest.fixture
def gate(project: Path) -> Iterator[GateProcess]:
    """At work, where the pages send buyers; they lie behind an edge."""
    server = free_url()
    with Serving(Edge(FolderStore(project / "store"), order_origins=[server])) as serving:
        Shop((server,), url=serving.url).push(project)
        with gate_process(project, url=server) as one:
            yield one


def said_of(gate: GateProcess) -> dict[str, Any]:
    """Doctor's finding."""
    _, out, err = finish(start(gate.root, "doctor", SALE, "--json"))
    assert out, err
    checks = json.loads(out)["result"]["checks"]
    (found,) = (one for one in checks if one["check"] == gate.url.removeprefix("http://"))
    return dict(found)


def test_a_gate_at_work_passes(gate: GateProcess) -> None:
    """It is ready, pages may ask it, and it knows the secret."""
    found = said_of(gate)
    assert ("PASS", f"ready for {SALE}, and knows the secret") == (found["level"], found["message"])


def test_a_gate_with_another_secret_fails(gate: GateProcess) -> None:
    """It would refuse every buyer."""
    (gate.root / ".flashgen" / "secret").write_text(secrets.token_hex(32))
    found = said_of(gate)
    assert "FAIL" == found["level"]
    assert "does not know the secret" in found["message"]
