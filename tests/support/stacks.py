"""Stacks to look at: of every combination of options, and parts of a template by name."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

from flashgen.addresses import BucketAddress
from flashgen.edge.stack.ci_roles import PIPELINES
from flashgen.edge.stack.options import PRICE_CLASSES, CiOptions, GateStackOptions, StackOptions, UsEast1Options
from flashgen.edge.stack.template import template

BUCKET = "sale-example-com"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-1111-2222-3333-444455556666"
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/sale/0a1b2c3d-1111-2222-3333-444455556666"
ALIAS = {"alias": "sale.example.com", "certificate": CERTIFICATE}
ORDER_ORIGIN = "gate.example.com"
SECRETS = ("", "env:FLASHGEN_SECRET", "ssm:/flashgen/key", "secretsmanager:flashgen/key")


def plain(**more: Any) -> StackOptions:
    """The plainest stack, with changes."""
    return StackOptions(**{"place": BucketAddress(BUCKET), **more})


def everything(**more: Any) -> StackOptions:
    """The stack with every option."""
    facts = {
        "place": BucketAddress(BUCKET, "shops/night"),
        "order_origins": ("https://order.example.com",),
        "uncached": ("night",),
        "secret": SECRETS[2],
        "web_acl": WEB_ACL,
        "price_class": "100",
        "ci": CiOptions("gitlab", "group/shop/sales"),
    }
    return plain(**{**facts, **ALIAS, **more})


def parsed(stack: StackOptions) -> dict[str, Any]:
    """Its template."""
    document: dict[str, Any] = json.loads(template(stack))
    return document


def properties(stack: StackOptions, resource: str) -> dict[str, Any]:
    """Of one resource."""
    found: dict[str, Any] = parsed(stack)["Resources"][resource]["Properties"]
    return found


def distribution(stack: StackOptions) -> dict[str, Any]:
    """The DistributionConfig."""
    config: dict[str, Any] = properties(stack, "Distribution")["DistributionConfig"]
    return config


def of_every_option() -> list[StackOptions]:
    """Every way to combine the command line's options for the first stack."""
    every = product(({}, ALIAS), ("", WEB_ACL), PRICE_CLASSES)
    pipelines = [plain(ci=CiOptions(kind, "shop/sales")) for kind in PIPELINES]
    stacks = [plain(price_class=price_class, web_acl=web_acl, **alias) for alias, web_acl, price_class in every]
    return [*stacks, *pipelines, plain(hsts_subdomains=True)]


def of_gates() -> list[GateStackOptions]:
    """Every way to combine the options of the gate's stack."""
    order_alias = {**ALIAS, "alias": "order.example.com"}
    aliases: tuple[dict[str, str], ...] = ({}, order_alias)
    every = product(
        (BucketAddress(BUCKET),), (ORDER_ORIGIN,), ((), ("X-User-Id", "x-customer")), aliases, ("", WEB_ACL)
    )
    return [
        GateStackOptions(place, origin, headers, web_acl=web_acl, **alias)
        for place, origin, headers, alias, web_acl in every
    ]


def of_every_project() -> list[StackOptions]:
    """Every way in which a project's settings and sales show in the first stack, with all options."""
    places = (BucketAddress(BUCKET), BucketAddress("sale.example", "shops/night"))
    every = product(places, ((), ("night", "fair")), SECRETS)
    return [everything(place=place, uncached=uncached, secret=secret) for place, uncached, secret in every]


def in_us_east_1() -> list[UsEast1Options]:
    """Every way to combine the options of the second stack."""
    every = product(("", "sale.example.com"), (0, 2000), ("", "E2EXAMPLE"))
    return [UsEast1Options(BucketAddress(BUCKET), *options) for options in every if any(options)]
