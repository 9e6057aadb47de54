"""`flashgen demo`: the example sale's whole life, watched by shoppers. It takes half a minute, so it is run once."""

from __future__ import annotations

from pathlib import Path

from support.command import Flashgen

from flashgen.cli.commands.demo import SEEN_WITHIN_SECONDS, SHOPPERS

MINUTE_SECONDS = 60
WATCHED = {
    "go-live": "flashgen go-live lantern-night --at start --late-ok --yes",
    "sold-out": "flashgen sold-out lantern-night --sku LANTERN-L --yes",
    "end": "flashgen end lantern-night --yes",
}


def test_every_shopper_sees_the_sale_open_sell_out_and_end(flashgen: Flashgen, project: Path) -> None:
    """In under a minute, without touching the folder it is run in; the store was asked far less than the edge."""
    run = flashgen("demo", "--json")
    assert 0 == run.exit_code, run.err
    seen = {step["command"]: step["seen_after_seconds"] for step in run.result["steps"] if "seen_after_seconds" in step}
    assert set(WATCHED.values()) == set(seen)
    assert [SHOPPERS] * 3 == [len(delays) for delays in seen.values()]
    assert max(seen[WATCHED["go-live"]]) <= 3
    assert max(max(delays) for delays in seen.values()) <= SEEN_WITHIN_SECONDS
    assert run.result["polls"]["store"] < run.result["polls"]["shoppers"]
    assert run.result["seconds"] < MINUTE_SECONDS
    assert [] == list(project.iterdir())
