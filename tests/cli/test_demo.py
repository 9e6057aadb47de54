"""`flashgen demo`: the example sale's whole life, watched by shoppers. It takes half a minute, so it is run once."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import pytest
from support.command import Flashgen
from support.projects import finish, start
from support.waiting import wait_until

from flashgen.cli.commands.demo import SHOPPERS
from flashgen.cli.demo.project import SLOTS, STOCK
from flashgen.cli.demo.story import SEEN_WITHIN_SECONDS

MINUTE_SECONDS = 60
WATCHED = {
    "go-live": "flashgen go-live lantern-night --at start --late-ok --yes",
    "end": "flashgen end lantern-night --yes",
}
ORDERS = "flashgen gate orders list lantern-night --storage sqlite:.flashgen/gate-local.db"


def test_every_shopper_sees_the_sale_open_sell_out_and_end(
    flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In under a minute, without touching the folder it is run in, or a storage that is not its own."""
    monkeypatch.setenv("FLASHGEN_STORAGE", "redis://127.0.0.1:1/0")
    run = flashgen("demo", "--json")
    assert 0 == run.exit_code, run.err
    result, bought = run.result, run.result["bought"]
    seen = {step["command"]: step["seen_after_seconds"] for step in result["steps"] if "seen_after_seconds" in step}
    assert set(WATCHED.values()) == set(seen)
    delays = [*seen.values(), bought["seen_after_seconds"]]
    assert [SHOPPERS] * 3 == [len(each) for each in delays]
    assert max(seen[WATCHED["go-live"]]) <= 3
    assert max(map(max, delays)) <= SEEN_WITHIN_SECONDS
    assert result["polls"]["store"] < result["polls"]["shoppers"]
    assert result["seconds"] < MINUTE_SECONDS
    assert [] == list(project.iterdir())

    assert (STOCK, SLOTS) == (bought["stock"], bought["slots"])
    assert {"ordered": STOCK, "sold out": SHOPPERS - STOCK} == bought["outcomes"]
    assert sorted(bought["forwarded"]) == bought["orders"]
    (listed,) = (step["result"]["orders"] for step in result["steps"] if step["command"] == ORDERS)
    assert sorted((one["order_id"], one["state"]) for one in listed) == [(order, "done") for order in bought["orders"]]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_what_interrupts_the_demo_ends_its_gate(project: Path, sent: signal.Signals) -> None:
    """No process is left that listens, and there is no traceback."""
    demo = start(project, "demo", "--keep", "kept")
    log = project / "kept" / ".flashgen" / "gate.log"

    def is_ready() -> bool:
        assert demo.poll() is None
        return log.is_file() and '"ready"' in log.read_text(encoding="utf-8")

    wait_until(is_ready)
    demo.send_signal(sent)
    code, _, err = finish(demo)
    assert 130 == code
    assert "Traceback" not in err
    written = (project / "kept" / "sale_configs" / "lantern-night.yaml").read_text(encoding="utf-8")
    found = re.search(r"servers: \[http://127\.0\.0\.1:(\d+)\]", written)
    assert found
    with socket.socket() as asking:
        assert asking.connect_ex(("127.0.0.1", int(found[1]))) != 0
    assert '"stopped"' in log.read_text(encoding="utf-8")
