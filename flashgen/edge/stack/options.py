"""What a stack is made for. Values that CloudFormation would refuse minutes later are refused here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from flashgen.addresses import BucketAddress
from flashgen.edge.rules.behaviour import ORDER_PATTERNS

PRICE_CLASSES: Final = ("all", "200", "100")
"""Where the distribution has edges: everywhere; not in South America and Oceania; North America and Europe only."""

US_EAST_1: Final = "us-east-1"
"""Where CloudFront looks for certificates, web ACLs and log deliveries, whatever the bucket's region:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html and
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html"""

#: A 64th character is the most that a CloudFront function's name may have, our endings included.
_LONGEST_NAME = 40

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[A-Za-z0-9-]+")
_WEB_ACL = re.compile(r"arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+")
_DISTRIBUTION = re.compile(r"E[A-Z0-9]{5,}")


def resource_name(place: BucketAddress) -> str:
    """A name for what belongs to a bucket, unique as the bucket is; at most 40 letters, digits and hyphens."""
    plain = place.bucket.replace(".", "-")
    if plain == place.bucket and len(plain) <= _LONGEST_NAME:
        return plain
    return f"{plain[: _LONGEST_NAME - 9]}-{hashlib.sha256(place.bucket.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class StackOptions:
    """The stack of bucket, distribution and permissions; it lives in the bucket's region.

    `sales` are the ids of all sales, `uncached` of those with `edge_ttl_seconds: 0`; `order_origins` (`https://host`)
    are those that pages may ask. `secret` and `pass_keys` are their sources as in flashgen.yaml. `alias` and
    `order_origin` are host names. What is empty is left out. Raises ValueError for what cannot be.
    """

    place: BucketAddress
    sales: tuple[str, ...] = ()
    order_origins: tuple[str, ...] = ()
    uncached: tuple[str, ...] = ()
    secret: str = ""
    pass_keys: tuple[str, ...] = ()
    alias: str = ""
    certificate: str = ""
    order_origin: str = ""
    web_acl: str = ""
    price_class: str = PRICE_CLASSES[0]

    def __post_init__(self) -> None:
        _check_alias(self.alias)
        _check(_CERTIFICATE, self.certificate, "--certificate", "an ARN of ACM in us-east-1")
        _check(_HOST, self.order_origin, "--order-origin", "a host name such as order.example.com")
        _check(_WEB_ACL, self.web_acl, "--web-acl", "an ARN of a global web ACL in us-east-1")
        if bool(self.alias) != bool(self.certificate):
            raise ValueError("--alias and --certificate go together")
        if self.web_acl and not self.order_origin:
            raise ValueError("--web-acl guards the order path: it needs --order-origin")
        if self.order_origin and (taken := sorted({"o", "readyz"} & set(self.sales))):
            paths = ", ".join(f"/{pattern}" for pattern in ORDER_PATTERNS)
            raise ValueError(f"--order-origin takes {paths}, where the pages of the sale `{taken[0]}` are")

    def given(self) -> dict[str, str]:
        """The options as on the command line, those with a value."""
        options = {
            "--alias": self.alias,
            "--certificate": self.certificate,
            "--order-origin": self.order_origin,
            "--web-acl": self.web_acl,
            "--price-class": self.price_class if self.price_class != PRICE_CLASSES[0] else "",
        }
        return {name: value for name, value in options.items() if value}


@dataclass(frozen=True, slots=True)
class UsEast1Options:
    """The second stack: a certificate for `alias`, a web ACL with `rate_limit` (requests of one address in 5
    minutes; 10 to 2,000,000,000), logs of `distribution` (an id). Raises ValueError when nothing is asked for.
    """

    place: BucketAddress
    alias: str = ""
    rate_limit: int = 0
    distribution: str = ""

    def __post_init__(self) -> None:
        _check_alias(self.alias)
        _check(_DISTRIBUTION, self.distribution, "`distribution`", "an id such as E2EXAMPLE")
        if not (self.alias or self.rate_limit or self.distribution):
            raise ValueError("--us-east-1 makes what is asked for: --alias, --rate-limit, --logs")

    def given(self) -> dict[str, str]:
        """The options as on the command line, those with a value."""
        options = {"--alias": self.alias, "--rate-limit": str(self.rate_limit or ""), "--logs": self.distribution}
        return {name: value for name, value in options.items() if value}


def _check_alias(alias: str) -> None:
    _check(_HOST, alias, "--alias", "a host name such as sale.example.com")


def _check(pattern: re.Pattern[str], value: str, name: str, wanted: str) -> None:
    if value and not pattern.fullmatch(value):
        raise ValueError(f"{name} must be {wanted}, found {value!r}")
