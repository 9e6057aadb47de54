"""`flashgen doctor`, as typed."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws
from support.command import Flashgen
from support.gate_stand_in import gate_stand_in
from support.moto_server import moto_s3
from support.ports import free_port

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.store import FolderStore

REGION: Final = "eu-central-1"


@pytest.fixture
def lonely(flashgen: Flashgen, project: Path) -> Flashgen:
    """The command, where a pushed sale's url and order server are ports that nobody listens on."""
    assert flashgen("new", "night").exit_code == 0
    _replace(project / "sale_configs" / "night.yaml", "http://127.0.0.1:8090", f"http://127.0.0.1:{free_port()}")
    _replace(project / "flashgen.yaml", "http://127.0.0.1:8080", f"http://127.0.0.1:{free_port()}")
    assert flashgen("push", "--yes").exit_code == 0
    return flashgen


def test_a_new_sale_that_was_pushed_has_no_failure(lonely: Flashgen) -> None:
    """Nothing serves it yet, and there is no gate: two warnings, each with the fix."""
    run = lonely("doctor", "--json")
    assert (0, True) == (run.exit_code, run.document["ok"])
    warned = [each["group"] for each in run.result["checks"] if each["level"] != "PASS"]
    assert ["shoppers", "order servers"] == warned
    assert {"PASS": len(run.result["checks"]) - 2, "WARN": 2, "FAIL": 0} == run.result["counts"]
    assert {"group", "level", "check", "message", "hint"} == set(run.result["checks"][0])


def test_with_an_edge_and_a_gate_all_is_well(flashgen: Flashgen, project: Path) -> None:
    """And it says what to do next."""
    store = FolderStore(project / ".flashgen" / "store")
    with gate_stand_in() as gate, Serving(Edge(store, order_origins=[gate.url])) as serving:
        assert flashgen("new", "night").exit_code == 0
        _replace(project / "sale_configs" / "night.yaml", "http://127.0.0.1:8090", gate.url)
        _replace(project / "flashgen.yaml", "http://127.0.0.1:8080", serving.url)
        assert flashgen("push", "--yes").exit_code == 0
        assert flashgen("doctor").exit_code == 1  # the gate does not know the secret, which is made now
        gate.keys = ((project / ".flashgen" / "secret").read_text().strip().encode(),)
        run = flashgen("doctor")
    assert 0 == run.exit_code
    assert run.out.endswith(" pass, no warnings, no failures\n")
    assert "next: flashgen go-live night --at start\n" == run.err


def test_of_an_open_sale_it_says_what_comes_then(flashgen: Flashgen, project: Path) -> None:
    """Nobody opens it again; and without a gate on this machine it fails, for pages send buyers there."""
    store = FolderStore(project / ".flashgen" / "store")
    with gate_stand_in() as gate, Serving(Edge(store, order_origins=[gate.url])) as serving:
        assert flashgen("new", "night").exit_code == 0
        _replace(project / "sale_configs" / "night.yaml", "http://127.0.0.1:8090", gate.url)
        _replace(project / "flashgen.yaml", "http://127.0.0.1:8080", serving.url)
        assert flashgen("push", "--yes").exit_code == 0
        assert flashgen("go-live", "night", "--early", "--yes").exit_code == 0
        gate.keys = ((project / ".flashgen" / "secret").read_text().strip().encode(),)
        run = flashgen("doctor")
        assert (0, "next: flashgen status night\n") == (run.exit_code, run.err)
        gate.status = 503
        assert flashgen("doctor").exit_code == 1


def test_before_the_first_push_it_says_what_is_missing(flashgen: Flashgen) -> None:
    """Exit 1; the fix is below each line."""
    assert flashgen("new", "night").exit_code == 0
    run = flashgen("doctor")
    assert 1 == run.exit_code
    assert "  FAIL  build               it was never built\n        fix: flashgen build night\n" in run.out
    assert "fix: flashgen push night\n" in run.out
    assert run.out.endswith("failed: night: build, night: push\n")
    assert "mend them from the top" in run.err


