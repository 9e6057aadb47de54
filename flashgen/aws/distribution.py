"""A CloudFront distribution and the policies that it names, as data, and how they are read. What they should be,
`flashgen.doctor` knows.

Shapes: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from flashgen.aws.cloudfront import CODES, cloudfront_client, distribution_arn
from flashgen.aws.errors import explained
from flashgen.errors import AccessDenied

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """TTLs in seconds, and what is in the cache key apart from the path (`query strings`, `cookies`, `headers`)."""

    min_ttl_seconds: int
    default_ttl_seconds: int
    max_ttl_seconds: int
    keyed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadersPolicy:
    """What viewers are sent. None is "not sent"; `custom` has lower-case names, and only what overrides the origin."""

    content_security_policy: str | None = None
    hsts_seconds: int | None = None
    nosniff: bool = False
    referrer_policy: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PathBehaviour:
    """What the distribution does with the paths of one pattern.

    `cache` and `headers` are None where they could not be read; without a headers policy `headers` is empty.
    `functions` are event types (`viewer-request`, `viewer-response`) that have a function.
    """

    pattern: str
    origin_id: str
    viewer_protocol: str
    compresses: bool
    cache: CachePolicy | None
    headers: HeadersPolicy | None
    functions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DistributionOrigin:
    """Where content comes from. `path` is put before every key; `has_access_control` means an OAC signs requests."""

    id: str
    domain: str
    path: str
    has_access_control: bool


@dataclass(frozen=True, slots=True)
class DistributionConfig:
    """`behaviours` are in the order in which they are tried, the default (`*`) last.

    `error_ttl_seconds` is by HTTP status, where the distribution says one. `denied` are IAM actions that were refused:
    what they would have given is None.
    """

    id: str
    domain: str
    aliases: tuple[str, ...]
    is_enabled: bool
    is_deployed: bool
    origins: tuple[DistributionOrigin, ...]
    behaviours: tuple[PathBehaviour, ...]
    error_ttl_seconds: Mapping[int, int] = field(default_factory=dict)
    denied: tuple[str, ...] = ()


T = TypeVar("T")


def read_distribution(distribution: str, client: CloudFrontClient | None = None) -> DistributionConfig:
    """The configuration of one distribution, by its id. Raises `StoreError` if it is missing, or may not be read.

    A policy that may not be read is no error: see `DistributionConfig.denied`.
    """
    place = f"distribution {distribution}"
    with explained(place, "cloudfront:GetDistribution", distribution_arn(distribution), CODES):
        reader = _Reader(place, client or cloudfront_client())
        found = reader.client.get_distribution(Id=distribution)["Distribution"]
    return reader.read(found)


class _Reader:
    """Remembers policies, which behaviours share, and what it was refused."""

    def __init__(self, place: str, client: CloudFrontClient) -> None:
        self.place, self.client = place, client
        self._known: dict[str, Any] = {}
        self._denied: dict[str, None] = {}

    def read(self, found: Any) -> DistributionConfig:
        config = found["DistributionConfig"]
        behaviours = [*_items(config.get("CacheBehaviors")), {**config["DefaultCacheBehavior"], "PathPattern": "*"}]
        return DistributionConfig(
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
            functions=frozenset(
                each["EventType"]
                for kind in ("FunctionAssociations", "LambdaFunctionAssociations")
                for each in _items(one.get(kind))
            ),
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
