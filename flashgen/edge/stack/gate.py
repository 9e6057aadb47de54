"""The order gate's own distribution: everything reaches the gate, nothing is kept, errors neither.

Apart from that of the pages, since CloudFront keeps errors, checks and bills web ACLs by distribution: one gate's 503
for `/o/` would be everybody's for a while, and the whole crowd's polls would pass a firewall that orders need.
"""

from __future__ import annotations

import json

from flashgen.edge.stack.distribution import edge_function, public_face
from flashgen.edge.stack.intrinsics import Json, attribute, resource
from flashgen.edge.stack.options import GateStackOptions, resource_name
from flashgen.edge.stack.policies import ALL_VIEWER_EXCEPT_HOST_HEADER, CACHING_DISABLED

#: Which CloudFront would keep for 10 s each; also those of the gate itself, whose path is one for everybody.
#: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)

CONNECT_SECONDS, CONNECT_ATTEMPTS = 2, 2
READ_SECONDS = 15
"""A gate answers within its own limit of ten seconds, or has a reason to be asked again."""

KEEP_ALIVE_SECONDS = 60
"""Less than the gate keeps a connection: one that is closed under a request that is on its way is a 502."""

_READ = ["GET", "HEAD"]
_ALL = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]


def gate_resources(options: GateStackOptions) -> Json:
    """The distribution; and a function, if gates know buyers by a header, that takes it from what viewers send."""
    name = f"{resource_name(options.place)}-gate"
    config = {
        **public_face(options, f"flashgen: orders of {options.place.url}"),
        "Origins": [_gate_origin(options.order_origin)],
        "DefaultCacheBehavior": _behaviour(strips=bool(options.identity_headers)),
        "CustomErrorResponses": [{"ErrorCode": code, "ErrorCachingMinTTL": 0} for code in ERRORS],
    }
    distribution = {"Distribution": resource("AWS::CloudFront::Distribution", DistributionConfig=config)}
    if not options.identity_headers:
        return distribution
    comment = "Nobody says who they are by a header of their own"
    return {"StripFunction": edge_function(name, strip_code(options.identity_headers), comment), **distribution}


def strip_code(headers: tuple[str, ...]) -> str:
    """The source of a viewer-request function that takes these headers off a request."""
    names = json.dumps(sorted({name.lower() for name in headers}))
    return f"""var NAMES = {names};

function handler(event) {{
  for (var i = 0; i < NAMES.length; i++) delete event.request.headers[NAMES[i]];
  return event.request;
}}
"""


def _gate_origin(host: str) -> Json:
    return {
        "Id": "gate",
        "DomainName": host,
        "ConnectionTimeout": CONNECT_SECONDS,
        "ConnectionAttempts": CONNECT_ATTEMPTS,
        "CustomOriginConfig": {
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
            "OriginReadTimeout": READ_SECONDS,
            "OriginKeepaliveTimeout": KEEP_ALIVE_SECONDS,
        },
    }


def _behaviour(*, strips: bool) -> Json:
    """Every request as it comes, but for the host name: the gate has a certificate for its own."""
    function = {"EventType": "viewer-request", "FunctionARN": attribute("StripFunction", "FunctionARN")}
    return {
        "TargetOriginId": "gate",
        "ViewerProtocolPolicy": "https-only",
        "AllowedMethods": _ALL,
        "CachedMethods": _READ,
        "Compress": False,
        "CachePolicyId": CACHING_DISABLED,
        "OriginRequestPolicyId": ALL_VIEWER_EXCEPT_HOST_HEADER,
        **({"FunctionAssociations": [function]} if strips else {}),
    }
