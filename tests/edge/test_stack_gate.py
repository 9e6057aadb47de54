"""The order gate's own distribution: what it keeps (nothing), what it lets through, and what it takes away."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.stacks import ALIAS, BUCKET, ORDER_ORIGIN, WEB_ACL, of_gates

from flashgen.addresses import BucketAddress
from flashgen.edge.stack.gate import KEEP_ALIVE_SECONDS, strip_code
from flashgen.edge.stack.options import GateStackOptions
from flashgen.edge.stack.template import LARGEST_BYTES, template_of_gate
from flashgen.gate.process import supervisor


def gate(**more: Any) -> GateStackOptions:
    """The plainest, with changes."""
    return GateStackOptions(BucketAddress(BUCKET), ORDER_ORIGIN, **more)


def config(options: GateStackOptions) -> dict[str, Any]:
    """The DistributionConfig."""
    resources = json.loads(template_of_gate(options))["Resources"]
    found: dict[str, Any] = resources["Distribution"]["Properties"]["DistributionConfig"]
    return found


def test_everything_reaches_the_gate_as_it_comes() -> None:
    """Every method, nothing kept, errors neither, whoever they are of."""
    found = config(gate(web_acl=WEB_ACL))
    behaviour = found["DefaultCacheBehavior"]
    assert "CacheBehaviors" not in found
    assert ("gate", "https-only") == (behaviour["TargetOriginId"], behaviour["ViewerProtocolPolicy"])
    assert "POST" in behaviour["AllowedMethods"]
    assert "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" == behaviour["CachePolicyId"]
    assert "b689b0a8-53d0-40ab-baf2-68738e2966ac" == behaviour["OriginRequestPolicyId"]
    assert {0} == {each["ErrorCachingMinTTL"] for each in found["CustomErrorResponses"]}
    assert {403, 404, 503} <= {each["ErrorCode"] for each in found["CustomErrorResponses"]}
    assert not any("ResponsePagePath" in each for each in found["CustomErrorResponses"])
    assert (WEB_ACL, ORDER_ORIGIN) == (found["WebACLId"], found["Origins"][0]["DomainName"])


def test_the_edge_hangs_up_before_the_gate_does() -> None:
    """Else it would send a request on a connection that is just being closed."""
    (origin,) = config(gate())["Origins"]
    assert KEEP_ALIVE_SECONDS == origin["CustomOriginConfig"]["OriginKeepaliveTimeout"]
    assert KEEP_ALIVE_SECONDS < supervisor.KEEP_ALIVE_SECONDS


def test_a_name_of_its_own() -> None:
    """For `order.servers`."""
    document = json.loads(template_of_gate(gate(**{**ALIAS, "alias": "order.example.com"})))
    assert "https://order.example.com" == document["Outputs"]["OrderServer"]["Value"]
    assert all(len(template_of_gate(each).encode()) < LARGEST_BYTES for each in of_gates())


def test_nobody_says_by_a_header_who_they_are(tmp_path: Path) -> None:
    """Whatever its case in the settings; other headers stay."""
    associated = config(gate(identity_headers=("X-User-Id",)))["DefaultCacheBehavior"]["FunctionAssociations"]
    assert ["viewer-request"] == [each["EventType"] for each in associated]
    assert "FunctionAssociations" not in config(gate())["DefaultCacheBehavior"]
    function = tmp_path / "strip.js"
    call = "console.log(JSON.stringify(handler({request: {headers: {'x-user-id': {}, 'x-customer': {}, accept: {}}}})))"
    function.write_text(strip_code(("X-User-Id", "x-customer")) + call)
    made = subprocess.run(["node", function], capture_output=True, text=True, check=True, timeout=30)
    assert {"headers": {"accept": {}}} == json.loads(made.stdout)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"order_origin": ""}, "--gate needs --order-origin HOST"),
        ({"order_origin": "https://gate.example.com"}, "--order-origin must be a host name"),
        ({"alias": "order.example.com"}, "--alias and --certificate go together"),
        ({"web_acl": "sale"}, "--web-acl must be an ARN"),
        ({**ALIAS, "alias": ORDER_ORIGIN}, "the distribution would ask itself"),
    ],
)
def test_options_that_cannot_be_are_refused(more: dict[str, Any], message: str) -> None:
    """Before CloudFormation would find out, minutes later."""
    with pytest.raises(ValueError, match=message):
        GateStackOptions(**{"place": BucketAddress(BUCKET), "order_origin": ORDER_ORIGIN, **more})