def test_a_target_at_aws_is_looked_at_from_all_sides(
    pushed: Flashgen, project: Path, aws_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By moto's account, bucket and distribution, which was made by hand and is nearly all wrong."""
    monkeypatch.setenv("FLASHGEN_SECRET", secrets.token_hex(32))
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="flash", CreateBucketConfiguration={"LocationConstraint": REGION})
        production = (
            f"{{store: s3://flash, region: {REGION}, distribution: {_distribution()}, url: 'http://127.0.0.1:9'}}"
        )
        settings = f"secret: env:FLASHGEN_SECRET\ntargets:\n  production: {production}\n"
        (project / "flashgen.yaml").write_text(settings)
        assert pushed("push", "--target", "production", "--yes").exit_code == 0
        run = pushed("doctor", "--target", "production", "--json")
    assert 1 == run.exit_code
    levels = {each["check"]: each["level"] for each in run.result["checks"]}
    right = (
        "credentials",
        "store",
        "conditional writes",
        "may go live",
        "may push",
        "region",
        "may invalidate",
        "night: push",
    )
    assert dict.fromkeys(right, "PASS") == {check: levels[check] for check in right}
    wrong = ("address", "origin", "night: polling", "pages")
    assert dict.fromkeys(wrong, "FAIL") == {check: levels[check] for check in wrong}


def test_another_s3_server_is_not_asked_who_we_are(
    pushed: Flashgen, project: Path, aws_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no STS; that it is S3-compatible is enough for all else."""
    monkeypatch.setenv("FLASHGEN_SECRET", secrets.token_hex(32))
    with moto_s3() as server:
        store = f"store: s3://{server.bucket}/a, endpoint_url: '{server.url}', region: {REGION}"
        settings = f"{{{store}, url: 'http://127.0.0.1:9'}}"
        (project / "flashgen.yaml").write_text(f"secret: env:FLASHGEN_SECRET\ntargets:\n  other: {settings}\n")
        assert pushed("push", "--target", "other", "--yes").exit_code == 0
        run = pushed("doctor", "--target", "other", "--json")
    assert 0 == run.exit_code
    checks = {each["check"]: each for each in run.result["checks"]}
    assert "found (from env)" == checks["credentials"]["message"]
    assert "within" in checks["clock"]["message"]
    assert "PASS" == checks["night: pointer"]["level"]


def _distribution() -> str:
    """One of moto's, with settings of before there were policies."""
    behaviour: Any = {
        "TargetOriginId": "store",
        "ViewerProtocolPolicy": "allow-all",
        "MinTTL": 0,
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
    }
    origin: Any = {
        "Id": "store",
        "DomainName": "other.s3.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    made = boto3.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour,
        }
    )
    return made["Distribution"]["Id"]


def test_quiet_says_only_what_is_not_well(lonely: Flashgen) -> None:
    """And the sum."""
    run = lonely("doctor", "-q")
    shown = [line.split()[0] for line in run.out.splitlines() if line.startswith(("  WARN", "  FAIL", "  PASS"))]
    assert ["WARN", "WARN"] == shown
    assert "shoppers\n" in run.out
    assert "target\n" not in run.out


def test_long_lines_fit_the_terminal(pushed: Flashgen, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but what cannot be cut: paths and commands."""
    monkeypatch.setenv("COLUMNS", "80")
    for line in pushed("doctor").out.splitlines():
        assert len(line) <= 80 or " " not in line.strip()[80:]


def test_a_sale_that_is_not_there_is_refused(pushed: Flashgen) -> None:
    """With the nearest name."""
    run = pushed("doctor", "nigth")
    assert 1 == run.exit_code
    assert "night" in run.err


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_profile_that_is_not_there_is_a_finding(
    pushed: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With which no client can even be made."""
    monkeypatch.setenv("AWS_PROFILE", "nope")
    target = 'secret: env:X\ntargets: {far: {store: "s3://flash-sale", region: eu-central-1}}\n'
    (project / "flashgen.yaml").write_text(target, encoding="utf-8")
    run = pushed("doctor", "--target", "far", "--json")
    assert (1, 1) == (run.exit_code, run.result["counts"]["FAIL"])
    (found,) = [each for each in run.result["checks"] if each["level"] == "FAIL"]
    assert ("credentials", True) == (found["check"], "list-profiles" in found["hint"])
