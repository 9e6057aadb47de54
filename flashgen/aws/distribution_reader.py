"""Asking CloudFront for a distribution and the policies that it names. Everything here only reads.

Shapes: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from flashgen.aws.cloudfront import CODES, cloudfront_client, distribution_arn
from flashgen.aws.distribution import (
    CachePolicy,
    DistributionFacts,
    DistributionOrigin,
    HeadersPolicy,
    PathBehaviour,
)
from flashgen.aws.errors import explained
from flashgen.errors import AccessDenied

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

T = TypeVar("T")


def read_distribution(distribution: str, client: CloudFrontClient | None = None) -> DistributionFacts:
    """The facts of one distribution, by its id. Raises `StoreError` if it is not there, or may not be looked at.

    A policy that may not be looked at is no error: see `DistributionFacts.denied`.
    """
    place = f"distribution {distribution}"
    with explained(place, "cloudfront:GetDistribution", distribution_arn(distribution), CODES):
        reader = _Reader(place, client or cloudfront_client())
        found = reader.client.get_distribution(Id=distribution)["Distribution"]
    return reader.facts(found)


class _Reader:
    """Remembers policies, which behaviours share, and what it was refused."""

    def __init__(self, place: str, client: CloudFrontClient) -> None:
        self.place, self.client = place, client
        self._known: dict[str, Any] = {}
        self._denied: dict[str, None] = {}

    def facts(self, found: Any) -> DistributionFacts:
        config = found["DistributionConfig"]
        behaviours = [*_items(config.get("CacheBehaviors")), {**config["DefaultCacheBehavior"], "PathPattern": "*"}]
        return DistributionFacts(
            id=found["Id"],
            domain=found["DomainName"],
            aliases=tuple(_items(config.get("Aliases"))),
            is_enabled=config["Enabled"],
            is_deployed=found["Status"].lower() == "deployed",
            origins=tuple(_origin(one) for one in _items(config["Origins"])),
            behaviours=tuple(self._behaviour(one) for one in behaviours),
            error_ttl_seconds={
                one["ErrorCode"]: one.get("ErrorCachingMinTTL", 10)
                for one in _items(config.get("CustomErrorResponses"))
            },
            denied=tuple(self._denied),
        )

    def _behaviour(self, one: Any) -> PathBehaviour:
        return PathBehaviour(
            pattern=one["PathPattern"],
            origin_id=one["TargetOriginId"],
            viewer_protocol=one["ViewerProtocolPolicy"],
            compresses=bool(one.get("Compress")),
            cache=self._cache(one),
            headers=self._headers(one.get("ResponseHeadersPolicyId")),
            functions=frozenset(each["EventType"] for each in _functions(one)),
        )

    def _cache(self, behaviour: Any) -> CachePolicy | None:
        policy = behaviour.get("CachePolicyId")
        if not policy:
            return _legacy_cache(behaviour)

        def ask() -> CachePolicy:
            return _cache_policy(self.client.get_cache_policy(Id=policy)["CachePolicy"]["CachePolicyConfig"])

        return self._once("cloudfront:GetCachePolicy", policy, ask)

    def _headers(self, policy: str | None) -> HeadersPolicy | None:
        if not policy:
            return HeadersPolicy()

        def ask() -> HeadersPolicy:
            found = self.client.get_response_headers_policy(Id=policy)["ResponseHeadersPolicy"]
            return _headers_policy(found["ResponseHeadersPolicyConfig"])

        return self._once("cloudfront:GetResponseHeadersPolicy", policy, ask)

    def _once(self, action: str, policy: str, ask: Callable[[], T]) -> T | None:
        if action in self._denied:
            return None
        if policy not in self._known:
            try:
                with explained(self.place, codes=CODES):
                    self._known[policy] = ask()
            except AccessDenied:
                self._denied[action] = None
                return None
        found: T = self._known[policy]
        return found


def _items(listed: Any) -> list[Any]:
    """CloudFront's lists are `{"Quantity": n, "Items": [...]}`, without `Items` where there are none."""
    return list((listed or {}).get("Items") or ())


def _functions(behaviour: Any) -> Iterator[Any]:
    yield from _items(behaviour.get("FunctionAssociations"))
    yield from _items(behaviour.get("LambdaFunctionAssociations"))


def _origin(one: Any) -> DistributionOrigin:
    return DistributionOrigin(
        one["Id"], one["DomainName"], one.get("OriginPath", ""), bool(one.get("OriginAccessControlId"))
    )


def _cache_policy(config: Any) -> CachePolicy:
    parameters = config.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    kinds = {
        "query strings": parameters.get("QueryStringsConfig", {}).get("QueryStringBehavior", "none"),
        "cookies": parameters.get("CookiesConfig", {}).get("CookieBehavior", "none"),
        "headers": parameters.get("HeadersConfig", {}).get("HeaderBehavior", "none"),
    }
    return CachePolicy(config["MinTTL"], config["DefaultTTL"], config["MaxTTL"], _keyed(kinds))


def _legacy_cache(behaviour: Any) -> CachePolicy:
    """Settings of before there were cache policies, which distributions may still have."""
    forwarded = behaviour.get("ForwardedValues", {})
    kinds = {
        "query strings": "all" if forwarded.get("QueryString") else "none",
        "cookies": forwarded.get("Cookies", {}).get("Forward", "none"),
        "headers": "some" if _items(forwarded.get("Headers")) else "none",
    }
    # Without a number these are CloudFront's: 0, a day, a year.
    ttls = (behaviour.get("MinTTL", 0), behaviour.get("DefaultTTL", 86_400), behaviour.get("MaxTTL", 31_536_000))
    return CachePolicy(*ttls, _keyed(kinds))


def _keyed(kinds: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(kind for kind, how in kinds.items() if how != "none")


def _headers_policy(config: Any) -> HeadersPolicy:
    security = config.get("SecurityHeadersConfig") or {}
    return HeadersPolicy(
        content_security_policy=security.get("ContentSecurityPolicy", {}).get("ContentSecurityPolicy"),
        hsts_seconds=security.get("StrictTransportSecurity", {}).get("AccessControlMaxAgeSec"),
        nosniff="ContentTypeOptions" in security,
        referrer_policy=security.get("ReferrerPolicy", {}).get("ReferrerPolicy"),
        custom={
            one["Header"].lower(): one["Value"] for one in _items(config.get("CustomHeadersConfig")) if one["Override"]
        },
    )
