"""The template against the local edge's data and what the design asks of a distribution."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.iam import allows, filled
from support.stacks import (
    ALIAS,
    BUCKET,
    CERTIFICATE,
    WEB_ACL,
    distribution,
    everything,
    parsed,
    plain,
    properties,
)

from flashgen.addresses import BucketAddress, parse_store
from flashgen.edge.rules.behaviour import BEHAVIOURS, DEFAULT, FONTS, POINTER, behaviour_for, uncached_pointer
from flashgen.edge.rules.security import content_security_policy, security_headers
from flashgen.edge.stack.distribution import ERRORS
from flashgen.edge.stack.options import StackOptions, UsEast1Options, resource_name
from flashgen.edge.stack.template import LARGEST_BYTES, options_of, template, template_in_us_east_1
from flashgen.errors import Refused
from flashgen.layout import host_key, manifest_key, mark_key, passes_key, settings_key
from flashgen.unlock.journal import record_key
from flashgen.unlock.pointer import pointer_key

PUBLIC = "arn:aws:s3:::sale-example-com"


def behaviours(stack: StackOptions) -> list[str]:
    """Path patterns in the order in which they are tried."""
    return [each["PathPattern"] for each in distribution(stack)["CacheBehaviors"]]


def test_the_same_input_gives_the_same_bytes() -> None:
    """Whatever the order in which sales were read."""
    origins = ("https://a.example", "https://b.example")
    one = everything(uncached=("a", "b"), order_origins=origins)
    other = everything(uncached=("b", "a"), order_origins=origins[::-1])
    assert template(one) == template(other)


def test_the_largest_stack_fits_into_a_request() -> None:
    """With every option, a prefix and twenty sales that are not kept at the edge."""
    sales = tuple(f"a-sale-with-quite-a-long-name-{number}" for number in range(20))
    size = len(template(everything(uncached=sales)).encode())
    assert LARGEST_BYTES // 2 < size <= LARGEST_BYTES


def test_a_stack_that_does_not_fit_is_refused() -> None:
    """Before CloudFormation would."""
    sales = tuple(f"sale-{number}" for number in range(99))
    with pytest.raises(Refused, match=r"the template has \d+,\d+ bytes, CloudFormation takes 51,200"):
        template(everything(uncached=sales))


def test_the_bucket_is_private_versioned_and_stays() -> None:
    """And a stack that failed to be made leaves none behind."""
    bucket = parsed(plain())["Resources"]["Bucket"]
    facts = bucket["Properties"]
    assert ("RetainExceptOnCreate", "Retain") == (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"])
    assert [True] * 4 == list(facts["PublicAccessBlockConfiguration"].values())
    assert "Enabled" == facts["VersioningConfiguration"]["Status"]
    assert [{"ObjectOwnership": "BucketOwnerEnforced"}] == facts["OwnershipControls"]["Rules"]
    (rule,) = facts["LifecycleConfiguration"]["Rules"]
    assert "ExpirationInDays" not in rule
    assert {"NoncurrentDays": 30} == rule["NoncurrentVersionExpiration"]


def bucket_policy(prefix: str = "") -> list[dict[str, Any]]:
    """Its statements, with CloudFormation's functions carried out."""
    policy = filled(properties(plain(place=BucketAddress(BUCKET, prefix)), "BucketPolicy"))
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize("prefix", ["", "shops/night"])
def test_nobody_overwrites_what_several_change_without_a_condition(prefix: str) -> None:
    """Pointers, manifests, marks, withdrawn passes, the host's list; pages, the journal and trials are not its affair.

    Both headers are missing from such a write; one that has either is not denied.
    """
    (denial,) = (one for one in bucket_policy(prefix) if one["Sid"] == "NobodyOverwritesUnseen")
    assert ("Deny", "*", {"Null": {"s3:if-match": "true", "s3:if-none-match": "true"}}) == (
        denial["Effect"], denial["Principal"], denial["Condition"]
    )  # fmt: skip
    allowed = {**denial, "Effect": "Allow"}
    below = f"{PUBLIC}/{prefix}/" if prefix else f"{PUBLIC}/"
    changed = [pointer_key("night", "abc"), manifest_key("night"), mark_key("night"), passes_key("night"), host_key()]
    assert all(allows([allowed], "s3:PutObject", below + key) for key in changed)
    free = ["night/index.html", "night/assets/page.abc.js", record_key("night", "n"), settings_key("night")]
    assert not any(allows([allowed], "s3:PutObject", below + key) for key in free)


