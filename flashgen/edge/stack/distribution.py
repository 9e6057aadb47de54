"""The distribution: origins, behaviours in the order in which they are tried, edge functions, cached errors."""

from __future__ import annotations

from pathlib import Path

from flashgen.edge.rules.behaviour import (
    DEFAULT,
    ERROR_TTL_SECONDS,
    FONTS,
    POINTER,
    Behaviour,
    uncached_pointer,
)
from flashgen.edge.rules.paths import INDEX
from flashgen.edge.stack.intrinsics import Json, attribute, resource
from flashgen.edge.stack.options import GateStackOptions, StackOptions, resource_name
from flashgen.edge.stack.policies import cache_policy_id, headers_policy

#: What of the origin's errors is kept for `ERROR_TTL_SECONDS` instead of CloudFront's 10 s.
ERRORS = (403, 404, 500, 502, 503, 504)

#: CloudFront's defaults are 10 s, 3 attempts and 30 s: so long would viewers wait for a bucket that hangs, although
#: the edge has a page that it may serve.
CONNECT_SECONDS, CONNECT_ATTEMPTS, READ_SECONDS = 2, 2, 3

_LONGEST_COMMENT = 128
_READ = ["GET", "HEAD"]
_FUNCTIONS = Path(__file__).parent / "functions"


def function_code(name: str) -> str:
    """The source of an edge function: `index` or `clock`."""
    return (_FUNCTIONS / f"{name}.js").read_text(encoding="utf-8")


def distribution_resources(options: StackOptions) -> Json:
    """The distribution, its access to the bucket, and its functions."""
    name = resource_name(options.place)
    return {
        "OriginAccess": resource(
            "AWS::CloudFront::OriginAccessControl",
            OriginAccessControlConfig={
                "Name": name,
                "OriginAccessControlOriginType": "s3",
                "SigningBehavior": "always",
                "SigningProtocol": "sigv4",
            },
        ),
        "IndexFunction": _function(f"{name}-index", "index", "/x/ is x/index.html, /x leads to /x/"),
        "ClockFunction": _function(f"{name}-clock", "clock", "x-now: the edge's time in milliseconds"),
        "Distribution": resource("AWS::CloudFront::Distribution", DistributionConfig=_config(options)),
    }


def _config(options: StackOptions) -> Json:
    special = (*map(uncached_pointer, sorted(options.uncached)), POINTER, FONTS)
    return {
        **public_face(options, f"flashgen: {options.place.url}"),
        "DefaultRootObject": INDEX,
        "Origins": [_store_origin(options)],
        "CacheBehaviors": [{"PathPattern": each.pattern, **_behaviour(each)} for each in special],
        "DefaultCacheBehavior": _behaviour(DEFAULT),
        "CustomErrorResponses": [_error_response(code) for code in ERRORS],
    }


def public_face(options: StackOptions | GateStackOptions, comment: str) -> Json:
    """What visitors meet first, of pages and gate alike: names, certificate, protocols, where edges are, web ACL."""
    return {
        "Enabled": True,
        "Comment": comment[:_LONGEST_COMMENT],
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "PriceClass": f"PriceClass_{options.price_class.capitalize()}",
        **({"Aliases": [options.alias]} if options.alias else {}),
        "ViewerCertificate": _certificate(options.certificate),
        **({"WebACLId": options.web_acl} if options.web_acl else {}),
    }


def _certificate(arn: str) -> Json:
    if not arn:
        return {"CloudFrontDefaultCertificate": True}
    return {"AcmCertificateArn": arn, "SslSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}


def _error_response(code: int) -> Json:
    """What is missing gets the store's 404 page; so does what is forbidden, whose names are nobody's business."""
    page = {"ResponseCode": 404, "ResponsePagePath": "/404.html"} if code in (403, 404) else {}
    return {"ErrorCode": code, "ErrorCachingMinTTL": ERROR_TTL_SECONDS, **page}


def _store_origin(options: StackOptions) -> Json:
    return {
        "Id": "store",
        "DomainName": attribute("Bucket", "RegionalDomainName"),
        "OriginAccessControlId": attribute("OriginAccess", "Id"),
        "ConnectionTimeout": CONNECT_SECONDS,
        "ConnectionAttempts": CONNECT_ATTEMPTS,
        # With an origin access control the older identity must be there, and empty.
        "S3OriginConfig": {"OriginAccessIdentity": "", "OriginReadTimeout": READ_SECONDS},
        **({"OriginPath": f"/{options.place.prefix}"} if options.place.prefix else {}),
    }


def _behaviour(behaviour: Behaviour) -> Json:
    event, function = (
        ("viewer-response", "ClockFunction") if behaviour.is_polled else ("viewer-request", "IndexFunction")
    )
    return {
        "TargetOriginId": "store",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": _READ,
        "CachedMethods": _READ,
        "Compress": behaviour.compresses,
        "CachePolicyId": cache_policy_id(behaviour),
        "ResponseHeadersPolicyId": headers_policy(behaviour),
        "FunctionAssociations": [{"EventType": event, "FunctionARN": attribute(function, "FunctionARN")}],
    }


def _function(name: str, source: str, comment: str) -> Json:
    return edge_function(name, function_code(source), comment)


def edge_function(name: str, code: str, comment: str) -> Json:
    """A function of the edge, live as soon as the stack is made."""
    return resource(
        "AWS::CloudFront::Function",
        Name=name,
        AutoPublish=True,
        FunctionCode=code,
        FunctionConfig={"Comment": comment, "Runtime": "cloudfront-js-2.0"},
    )
