"""What `infra` makes, `doctor` finds healthy: the two are written apart, from the same design."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.projects import write_sale
from support.stacks import ALIAS, BUCKET, parsed, plain

from flashgen.addresses import BucketAddress
from flashgen.aws.distribution import (
    CachePolicy,
    DistributionConfig,
    DistributionOrigin,
    HeadersPolicy,
    PathBehaviour,
)
from flashgen.doctor.context import DoctorContext
from flashgen.doctor.distribution import judge
from flashgen.edge.rules.behaviour import DEFAULT
from flashgen.edge.stack.options import StackOptions
from flashgen.edge.stack.policies import CACHING_DISABLED, CACHING_OPTIMIZED
from flashgen.finding import Finding, Level
from flashgen.sale.load import load_header
from flashgen.sale.model import Header

#: Their ids are checked against AWS's documentation by eye: there is nobody else to ask.
MANAGED = {
    CACHING_OPTIMIZED: CachePolicy(DEFAULT.min_ttl_seconds, DEFAULT.default_ttl_seconds, DEFAULT.max_ttl_seconds),
    CACHING_DISABLED: CachePolicy(0, 0, 0),
}


def facts_of(stack: StackOptions) -> DistributionConfig:
    """The distribution as CloudFront would describe it once the stack is made."""
    resources = parsed(stack)["Resources"]
    config = resources["Distribution"]["Properties"]["DistributionConfig"]
    listed = [*config["CacheBehaviors"], {**config["DefaultCacheBehavior"], "PathPattern": "*"}]
    return DistributionConfig(
        id="E2EXAMPLE",
        domain="d111111abcdef8.cloudfront.net",
        aliases=tuple(config.get("Aliases", ())),
        is_enabled=config["Enabled"],
        is_deployed=True,
        origins=tuple(_origin(one) for one in config["Origins"]),
        behaviours=tuple(_behaviour(one, resources) for one in listed),
        error_ttl_seconds={one["ErrorCode"]: one["ErrorCachingMinTTL"] for one in config["CustomErrorResponses"]},
    )


def _origin(one: dict[str, Any]) -> DistributionOrigin:
    domain = one["DomainName"]
    host = domain if isinstance(domain, str) else f"{BUCKET}.s3.eu-central-1.amazonaws.com"
    return DistributionOrigin(one["Id"], host, one.get("OriginPath", ""), "OriginAccessControlId" in one)


def _behaviour(one: dict[str, Any], resources: dict[str, Any]) -> PathBehaviour:
    return PathBehaviour(
        pattern=one["PathPattern"],
        origin_id=one["TargetOriginId"],
        viewer_protocol=one["ViewerProtocolPolicy"],
        compresses=one["Compress"],
        cache=_cache(one["CachePolicyId"], resources),
        headers=_headers(one.get("ResponseHeadersPolicyId"), resources),
        functions=frozenset(each["EventType"] for each in one.get("FunctionAssociations", ())),
    )


def _cache(policy: str | dict[str, str], resources: dict[str, Any]) -> CachePolicy:
    if isinstance(policy, str):
        return MANAGED[policy]
    config = resources[policy["Ref"]]["Properties"]["CachePolicyConfig"]
    parameters = config["ParametersInCacheKeyAndForwardedToOrigin"].values()
    kinds = [how for part in parameters if isinstance(part, dict) for how in part.values()]
    return CachePolicy(
        config["MinTTL"], config["DefaultTTL"], config["MaxTTL"], tuple(kind for kind in kinds if kind != "none")
    )


def _headers(policy: dict[str, str] | None, resources: dict[str, Any]) -> HeadersPolicy:
    if policy is None:
        return HeadersPolicy()
    config = resources[policy["Ref"]]["Properties"]["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    return HeadersPolicy(
        content_security_policy=security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        hsts_seconds=security["StrictTransportSecurity"]["AccessControlMaxAgeSec"],
        nosniff="ContentTypeOptions" in security,
        referrer_policy=security["ReferrerPolicy"]["ReferrerPolicy"],
        custom={one["Header"].lower(): one["Value"] for one in config.get("CustomHeadersConfig", {}).get("Items", ())},
    )


def found(stack: StackOptions, header: Header, url: str) -> list[Finding]:
    """What doctor says of the distribution that is not PASS."""
    bucket = SimpleNamespace(name=stack.place.bucket, prefix=stack.place.prefix)
    context = cast("DoctorContext", SimpleNamespace(url=url, bucket=bucket, headers=(header,)))
    return [finding for finding in judge(facts_of(stack), context) if finding.level is not Level.PASS]


@pytest.fixture
def header(tmp_path: Path) -> Header:
    """A sale whose pointer is kept at the edge for a second."""
    return load_header(write_sale(tmp_path))


@pytest.fixture
def uncached(tmp_path: Path) -> Header:
    """The same, with `edge_ttl_seconds: 0`."""
    path = write_sale(tmp_path)
    path.write_text(path.read_text().replace("version: abcdefgh23", "version: abcdefgh23, edge_ttl_seconds: 0"))
    return load_header(path)


@pytest.mark.parametrize("prefix", ["", "shops/night"])
@pytest.mark.parametrize("more", [{}, ALIAS], ids=len)
def test_doctor_finds_nothing_wrong(header: Header, prefix: str, more: dict[str, str]) -> None:
    """With every option that it looks at."""
    stack = plain(place=BucketAddress(BUCKET, prefix), order_origins=header.order_origins, **more)
    host = more.get("alias", "d111111abcdef8.cloudfront.net")
    assert [] == found(stack, header, f"https://{host}")


def test_doctor_agrees_on_what_is_not_kept(uncached: Header) -> None:
    """With the behaviour of its own it is fine, and without it is not."""
    url = "https://d111111abcdef8.cloudfront.net"
    origins = uncached.order_origins
    assert [] == found(plain(order_origins=origins, uncached=(uncached.id,)), uncached, url)
    (finding,) = found(plain(order_origins=origins), uncached, url)
    assert Level.FAIL is finding.level


def test_doctor_misses_a_sales_order_server(header: Header) -> None:
    """Which a stack lacks that was made before the sale."""
    (finding,) = found(plain(), header, "https://d111111abcdef8.cloudfront.net")
    assert "https://order.example.com" in finding.message