@pytest.mark.parametrize("prefix", ["", "shops/night"])
def test_the_distribution_reads_what_is_public_and_no_more(prefix: str) -> None:
    """Of this distribution, and nothing of `_flashgen/`, also beside the prefix. What is missing is no secret."""
    reads, lists, denied, _, tls = bucket_policy(prefix)
    ours = [reads, lists, denied]
    below = f"{PUBLIC}/{prefix}/" if prefix else f"{PUBLIC}/"
    assert allows(ours, "s3:GetObject", f"{below}night/index.html")
    assert not allows(ours, "s3:GetObject", f"{below}_flashgen/night/manifest.json")
    assert not allows(ours, "s3:GetObject", f"{PUBLIC}/_flashgen/night/manifest.json")
    assert not allows(ours, "s3:GetObject", f"{PUBLIC}/other/_flashgen/night/gate.json")
    assert allows(ours, "s3:ListBucket", PUBLIC)
    assert (not prefix) == allows(ours, "s3:GetObject", f"{PUBLIC}/other/index.html")
    of_ours = {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"}}
    assert [of_ours] * 2 == [reads["Condition"], lists["Condition"]]
    assert ("Deny", "*", {"Bool": {"aws:SecureTransport": "false"}}) == (
        tls["Effect"], tls["Principal"], tls["Condition"]
    )  # fmt: skip


def test_the_distribution_signs_what_it_asks_the_bucket() -> None:
    """Every request, or a private bucket answers 403 to all of them."""
    config = properties(plain(), "OriginAccess")["OriginAccessControlConfig"]
    assert {
        "Name": BUCKET,
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    } == config
    (origin,) = distribution(plain())["Origins"]
    assert {"Fn::GetAtt": ["OriginAccess", "Id"]} == origin["OriginAccessControlId"]


def test_behaviours_are_those_of_the_local_edge_in_its_order() -> None:
    """The default last, as CloudFront keeps it apart."""
    assert [each.pattern for each in BEHAVIOURS] == [*behaviours(plain()), DEFAULT.pattern]


def test_a_pointer_that_no_edge_keeps_comes_first() -> None:
    """Its behaviour caches nothing, where the one of all pointers would keep it for a second."""
    stack = plain(uncached=("night", "fair"))
    assert ["fair/unlock.*.js", "night/unlock.*.js", *behaviours(plain())] == behaviours(stack)
    first = distribution(stack)["CacheBehaviors"][0]
    assert "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" == first["CachePolicyId"]
    assert {"Ref": "PointerHeaders"} == first["ResponseHeadersPolicyId"]
    ours = (uncached_pointer("fair"), *BEHAVIOURS)
    assert 0 == behaviour_for("fair/unlock.abc.js", ours).max_ttl_seconds
    assert POINTER is behaviour_for("night/unlock.abc.js", ours)


def test_the_pointer_is_kept_for_a_second_whatever_the_query() -> None:
    """One copy for everybody: nothing of the request is in the key, and there is one encoding."""
    policy = properties(plain(), "PointerCachePolicy")["CachePolicyConfig"]
    assert (1, 1, 2) == (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"])
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert {
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "EnableAcceptEncodingGzip": False,
        "EnableAcceptEncodingBrotli": False,
    } == key
    pointer, _ = distribution(plain())["CacheBehaviors"]
    assert (False, {"Ref": "PointerCachePolicy"}) == (pointer["Compress"], pointer["CachePolicyId"])


@pytest.mark.parametrize(
    ("name", "event", "function"),
    [("DefaultCacheBehavior", "viewer-request", "IndexFunction"), ("pointer", "viewer-response", "ClockFunction")],
)
def test_each_behaviour_has_its_function(name: str, event: str, function: str) -> None:
    """Index documents for pages, the clock for pollers."""
    config = distribution(plain())
    behaviour = config[name] if name in config else config["CacheBehaviors"][0]
    expected = [{"EventType": event, "FunctionARN": {"Fn::GetAtt": [function, "FunctionARN"]}}]
    assert expected == behaviour["FunctionAssociations"]
    assert (["GET", "HEAD"], "redirect-to-https") == (behaviour["AllowedMethods"], behaviour["ViewerProtocolPolicy"])


def test_fonts_may_be_used_by_the_pages_of_the_gate() -> None:
    """They alone, for whoever asks, and kept as assets are."""
    stack = plain()
    (fonts,) = (each for each in distribution(stack)["CacheBehaviors"] if each["PathPattern"] == FONTS.pattern)
    default = distribution(stack)["DefaultCacheBehavior"]
    assert (default["CachePolicyId"], {"Ref": "FontHeaders"}) == (
        fonts["CachePolicyId"],
        fonts["ResponseHeadersPolicyId"],
    )
    policies = ("FontHeaders", "PageHeaders", "PointerHeaders")
    consent, *others = (properties(stack, name)["ResponseHeadersPolicyConfig"].get("CorsConfig") for name in policies)
    assert (["*"], False) == (consent["AccessControlAllowOrigins"]["Items"], consent["AccessControlAllowCredentials"])
    assert [None, None] == others


@pytest.mark.parametrize("asked", [False, True])
def test_subdomains_need_https_only_if_that_is_asked_for(asked: bool) -> None:
    """One without it could not be reached any more."""
    config = properties(plain(hsts_subdomains=asked), "PageHeaders")["ResponseHeadersPolicyConfig"]
    assert asked == config["SecurityHeadersConfig"]["StrictTransportSecurity"]["IncludeSubdomains"]


@pytest.mark.parametrize("policy", ["PageHeaders", "FontHeaders", "PointerHeaders"])
def test_viewers_get_the_security_headers_of_the_local_edge(policy: str) -> None:
    """Each header, each value, over what the store may say."""
    origins = ("https://order.example.com",)
    config = properties(plain(order_origins=origins), policy)["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    hsts = config["StrictTransportSecurity"]
    told = {
        "Content-Security-Policy": config["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "Referrer-Policy": config["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff" if "ContentTypeOptions" in config else "",
        "Strict-Transport-Security": f"max-age={hsts['AccessControlMaxAgeSec']}"
        + ("; includeSubDomains" if hsts["IncludeSubdomains"] else ""),
    }
    assert dict(security_headers(content_security_policy(origins), https=True)) == told
    assert [True] * 4 == [part["Override"] for part in config.values()]


def test_only_the_pointers_copy_is_never_kept_by_browsers() -> None:
    """Pages keep the Cache-Control of the store."""
    pages, pointer = (
        properties(plain(), name)["ResponseHeadersPolicyConfig"].get("CustomHeadersConfig")
        for name in ("PageHeaders", "PointerHeaders")
    )
    assert pages is None
    assert {"Items": [{"Header": "Cache-Control", "Value": "no-store", "Override": True}]} == pointer


def test_a_policy_that_is_too_long_is_refused() -> None:
    """CloudFront takes 1,783 characters."""
    origins = tuple(f"https://order-server-number-{number}.example.com" for number in range(40))
    with pytest.raises(Refused, match=r"the Content-Security-Policy has 1,9\d\d characters"):
        template(plain(order_origins=origins))


def test_errors_are_kept_for_a_second() -> None:
    """What is put is seen at once."""
    found = distribution(plain())["CustomErrorResponses"]
    assert [(code, 1) for code in ERRORS] == [(one["ErrorCode"], one["ErrorCachingMinTTL"]) for one in found]
    assert {403, 404} <= set(ERRORS)


def test_what_is_missing_gets_the_hosts_page() -> None:
    """And what is forbidden: what is there is nobody's business."""
    found = distribution(plain())["CustomErrorResponses"]
    assert {404} == {one["ResponseCode"] for one in found if "ResponseCode" in one}
    pages = {one["ErrorCode"]: one["ResponsePagePath"] for one in found if "ResponsePagePath" in one}
    assert {403: "/404.html", 404: "/404.html"} == pages


def test_nobody_waits_long_for_a_bucket_that_hangs() -> None:
    """Ten seconds at most, where CloudFront's defaults are two minutes; then pages are served stale. And `/` is a page,
    never the bucket's list."""
    config = distribution(plain())
    (store,) = config["Origins"]
    attempts = store["ConnectionAttempts"]
    assert 10 >= attempts * (store["ConnectionTimeout"] + store["S3OriginConfig"]["OriginReadTimeout"])
    assert "index.html" == config["DefaultRootObject"]


def test_a_prefix_is_the_origins_path() -> None:
    """And no shopper ever sees it."""
    (origin,) = distribution(plain(place=BucketAddress(BUCKET, "shops/night")))["Origins"]
    assert "/shops/night" == origin["OriginPath"]
    assert "OriginPath" not in distribution(plain())["Origins"][0]


def test_an_alias_comes_with_its_certificate() -> None:
    """And with the address to tell people."""
    config = distribution(plain(**ALIAS))
    assert (["sale.example.com"], CERTIFICATE) == (config["Aliases"], config["ViewerCertificate"]["AcmCertificateArn"])
    assert "https://sale.example.com" == parsed(plain(**ALIAS))["Outputs"]["Url"]["Value"]


def test_a_web_acl_may_be_attached() -> None:
    """Flat-rate plans want one, on pages too."""
    assert WEB_ACL == distribution(plain(web_acl=WEB_ACL))["WebACLId"]
    assert "WebACLId" not in distribution(plain())


def test_the_rate_is_counted_on_the_order_path_alone() -> None:
    """Pollers are never counted, and a flood has to prove that it is browsers."""
    document = json.loads(template_in_us_east_1(UsEast1Options(BucketAddress(BUCKET), rate_limit=500)))
    acl = document["Resources"]["WebAcl"]["Properties"]
    (rule,) = acl["Rules"]
    rate = rule["Statement"]["RateBasedStatement"]
    path = rate["ScopeDownStatement"]["ByteMatchStatement"]
    assert ("CLOUDFRONT", {"Allow": {}}) == (acl["Scope"], acl["DefaultAction"])
    assert (500, 60) == (rate["Limit"], rate["EvaluationWindowSec"])
    assert ("STARTS_WITH", "/o/") == (path["PositionalConstraint"], path["SearchString"])
    assert {"Challenge": {}} == rule["Action"]


def test_logs_tell_no_cookies_and_go_into_a_bucket_without_acls() -> None:
    """Delivered by CloudWatch's service for this account."""
    document = json.loads(template_in_us_east_1(UsEast1Options(BucketAddress(BUCKET), distribution="E2EXAMPLE")))
    resources = document["Resources"]
    assert "cs(Cookie)" not in resources["LogDelivery"]["Properties"]["RecordFields"]
    ownership = resources["LogBucket"]["Properties"]["OwnershipControls"]
    assert {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]} == ownership
    delivery, _ = resources["LogBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {"Service": "delivery.logs.amazonaws.com"} == delivery["Principal"]


def test_a_template_remembers_its_options() -> None:
    """So that the next one can tell which were forgotten."""
    assert {**{"--alias": "sale.example.com", "--certificate": CERTIFICATE}} == options_of(parsed(plain(**ALIAS)))
    assert {} == options_of(parsed(plain()))
    assert {} == options_of({"Resources": {}})


@pytest.mark.parametrize("bucket", ["a.b", "a-b", "sale-example-com", "x" * 63, "x" * 62 + "y"])
def test_names_are_short_and_of_one_bucket(bucket: str) -> None:
    """CloudFront's functions take 64 characters and no dots."""
    name = resource_name(BucketAddress(bucket))
    others = {
        resource_name(BucketAddress(other)) for other in ("a.b", "a-b", "sale-example-com", "x" * 63, "x" * 62 + "y")
    }
    assert 5 == len(others)
    assert len(f"{name}-pointer") <= 64
    assert name.replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"alias": "sale.example.com"}, "--alias and --certificate go together"),
        ({"certificate": CERTIFICATE}, "--alias and --certificate go together"),
        ({**ALIAS, "alias": "https://sale.example.com"}, "--alias must be a host name"),
        ({**ALIAS, "certificate": CERTIFICATE.replace("us-east-1", "eu-central-1")}, "--certificate must be an ARN"),
        ({"web_acl": "sale"}, "--web-acl must be an ARN"),
    ],
)
def test_options_that_cannot_be_are_refused(more: dict[str, Any], message: str) -> None:
    """Before CloudFormation would find out, minutes later."""
    with pytest.raises(ValueError, match=message):
        plain(**more)


@pytest.mark.parametrize(("bucket", "prefix"), [("Sale", ""), ("s", ""), ("${x}", ""), ("sale", "a//b"), ("sale", "*")])
def test_a_name_never_becomes_a_pattern_or_a_function(bucket: str, prefix: str) -> None:
    """A policy would read it."""
    with pytest.raises(ValueError, match="must"):
        parse_store(f"s3://{bucket}/{prefix}")


def test_nothing_is_made_in_us_east_1_unless_asked_for() -> None:
    """The message names what can be."""
    with pytest.raises(ValueError, match="--alias, --rate-limit, --logs"):
        UsEast1Options(BucketAddress(BUCKET))
