"""What each role may do, and nothing more: who pushes, who opens the sale, and the order gate.

All three may list the bucket, as without that S3 answers 403 for an object that is merely not there, and flashgen
could not tell "not pushed yet" from "not allowed":
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from flashgen.addresses import BucketAddress
from flashgen.aws.secrets import managed_resource, parameter_resource
from flashgen.edge.stack.intrinsics import Json, arn, attribute, policy_document, resource, sub
from flashgen.edge.stack.options import StackOptions
from flashgen.layout import forms_folder, journal_folder, manifest_key, mark_key, passes_key, settings_key

POINTERS = "*/unlock.*.js"
JOURNALS = journal_folder("*") + "*"
MANIFESTS = manifest_key("*")
GATE_SETTINGS = settings_key("*")
MARKS = mark_key("*")
GATE_FORMS = forms_folder("*") + "*"
PASSES = passes_key("*")

KEPT = (POINTERS, JOURNALS, MANIFESTS, GATE_SETTINGS, MARKS, PASSES)
"""What no verb deletes."""

READ, _WRITE, _DELETE = "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
_DISTRIBUTION = "distribution/${Distribution}"


def permission_resources(options: StackOptions) -> Json:
    """Three managed policies; roles and users are the account's own affair, and get them attached."""
    secret = _secret_statements(options.secret)
    more = enumerate(options.gate_secrets, 1)
    gates = [each for n, source in more for each in _secret_statements(source, f"Gate{n}")]
    return {
        "DeployerPolicy": _policy("Push, verify, prune, doctor", _deployer(options.place)),
        "GoLivePolicy": _policy("Open and close sales, nothing else", [*_go_live(options.place), *secret]),
        "GatePolicy": _policy("The order gate", [*_gate(options.place), *secret, *gates]),
    }


def _deployer(place: BucketAddress) -> list[Json]:
    """What no verb deletes is denied: nothing brings its meaning back. Versions of objects stay out of reach."""
    return [
        list_bucket(),
        objects("Objects", place, [READ, _WRITE, _DELETE], "*"),
        {**objects("NeverDeleted", place, [_DELETE], *KEPT), "Effect": "Deny"},
        _statement("Invalidate", ["CreateInvalidation", "GetInvalidation"], _DISTRIBUTION),
        _statement("LookAtDistribution", ["GetDistribution"], _DISTRIBUTION),
        _statement(
            "LookAtPolicies",
            ["GetCachePolicy", "GetResponseHeadersPolicy"],
            "cache-policy/*",
            "response-headers-policy/*",
        ),
        {
            "Sid": "LookAtBucket",
            "Effect": "Allow",
            "Action": ["s3:GetBucketPolicyStatus", "s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning"],
            "Resource": attribute("Bucket", "Arn"),
        },
    ]


def _go_live(place: BucketAddress) -> list[Json]:
    return [
        list_bucket(),
        objects("Pointers", place, [READ, _WRITE], POINTERS, JOURNALS),
        objects("Manifests", place, [READ], MANIFESTS),
        _statement("Invalidate", ["CreateInvalidation"], _DISTRIBUTION),
    ]


def _gate(place: BucketAddress) -> list[Json]:
    """Writing `sold` is a transition like any other: a journal record, then the pointer. The mark says which storage
    sells a sale."""
    return [
        list_bucket(),
        objects("Pointers", place, [READ, _WRITE], POINTERS, JOURNALS),
        objects("Marks", place, [READ, _WRITE], MARKS),
        objects("GateFiles", place, [READ], GATE_SETTINGS, GATE_FORMS, PASSES),
    ]


def _policy(description: str, statements: list[Json]) -> Json:
    document = policy_document(*statements)
    return resource("AWS::IAM::ManagedPolicy", Description=f"flashgen: {description}", PolicyDocument=document)


def list_bucket() -> Json:
    """A statement: see the head of this module."""
    return {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": attribute("Bucket", "Arn")}


def objects(sid: str, place: BucketAddress, actions: list[str], *patterns: str) -> Json:
    """A statement about the objects whose keys fit the patterns."""
    resources = [sub(f"${{Bucket.Arn}}/{place.key(pattern)}") for pattern in patterns]
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def _statement(sid: str, actions: list[str], *names: str) -> Json:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"cloudfront:{action}" for action in actions],
        "Resource": [arn("cloudfront", name) for name in names],
    }


def _secret_statements(source: str, sid: str = "") -> list[Json]:
    """Reading one secret that flashgen.yaml names, if AWS keeps it; and its key, through that service only."""
    scheme, _, name = source.partition(":")
    if scheme == "ssm":
        action, context, named = "ssm:GetParameter", "PARAMETER_ARN", parameter_resource(name)
    elif scheme == "secretsmanager":
        action, context, named = "secretsmanager:GetSecretValue", "SecretARN", managed_resource(name)
    else:
        return []
    # A secret that is named by its ARN may be in another region, or another account.
    secret = named if named.startswith("arn:") else arn(scheme, named, region="${AWS::Region}")
    read = {"Sid": f"{sid}Secret", "Effect": "Allow", "Action": action, "Resource": secret}
    return [read, _decrypt(scheme, context, secret, sid)]


def _decrypt(service: str, context: str, resource: Json | str, sid: str) -> Json:
    """Whichever key encrypts it: the service states what it decrypts as the encryption context."""
    return {
        "Sid": f"{sid}SecretKey",
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": arn("kms", "key/*", region="${AWS::Region}"),
        "Condition": {
            "StringEquals": {"kms:ViaService": sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}")},
            "StringLike": {f"kms:EncryptionContext:{context}": resource},
        },
    }
