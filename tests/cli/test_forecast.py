"""`flashgen forecast`: the two answers first, numbers as people mean them, and docs/forecast.md's own figures."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.command import Flashgen

from flashgen.forecast.prices import read_prices
from flashgen.packaged_files import packaged

DOCS = (Path(__file__).parent.parent.parent / "docs" / "forecast.md").read_text(encoding="utf-8")


@pytest.fixture
def built(flashgen: Flashgen) -> Flashgen:
    """A sale called `night`."""
    for line in ("new night", "build"):
        assert flashgen(*line.split()).exit_code == 0
    return flashgen


def test_the_two_answers_come_first(built: Flashgen) -> None:
    """How much, and what it costs; nothing is wider than 80 columns."""
    run = built("forecast", "night", "--visitors", "5M")
    assert run.exit_code == 0
    lines = run.out.splitlines()
    assert lines[2].startswith("How much CDN?")
    assert any(line.startswith("What does it cost?") for line in lines[3:9])
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in run.out


def test_json_has_units_in_its_names(built: Flashgen) -> None:
    """And agrees with the model's anchors: two million visitors who wait are as many polls a second."""
    result = built("forecast", "night", "--visitors", "2M", "--arrivals", "waiting", "--no-build", "--json").result
    assert 2_000_000 == result["waiting_at_start"]
    assert result["peak"]["edge_requests_per_second"] == pytest.approx(2_000_000, rel=0.03)
    assert result["quotas"][0]["is_passed"]
    assert -1 == result["peak"]["at_seconds"]


@pytest.mark.parametrize(
    ("text", "visitors"), [("5M", 5e6), ("250k", 250e3), ("1.5m", 1.5e6), ("2,000,000", 2e6), ("1 000", 1000)]
)
def test_numbers_of_people_are_read_as_meant(built: Flashgen, text: str, visitors: float) -> None:
    """As people write them."""
    assert visitors == built("forecast", "night", "--visitors", text, "--json").result["visitors"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "--visitors is missing"),
        ("--visitors many", "--visitors must be a number of people up to 10G, found `many`; write 250000, 250k or 5M"),
        ("--visitors 0", "--visitors must be a number of people"),
        ("--visitors 1M --arrivals synchronus", "did you mean `synchronous`?"),
        ("--visitors 1M --stay long", "--stay must be a duration, found long"),
        ("--visitors 1M --viewers mars", "--viewers must name regions of us, eu,"),
        ("--visitors 1M --viewers eu=50%", "must add up to 100%"),
        ("--visitors 1M --buyers 120%", "--buyers must be a share from 0% to 100%, found `120%`"),
    ],
)
def test_wrong_usage_says_what_to_write(built: Flashgen, arguments: str, words: str) -> None:
    """In one sentence."""
    run = built("forecast", "night", *arguments.split())
    assert run.exit_code == 2
    assert words in run.err


def test_old_prices_are_warned_of(built: Flashgen, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 180 days, with the page to compare with."""
    assert "warning" not in built("forecast", "night", "--visitors", "1k").err
    monkeypatch.setattr("flashgen.cli.runtime.now", lambda: datetime(2027, 6, 1, tzinfo=UTC))
    assert "days ago" in built("forecast", "night", "--visitors", "1k").err


def test_a_csv_brings_its_own_number(built: Flashgen, project: Path) -> None:
    """`--visitors` scales it."""
    (project / "a.csv").write_text("time,visitors\n-10m,1000\n-9m,500\n", encoding="utf-8")
    assert 1500 == built("forecast", "night", "--arrivals", "a.csv", "--json").result["visitors"]
    assert 3e6 == built("forecast", "night", "--arrivals", "a.csv", "--visitors", "3M", "--json").result["visitors"]


def test_the_hand_calculation_of_the_docs_agrees(flashgen: Flashgen, project: Path) -> None:
    """Its table says `what | formula = by hand | forecast`. Sizes of pictures depend a little on their encoder."""
    shutil.copytree(packaged("sale_configs"), project / "sale_configs")
    line = re.search(r"`flashgen (forecast lantern-night [^`]+)`", DOCS)
    assert line
    result = flashgen(*line[1].split(), "--json").result
    usd = result["costs"]["cloudfront_by_use"]["parts_usd"]
    forecast = {
        "polls of a visitor": result["kinds"][-1]["edge_requests"] / 10e6,
        "requests, million": result["total"]["edge_requests"] / 1e6,
        "GB": result["total"]["edge_gb"],
        "peak at the edge, million requests/s": result["peak"]["edge_requests_per_second"] / 1e6,
        "requests, USD": usd["requests"],
        "GB, USD": usd["GB"],
        "edge functions, USD": usd["edge functions"],
        "orders/s": result["gate"]["orders_per_second_max"],
    }
    rows = re.findall(r"^\| ([^|]+) \| ([(0-9][×+/−0-9,. ()]*) = ([0-9,.]+) \| ([0-9,.]+) \|$", DOCS, re.MULTILINE)
    assert [*forecast] == [what for what, *_ in rows]
    for what, formula, by_hand, written in rows:
        computed = eval(formula.replace(",", "").replace("×", "*").replace("−", "-"))
        hand, made = (float(text.replace(",", "")) for text in (by_hand, written))
        assert computed == pytest.approx(hand, rel=0.005), what
        assert made == pytest.approx(hand, rel=0.005), what
        assert forecast[what] == pytest.approx(hand, rel=0.3 if what == "GB, USD" else 0.03), what


def test_the_prices_shown_are_valid(tmp_path: Path) -> None:
    """The file of docs/forecast.md."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    own = tmp_path / "contract.yaml"
    own.write_text(text, encoding="utf-8")
    assert 1_000_000 == read_prices(own).quotas.edge_requests_per_second.limit
