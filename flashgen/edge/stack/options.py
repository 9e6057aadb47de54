"""What a stack is made for. Values that CloudFormation would refuse minutes later are refused here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from flashgen.addresses import BucketAddress

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
# What stands in a pattern of IAM, or in a function of CloudFormation, would let others in.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,198}[A-Za-z0-9])?")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+")


def resource_name(place: BucketAddress) -> str:
    """A name for what belongs to a bucket, unique as the bucket is; at most 40 letters, digits and hyphens."""
    plain = place.bucket.replace(".", "-")
    if plain == place.bucket and len(plain) <= _LONGEST_NAME:
        return plain
    return f"{plain[: _LONGEST_NAME - 9]}-{hashlib.sha256(place.bucket.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class CiOptions:
    """Whose pipeline: `kind` is `github` or `gitlab`, `repository` as `owner/name`.

    Pushes come from `branch`, sales are opened from `environment`. Raises ValueError for what cannot be.
    """

    kind: str
    repository: str
    branch: str = "main"
    environment: str = "production"

    def __post_init__(self) -> None:
        if not _REPOSITORY.fullmatch(self.repository):
            raise ValueError(f"--ci {self.kind} needs --repository OWNER/NAME, found {self.repository!r}")
        for name, value in (("--branch", self.branch), ("--environment", self.environment)):
            if not _NAME.fullmatch(value):
                raise ValueError(f"{name} must be a name without patterns, found {value!r}")


@dataclass(frozen=True, slots=True)
class StackOptions:
    """The stack of bucket, distribution and permissions; it lives in the bucket's region.

    `uncached` are the ids of sales with `edge_ttl_seconds: 0`; `order_origins` (`https://host`)
    are those that pages may ask. `secret`, and `gate_secrets` that gates read besides, are sources as in
    flashgen.yaml. `alias` is a host
    name. `hsts_subdomains`: browsers want https of its subdomains too. What is empty is left out. Raises ValueError for
    what cannot be.
    """

    place: BucketAddress
    order_origins: tuple[str, ...] = ()
    uncached: tuple[str, ...] = ()
    secret: str = ""
    gate_secrets: tuple[str, ...] = ()
    alias: str = ""
    certificate: str = ""
    web_acl: str = ""
    price_class: str = PRICE_CLASSES[0]
    hsts_subdomains: bool = False
    ci: CiOptions | None = None

    def __post_init__(self) -> None:
        _check_address(self.alias, self.certificate, self.web_acl)

    def given(self) -> dict[str, str]:
        """The options as on the command line, those with a value."""
        pipeline = {"--ci": self.ci.kind, "--repository": self.ci.repository} if self.ci else {}
        return {**_given(self), **pipeline, **({"--hsts-subdomains": "yes"} if self.hsts_subdomains else {})}


@dataclass(frozen=True, slots=True)
class GateStackOptions:
    """The stack of the order gate's own distribution, in the region of the bucket's stack.

    `order_origin` is the host name of the gate itself, `alias` the one that buyers see. `identity_headers` are those
    by which gates know buyers (`buyer: header:NAME`). Raises ValueError for what cannot be.
    """

    place: BucketAddress
    order_origin: str
    identity_headers: tuple[str, ...] = ()
    alias: str = ""
    certificate: str = ""
    web_acl: str = ""
    price_class: str = PRICE_CLASSES[0]

    def __post_init__(self) -> None:
        _check_address(self.alias, self.certificate, self.web_acl)
        if not self.order_origin:
            raise ValueError("--gate needs --order-origin HOST, the gate's own host name")
        _check(_HOST, self.order_origin, "--order-origin", "a host name such as gate.example.com")
        if self.order_origin == self.alias:
            raise ValueError(f"--order-origin and --alias are both {self.alias}: the distribution would ask itself")

    def given(self) -> dict[str, str]:
        """The options as on the command line, those with a value."""
        return {"--order-origin": self.order_origin, **_given(self)}


@dataclass(frozen=True, slots=True)
class UsEast1Options:
    """The stack in us-east-1: a certificate for `alias`, a web ACL with `rate_limit` (orders of one address in a
    minute; 10 to 2,000,000,000), logs of `distribution` (an id). Raises ValueError when nothing is asked for.
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


def _given(options: StackOptions | GateStackOptions) -> dict[str, str]:
    named = {
        "--alias": options.alias,
        "--certificate": options.certificate,
        "--web-acl": options.web_acl,
        "--price-class": options.price_class if options.price_class != PRICE_CLASSES[0] else "",
    }
    return {name: value for name, value in named.items() if value}


def _check_address(alias: str, certificate: str, web_acl: str) -> None:
    _check_alias(alias)
    _check(_CERTIFICATE, certificate, "--certificate", "an ARN of ACM in us-east-1")
    _check(_WEB_ACL, web_acl, "--web-acl", "an ARN of a global web ACL in us-east-1")
    if bool(alias) != bool(certificate):
        raise ValueError("--alias and --certificate go together")


def _check_alias(alias: str) -> None:
    _check(_HOST, alias, "--alias", "a host name such as sale.example.com")


def _check(pattern: re.Pattern[str], value: str, name: str, wanted: str) -> None:
    if value and not pattern.fullmatch(value):
        raise ValueError(f"{name} must be {wanted}, found {value!r}")
