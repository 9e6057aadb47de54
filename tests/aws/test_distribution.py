"""What is read of a distribution: from moto as far as it goes, from checked shapes where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from flashgen.aws.distribution import CachePolicy, HeadersPolicy, read_distribution
from flashgen.errors import AccessDenied, NoAnswer, StoreError

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

ID = "E2EXAMPLE"


def behaviour(**changed: Any) -> dict[str, Any]:
    """A default behaviour, as CloudFront has it."""
    found = {
        "TargetOriginId": "store",
        "ViewerProtocolPolicy": "redirect-to-https",
        "Compress": True,
        "CachePolicyId": "cache",
        "ResponseHeadersPolicyId": "headers",
        "FunctionAssociations": {
            "Quantity": 1,
            "Items": [{"EventType": "viewer-request", "FunctionARN": "arn:aws:cloudfront::1:function/index"}],
        },
    }
    return {key: value for key, value in {**found, **changed}.items() if value is not None}


def config(**changed: Any) -> dict[str, Any]:
    """A distribution's configuration."""
    return {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": ["sale.example.com"]},
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "store",
                    "DomainName": "flash.s3.eu-central-1.amazonaws.com",
                    "OriginPath": "/sales",
                    "OriginAccessControlId": "E1",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": behaviour(),
        "CacheBehaviors": {
            "Quantity": 1,
            "Items": [behaviour(Compress=False) | {"PathPattern": "*/unlock.*.js"}],
        },
        "CustomErrorResponses": {
            "Quantity": 2,
            "Items": [{"ErrorCode": 403, "ErrorCachingMinTTL": 1}, {"ErrorCode": 404}],
        },
        **changed,
    }


def distribution(**changed: Any) -> dict[str, Any]:
    """The answer to GetDistribution."""
    return {
        "Distribution": {
            "Id": ID,
            "ARN": f"arn:aws:cloudfront::1:distribution/{ID}",
            "Status": "Deployed",
            "LastModifiedTime": "2026-01-01T00:00:00Z",
            "InProgressInvalidationBatches": 0,
            "DomainName": "d1.cloudfront.net",
            "DistributionConfig": config(**changed),
        }
    }


CACHE = {
    "CachePolicy": {
        "Id": "cache",
        "LastModifiedTime": "2026-01-01T00:00:00Z",
        "CachePolicyConfig": {
            "Name": "pointer",
            "MinTTL": 1,
            "DefaultTTL": 1,
            "MaxTTL": 2,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": False,
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "all"},
            },
        },
    }
}

HEADERS = {
    "ResponseHeadersPolicy": {
        "Id": "headers",
        "LastModifiedTime": "2026-01-01T00:00:00Z",
        "ResponseHeadersPolicyConfig": {
            "Name": "pointer",
            "SecurityHeadersConfig": {
                "ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": "default-src 'none'"},
                "StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 63_072_000},
                "ContentTypeOptions": {"Override": True},
                "ReferrerPolicy": {"Override": True, "ReferrerPolicy": "same-origin"},
            },
            "CustomHeadersConfig": {
                "Quantity": 2,
                "Items": [
                    {"Header": "Cache-Control", "Value": "no-store", "Override": True},
                    {"Header": "x-only", "Value": "where the origin is silent", "Override": False},
                ],
            },
        },
    }
}


@pytest.fixture
def client(aws_credentials: None) -> CloudFrontClient:
    """One whose answers are given."""
    return boto3.client("cloudfront")


