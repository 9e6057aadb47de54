"""What `flashgen infra` makes is what doctor wants to see."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.examined import BUCKET, DISTRIBUTION, SALE, Stage, edit_yaml

from flashgen.addresses import BucketAddress
from flashgen.aws.distribution import (
    CachePolicy,
    DistributionConfig,
    DistributionOrigin,
    HeadersPolicy,
    PathBehaviour,
)
from flashgen.doctor.distribution import judge
from flashgen.edge.stack.options import StackOptions
from flashgen.edge.stack.template import template
from flashgen.finding import Finding, Level
from flashgen.store.s3.bucket import Bucket

Json = dict[str, Any]

#: What AWS's managed policies say: CachingOptimized, CachingDisabled.
#: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
MANAGED = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": CachePolicy(1, 86_400, 31_536_000),
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": CachePolicy(0, 0, 0),
}


def deployed(resources: Json) -> DistributionConfig:
    """The distribution as CloudFormation would make it."""
    config = resources["Distribution"]["Properties"]["DistributionConfig"]
    every = [*config["CacheBehaviors"], {**config["DefaultCacheBehavior"], "PathPattern": "*"}]
    return DistributionConfig(
        id=DISTRIBUTION,
        domain="d1.cloudfront.net",
        aliases=tuple(config.get("Aliases", ())),
        is_enabled=config["Enabled"],
        is_deployed=True,
        origins=tuple(_origin(one) for one in config["Origins"]),
        behaviours=tuple(_behaviour(one, resources) for one in every),
        error_ttl_seconds={one["ErrorCode"]: one["ErrorCachingMinTTL"] for one in config["CustomErrorResponses"]},
    )


def _origin(one: Json) -> DistributionOrigin:
    domain = one["DomainName"] if isinstance(one["DomainName"], str) else f"{BUCKET}.s3.eu-central-1.amazonaws.com"
    return DistributionOrigin(one["Id"], domain, one.get("OriginPath", ""), "OriginAccessControlId" in one)


def _behaviour(one: Json, resources: Json) -> PathBehaviour:
    headers = one.get("ResponseHeadersPolicyId")
    return PathBehaviour(
        pattern=one["PathPattern"],
        origin_id=one["TargetOriginId"],
        viewer_protocol=one["ViewerProtocolPolicy"],
        compresses=one["Compress"],
        cache=_cache(one["CachePolicyId"], resources),
        headers=_headers(resources[headers["Ref"]]) if headers else HeadersPolicy(),
        functions=frozenset(each["EventType"] for each in one.get("FunctionAssociations", ())),
    )


def _cache(policy: str | Json, resources: Json) -> CachePolicy:
    if isinstance(policy, str):
        return MANAGED[policy]
    config = resources[policy["Ref"]]["Properties"]["CachePolicyConfig"]
    parameters = config["ParametersInCacheKeyAndForwardedToOrigin"]
    keyed = [
        kind
        for kind in ("QueryString", "Cookie", "Header")
        if parameters[f"{kind}sConfig"][f"{kind}Behavior"] != "none"
    ]
    return CachePolicy(config["MinTTL"], config["DefaultTTL"], config["MaxTTL"], tuple(keyed))


def _headers(policy: Json) -> HeadersPolicy:
    config = policy["Properties"]["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    items = config.get("CustomHeadersConfig", {}).get("Items", ())
    return HeadersPolicy(
        security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        security["StrictTransportSecurity"]["AccessControlMaxAgeSec"],
        "ContentTypeOptions" in security,
        security["ReferrerPolicy"]["ReferrerPolicy"],
        {one["Header"].lower(): one["Value"] for one in items if one["Override"]},
    )


@pytest.mark.parametrize("prefix", ["", "sales/2026"])
@pytest.mark.parametrize("ttl_seconds", [0, 1, 2])
def test_doctor_has_nothing_to_say(stage: Stage, prefix: str, ttl_seconds: int) -> None:
    """Of any stack, on the url that it has."""
    edit_yaml(stage.root, "unlock: {", f"unlock: {{edge_ttl_seconds: {ttl_seconds}, ")
    uncached = (SALE,) if ttl_seconds == 0 else ()
    place = BucketAddress(BUCKET, prefix)
    options = StackOptions(place, order_origins=(stage.gate.url,), uncached=uncached)
    facts = deployed(json.loads(template(options))["Resources"])
    stage.url, stage.bucket = "https://d1.cloudfront.net", Bucket(BUCKET, prefix, "eu-central-1")
    assert [] == troubles(judge(facts, stage.context()))


def test_a_stack_that_does_not_know_a_sale_is_found(stage: Stage) -> None:
    """It was made before the sale's order server, and before it asked for no caching."""
    edit_yaml(stage.root, "unlock: {", "unlock: {edge_ttl_seconds: 0, ")
    facts = deployed(json.loads(template(StackOptions(BucketAddress(BUCKET))))["Resources"])
    stage.url = "https://d1.cloudfront.net"
    assert ["night: polling", "security"] == [each.check for each in troubles(judge(facts, stage.context()))]


def troubles(found: Any) -> list[Finding]:
    """What is not PASS."""
    return [finding for finding in found if finding.level is not Level.PASS]
