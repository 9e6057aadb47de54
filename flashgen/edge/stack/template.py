"""The templates as text: of the sale's own stack, of the gate's, of the one in us-east-1. Same input, same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from flashgen.edge.stack.bucket import bucket_resources
from flashgen.edge.stack.ci_roles import ci_role_resources
from flashgen.edge.stack.distribution import distribution_resources
from flashgen.edge.stack.gate import gate_resources
from flashgen.edge.stack.intrinsics import Json, attribute, ref, sub
from flashgen.edge.stack.options import GateStackOptions, StackOptions, UsEast1Options, resource_name
from flashgen.edge.stack.permissions import permission_resources
from flashgen.edge.stack.policies import policy_resources
from flashgen.edge.stack.us_east_1 import certificate_resources, log_resources, web_acl_resources
from flashgen.errors import Refused

#: What CloudFormation takes in a request, in bytes.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LARGEST_BYTES: Final = 51_200


def template(options: StackOptions) -> str:
    """The stack of bucket, distribution and permissions, as JSON. Raises Refused when it is too large."""
    resources = {
        **bucket_resources(options.place),
        **policy_resources(
            resource_name(options.place), options.order_origins, hsts_subdomains=options.hsts_subdomains
        ),
        **distribution_resources(options),
        **permission_resources(options),
        **(ci_role_resources(options.ci, options.place) if options.ci else {}),
    }
    outputs = {
        "Bucket": ref("Bucket"),
        "DistributionId": ref("Distribution"),
        "Domain": attribute("Distribution", "DomainName"),
        "Url": _url(options.alias),
        **{name: ref(name) for name in ("DeployerPolicy", "GoLivePolicy", "GatePolicy")},
        **{name: attribute(name, "Arn") for name in ("PlanRole", "PushRole", "GoLiveRole") if options.ci},
    }
    return _rendered("Bucket, CDN and permissions of flash sales", resources, outputs, options.given())


def template_of_gate(options: GateStackOptions) -> str:
    """The stack of the order gate's own distribution, as JSON."""
    outputs = {
        "DistributionId": ref("Distribution"),
        "Domain": attribute("Distribution", "DomainName"),
        "OrderServer": _url(options.alias),
    }
    return _rendered("CDN of the order gate", gate_resources(options), outputs, options.given())


def _url(alias: str) -> Json | str:
    return f"https://{alias}" if alias else sub("https://${Distribution.DomainName}")


def template_in_us_east_1(options: UsEast1Options) -> str:
    """The stack of what has to be in us-east-1, as JSON."""
    resources: Json = {}
    outputs: Json = {}
    if options.alias:
        resources |= certificate_resources(options)
        outputs["CertificateArn"] = ref("Certificate")
    if options.rate_limit:
        resources |= web_acl_resources(options)
        outputs["WebAclArn"] = attribute("WebAcl", "Arn")
    if options.distribution:
        resources |= log_resources(options)
        outputs["LogBucket"] = ref("LogBucket")
    return _rendered("What the CDN of flash sales needs in us-east-1", resources, outputs, options.given())


def options_of(template: Mapping[str, Any]) -> dict[str, str]:
    """The options that a deployed template was made with, as on the command line; empty for anybody else's."""
    options = template.get("Metadata", {}).get("flashgen", {})
    return {str(name): str(value) for name, value in options.items()}


def _rendered(description: str, resources: Json, outputs: Json, options: dict[str, str]) -> str:
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{description} (flashgen)",
        "Metadata": {"flashgen": options},
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    if len(text.encode()) > LARGEST_BYTES:
        raise Refused(
            f"the template has {len(text.encode()):,} bytes, CloudFormation takes {LARGEST_BYTES:,}",
            "fewer sales with `edge_ttl_seconds: 0` need fewer behaviours",
        )
    return text
