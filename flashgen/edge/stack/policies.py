"""The distribution's policies: what is in a cache key and for how long, and which headers every viewer gets."""

from __future__ import annotations

from collections.abc import Iterable

from flashgen.edge.rules.behaviour import POINTER, SHARED, Behaviour
from flashgen.edge.rules.security import HSTS_SECONDS, REFERRER_POLICY, content_security_policy
from flashgen.edge.stack.intrinsics import Json, ref, resource
from flashgen.errors import Refused

# Ids of managed policies are the same in every account; cfn-lint does not know them.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

#: Characters of a Content-Security-Policy in a response headers policy; AWS raises it when asked.
#: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
LONGEST_CSP = 1783


def cache_policy_id(behaviour: Behaviour) -> Json | str:
    """The policy for what is kept as `behaviour` has it."""
    if behaviour.max_ttl_seconds == 0:
        return CACHING_DISABLED
    return ref("PointerCachePolicy") if behaviour.is_polled else CACHING_OPTIMIZED


def headers_policy(behaviour: Behaviour) -> Json:
    """The response headers policy of a behaviour, by reference."""
    if behaviour.is_shared:
        return ref("FontHeaders")
    return ref("PointerHeaders" if behaviour.is_polled else "PageHeaders")


def policy_resources(name: str, order_origins: Iterable[str], *, hsts_subdomains: bool) -> Json:
    """The pointer's cache policy, and the headers of all else. Raises Refused if the CSP is too long."""
    csp = content_security_policy(order_origins)
    if len(csp) > LONGEST_CSP:
        raise Refused(
            f"the Content-Security-Policy has {len(csp):,} characters, CloudFront takes {LONGEST_CSP:,}",
            "give the order servers of all sales fewer or shorter names",
        )
    no_store = {"Items": [{"Header": "Cache-Control", "Value": "no-store", "Override": True}]}
    security = _security(csp, hsts_subdomains)
    return {
        "PointerCachePolicy": _pointer_cache(name),
        "PageHeaders": _headers(f"{name}-pages", SecurityHeadersConfig=security),
        "FontHeaders": _headers(f"{name}-fonts", SecurityHeadersConfig=security, CorsConfig=_consent()),
        "PointerHeaders": _headers(f"{name}-pointer", SecurityHeadersConfig=security, CustomHeadersConfig=no_store),
    }


def _pointer_cache(name: str) -> Json:
    """No query, since pollers add a random one; no encodings, since each would be another copy to fetch."""
    config = {
        "Name": f"{name}-pointer",
        "Comment": "The unlock script: a second at the edge, one copy for everybody",
        "MinTTL": POINTER.min_ttl_seconds,
        "DefaultTTL": POINTER.default_ttl_seconds,
        "MaxTTL": POINTER.max_ttl_seconds,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "HeadersConfig": {"HeaderBehavior": "none"},
            "EnableAcceptEncodingGzip": False,
            "EnableAcceptEncodingBrotli": False,
        },
    }
    return resource("AWS::CloudFront::CachePolicy", CachePolicyConfig=config)


def _headers(name: str, **config: Json) -> Json:
    return resource("AWS::CloudFront::ResponseHeadersPolicy", ResponseHeadersPolicyConfig={"Name": name, **config})


def _consent() -> Json:
    return {
        "AccessControlAllowOrigins": {"Items": [SHARED[1]]},
        "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
        "AccessControlAllowHeaders": {"Items": ["*"]},
        "AccessControlAllowCredentials": False,
        "OriginOverride": True,
    }


def _security(csp: str, hsts_subdomains: bool) -> Json:
    """As `security_headers` over https; frames are forbidden by the CSP's frame-ancestors."""
    return {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": csp, "Override": True},
        "ContentTypeOptions": {"Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": REFERRER_POLICY, "Override": True},
        "StrictTransportSecurity": {
            "AccessControlMaxAgeSec": HSTS_SECONDS,
            "IncludeSubdomains": hsts_subdomains,
            "Override": True,
        },
    }
