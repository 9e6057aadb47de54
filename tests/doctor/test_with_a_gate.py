"""What doctor says of a gate that runs: the contract between the two, held by both."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
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
    return said_of_server(gate.root, gate.url)


def said_of_server(root: Path, url: str) -> dict[str, Any]:
    """Doctor's finding about the order server there."""
    _, out, err = finish(start(root, "doctor", SALE, "--json"))
    assert out, err
    checks = json.loads(out)["result"]["checks"]
    (found,) = (one for one in checks if one["check"] == url.removeprefix("http://"))
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


class BehindAProxy(BaseHTTPRequestHandler):
    """What a gate answers doctor after many buyers came through one address (tests/gate/test_probes.py)."""

    def do_GET(self) -> None:
        """Ready, but for that."""
        said = {"ready": True, "signature": "good", "trouble": "", "untrusted_proxy": "192.0.2.1"}
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_proxy_that_is_not_trusted_is_named(project: Path) -> None:
    """All its buyers count as one address: with the peer, and what to write where."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BehindAProxy) as server:
        Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        Shop((url,)).push(project)
        found = said_of_server(project, url)
        server.shutdown()
    assert "WARN" == found["level"]
    assert found["message"].startswith("192.0.2.1 forwards for many buyers and is not trusted")
    assert "if it is your proxy, add 192.0.2.1 to `order.trusted_proxies`, then push" in found.values()