@pytest.fixture
def answers(client: CloudFrontClient) -> Iterator[Stubber]:
    """The answers, in order. Their shapes are checked against AWS's own model, and all must have been asked for."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_everything_that_matters_is_read(client: CloudFrontClient, answers: Stubber) -> None:
    """Each policy once, though both behaviours have them."""
    answers.add_response("get_distribution", distribution(), {"Id": ID})
    answers.add_response("get_cache_policy", CACHE, {"Id": "cache"})
    answers.add_response("get_response_headers_policy", HEADERS, {"Id": "headers"})
    facts = read_distribution(ID, client)
    assert (ID, "d1.cloudfront.net", ("sale.example.com",)) == (facts.id, facts.domain, facts.aliases)
    assert (True, True) == (facts.is_enabled, facts.is_deployed)
    (origin,) = facts.origins
    assert ("store", "/sales", True) == (origin.id, origin.path, origin.has_access_control)
    assert ["*/unlock.*.js", "*"] == [each.pattern for each in facts.behaviours]
    assert [False, True] == [each.compresses for each in facts.behaviours]
    assert {CachePolicy(1, 1, 2, ("query strings",))} == {each.cache for each in facts.behaviours}
    told = HeadersPolicy("default-src 'none'", 63_072_000, True, "same-origin", {"cache-control": "no-store"})
    assert [told, told] == [each.headers for each in facts.behaviours]
    assert {403: 1, 404: 10} == facts.error_ttl_seconds
    assert frozenset({"viewer-request"}) == facts.behaviours[0].functions


def test_a_policy_that_may_not_be_read_is_not_known(client: CloudFrontClient, answers: Stubber) -> None:
    """It is asked for once, and what is missing is said."""
    answers.add_response("get_distribution", distribution(), {"Id": ID})
    answers.add_client_error("get_cache_policy", "AccessDenied", http_status_code=403)
    answers.add_client_error("get_response_headers_policy", "AccessDenied", http_status_code=403)
    facts = read_distribution(ID, client)
    assert ("cloudfront:GetCachePolicy", "cloudfront:GetResponseHeadersPolicy") == facts.denied
    assert [None, None] == [each.cache for each in facts.behaviours]
    assert [None, None] == [each.headers for each in facts.behaviours]


def test_settings_of_before_there_were_policies_are_read_too(client: CloudFrontClient, answers: Stubber) -> None:
    """Old distributions have their TTLs in the behaviour."""
    old = behaviour(
        CachePolicyId=None,
        ResponseHeadersPolicyId=None,
        MinTTL=0,
        ForwardedValues={"QueryString": True, "Cookies": {"Forward": "none"}},
    )
    only = distribution(DefaultCacheBehavior=old, CacheBehaviors={"Quantity": 0})
    answers.add_response("get_distribution", only, {"Id": ID})
    (found,) = read_distribution(ID, client).behaviours
    assert CachePolicy(0, 86_400, 31_536_000, ("query strings",)) == found.cache
    assert HeadersPolicy() == found.headers


@pytest.mark.parametrize(
    ("code", "expected", "hint"),
    [
        ("NoSuchDistribution", StoreError, "correct `distribution:`"),
        ("AccessDenied", AccessDenied, f"allow cloudfront:GetDistribution on arn:aws:cloudfront::*:distribution/{ID}"),
        ("ExpiredToken", StoreError, "aws sso login"),
        ("Throttling", NoAnswer, "try again in a moment"),
        ("ServiceUnavailable", NoAnswer, "try again in a moment"),
        ("InvalidArgument", StoreError, ""),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(
    client: CloudFrontClient, answers: Stubber, code: str, expected: type[StoreError], hint: str
) -> None:
    """With the place and the fix."""
    answers.add_client_error("get_distribution", code, "Said so.")
    with pytest.raises(StoreError) as caught:
        read_distribution(ID, client)
    assert expected is caught.type
    assert caught.value.message.startswith(f"distribution {ID}: ")
    assert hint in caught.value.hint


def test_motos_distributions_can_be_read(aws_credentials: None) -> None:
    """Another's idea of CloudFront's answers, without policies, which it does not have."""
    with mock_aws():
        client = boto3.client("cloudfront")
        old = behaviour(
            CachePolicyId=None,
            ResponseHeadersPolicyId=None,
            FunctionAssociations=None,
            ForwardedValues={"QueryString": False, "Cookies": {"Forward": "none"}},
        )
        wanted: Any = config(DefaultCacheBehavior=old, CacheBehaviors={"Quantity": 0})
        made = client.create_distribution(DistributionConfig=wanted)
        facts = read_distribution(made["Distribution"]["Id"], client)
    assert (True, ("sale.example.com",)) == (facts.is_enabled, facts.aliases)
    assert ["*"] == [each.pattern for each in facts.behaviours]
    assert "flash.s3.eu-central-1.amazonaws.com" == facts.origins[0].domain


def test_without_credentials_it_says_so() -> None:
    """Before anything is sent."""
    with pytest.raises(StoreError, match="no AWS credentials found"):
        read_distribution(ID)
