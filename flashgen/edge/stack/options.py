"""What a stack is made for. Values that CloudFormation would refuse minutes later are refused here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from flashgen.edge.behaviour import ORDER_PATTERNS
from flashgen.errors import Refused

PRICE_CLASSES: Final = ("all", "200", "100")
"""Where the distribution has edges: everywhere; not in South America and Oceania; North America and Europe only."""

US_EAST_1: Final = "us-east-1"
"""Where CloudFront looks for certificates, web ACLs and log deliveries, whatever the bucket's region:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html and
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html"""

#: A 64th character is the most that a CloudFront function's name may have, our endings included.
_LONGEST_NAME = 40

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[A-Za-z0-9-]+")
_WEB_ACL = re.compile(r"arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+")
_DISTRIBUTION = re.compile(r"E[A-Z0-9]{5,}")


@dataclass(frozen=True, slots=True)
class Place:
    """The bucket, and the prefix below which a target's objects lie in it: without slashes around, often empty."""

    bucket: str
    prefix: str = ""

    def __post_init__(self) -> None:
        _check(_BUCKET, self.bucket, "the bucket", "3 to 63 of a-z, 0-9, hyphens and dots")
        _check(_PREFIX, self.prefix, "the prefix", "letters, digits, `.`, `_`, `-` and `/`")

    @property
    def name(self) -> str:
        """A name for what belongs to this bucket, unique as the bucket is; at most 40 letters, digits and hyphens."""
        plain = self.bucket.replace(".", "-")
        if plain == self.bucket and len(plain) <= _LONGEST_NAME:
            return plain
        return f"{plain[: _LONGEST_NAME - 9]}-{hashlib.sha256(self.bucket.encode()).hexdigest()[:8]}"

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, pattern: str) -> str:
        """A key or pattern of the store as it is in the bucket."""
        return f"{self.prefix}/{pattern}" if self.prefix else pattern


def place_of(store: str) -> Place:
    """The place that a target's `store:` names. Raises Refused for what is not in S3, ValueError for odd names."""
    scheme, _, rest = store.partition("://")
    if scheme != "s3" or not rest:
        raise Refused(
            f"store {store}: a CloudFormation stack needs an s3:// store",
            "choose such a target with --target, or write `store: s3://BUCKET` for this one in flashgen.yaml",
        )
    bucket, _, prefix = rest.partition("/")
    return Place(bucket, prefix.strip("/"))


@dataclass(frozen=True, slots=True)
class StackOptions:
    """The stack of bucket, distribution and permissions; it lives in the bucket's region.

    `sales` are the ids of all sales, `uncached` of those with `edge_ttl_seconds: 0`; `order_origins` (`https://host`)
    are those that pages may ask. `secret` is its source as in flashgen.yaml. `alias` and `order_origin` are host
    names. What is empty is left out. Raises ValueError for what cannot be.
    """

    place: Place
    sales: tuple[str, ...] = ()
    order_origins: tuple[str, ...] = ()
    uncached: tuple[str, ...] = ()
    secret: str = ""
    alias: str = ""
    certificate: str = ""
    order_origin: str = ""
    web_acl: str = ""
    price_class: str = PRICE_CLASSES[0]

    def __post_init__(self) -> None:
        _check_alias(self.alias)
        _check(_CERTIFICATE, self.certificate, "--certificate", "an ARN of ACM in us-east-1", optional=True)
        _check(_HOST, self.order_origin, "--order-origin", "a host name such as order.example.com", optional=True)
        _check(_WEB_ACL, self.web_acl, "--web-acl", "an ARN of a global web ACL in us-east-1", optional=True)
        if bool(self.alias) != bool(self.certificate):
            raise ValueError("--alias and --certificate go together")
        if self.web_acl and not self.order_origin:
            raise ValueError("--web-acl guards the order path: it needs --order-origin")
        if self.order_origin and (taken := sorted({"o", "readyz"} & set(self.sales))):
            paths = ", ".join(f"/{pattern}" for pattern in ORDER_PATTERNS)
            raise ValueError(f"--order-origin takes {paths}, where the pages of the sale `{taken[0]}` are")

    def given(self) -> dict[str, str]:
        """The options as on the command line, those with a value."""
        return _given(self.alias, self.certificate) | {
            name: value
            for name, value in (
                ("--order-origin", self.order_origin),
                ("--web-acl", self.web_acl),
                ("--price-class", self.price_class if self.price_class != PRICE_CLASSES[0] else ""),
            )
            if value
        }


@dataclass(frozen=True, slots=True)
class UsEast1Options:
    """The second stack: a certificate for `alias`, a web ACL with `rate_limit` (requests of one address in 5
    minutes; 10 to 2,000,000,000), logs of `distribution` (an id). Raises ValueError when nothing is asked for.
    """

    place: Place
    alias: str = ""
    rate_limit: int = 0
    distribution: str = ""

    def __post_init__(self) -> None:
        _check_alias(self.alias)
        _check(_DISTRIBUTION, self.distribution, "`distribution`", "an id such as E2EXAMPLE", optional=True)
        if not (self.alias or self.rate_limit or self.distribution):
            raise ValueError("--us-east-1 makes what is asked for: --alias, --rate-limit, --logs")

    def given(self) -> dict[str, str]:
        """The options as on the command line, those with a value."""
        limit = {"--rate-limit": str(self.rate_limit)} if self.rate_limit else {}
        logs = {"--logs": self.distribution} if self.distribution else {}
        return _given(self.alias, "") | limit | logs


def _given(alias: str, certificate: str) -> dict[str, str]:
    return {name: value for name, value in (("--alias", alias), ("--certificate", certificate)) if value}


def _check_alias(alias: str) -> None:
    _check(_HOST, alias, "--alias", "a host name such as sale.example.com", optional=True)


def _check(pattern: re.Pattern[str], value: str, name: str, wanted: str, *, optional: bool = False) -> None:
    if not (pattern.fullmatch(value) or (optional and not value)):
        raise ValueError(f"{name} must be {wanted}, found {value!r}")
