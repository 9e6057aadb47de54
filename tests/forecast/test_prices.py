"""Prices: every number has a dated source, and a project's file changes what it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.errors import InvalidInput
from flashgen.forecast.costs import Usage, flat_plans, pay_as_you_go, stepped
from flashgen.forecast.prices import read_prices


def test_a_gb_costs_what_its_step_says() -> None:
    """10 TB at 0.085 and one at 0.080."""
    assert 930 == pytest.approx(stepped(11_000, read_prices().cloudfront.regions["eu"].gb_steps))


def test_use_is_paid_above_the_free_amounts() -> None:
    """1 TB, 10 M requests and 2 M function calls are free."""
    prices = read_prices()
    assert 0 == pay_as_you_go(Usage(2e6, 1000, 0), prices, {"eu": 1.0}).usd
    paid = dict(pay_as_you_go(Usage(110e6, 2000, 1e6), prices, {"us": 1.0}).parts)
    assert {"GB": 85.0, "requests": 100.0, "edge functions": 10.8, "store": 0.4} == pytest.approx(paid)


def test_a_plan_that_is_not_enough_says_of_what() -> None:
    """126 M requests are more than Business has."""
    plans = {one.name: one.exceeded for one in flat_plans(Usage(126e6, 10, 0), read_prices())}
    assert ("requests", "") == (plans["CloudFront Business"], plans["CloudFront Premium"])


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    """And nothing else."""
    own = tmp_path / "own.yaml"
    own.write_text("cloudfront: {regions: {eu: {request_usd_per_10000: 0.0060}}}\n", encoding="utf-8")
    regions = read_prices(own).cloudfront.regions
    assert (0.006, 0.01) == (regions["eu"].request_usd_per_10000, regions["us"].request_usd_per_10000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("store: {usd_per_million: cheap}", "`usd_per_million` must be a number from 0 to 1,000,000, found cheap"),
        ("stores: {usd_per_million: 1}", "unknown key `stores`"),
        ("waf: {source: nowhere}", "`source` must name one of `sources`, found nowhere"),
        ("sources: {s3: {date: yesterday}}", "`date` must be a date, found yesterday"),
    ],
)
def test_a_wrong_number_is_named_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    """File and line."""
    own = tmp_path / "own.yaml"
    own.write_text(f"# ours\n{text}\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_prices(own)
    problem = caught.value.problems[0]
    assert (expected, 2, own) == (problem.message, problem.where.line, problem.where.file)
