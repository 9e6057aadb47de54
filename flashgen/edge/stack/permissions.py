"""What each role may do, and nothing more: who pushes, who opens the sale, and the order gate.

All three may list the bucket, as without that S3 answers 403 for an object that is merely not there, and flashgen
could not tell "not pushed yet" from "not allowed":
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from flashgen.aws.secrets import managed_resource, parameter_resource
from flashgen.edge.stack.intrinsics import Json, arn, attribute, sub
from flashgen.edge.stack.options import Place, StackOptions
from flashgen.layout import forms_folder, journal_folder, manifest_key, settings_key

POINTERS = "*/unlock.*.js"
JOURNALS = journal_folder("*") + "*"
MANIFESTS = manifest_key("*")
GATE_SETTINGS = settings_key("*")
GATE_FORMS = forms_folder("*") + "*"

_READ, _WRITE, _DELETE = "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
_DISTRIBUTION = "distribution/${Distribution}"


def permission_resources(options: StackOptions) -> Json:
    """Three managed policies; roles and users are the account's own affair, and get them attached."""
    secret = _secret_statements(options.secret)
    return {
        "DeployerPolicy": _policy("Push, verify, prune, doctor", _deployer(options.place)),
        "GoLivePolicy": _policy("Open and close sales, nothing else", [*_go_live(options.place), *secret]),
        "GatePolicy": _policy("The order gate", [*_gate(options.place), *secret]),
    }


def _deployer(place: Place) -> list[Json]:
    """What no verb deletes is denied: nothing brings its meaning back. Versions of objects stay out of reach."""
    return [
        _list_bucket(),
        _objects("Objects", place, [_READ, _WRITE, _DELETE], "*"),
        {**_objects("NeverDeleted", place, [_DELETE], POINTERS, JOURNALS, MANIFESTS, GATE_SETTINGS), "Effect": "Deny"},
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


def _go_live(place: Place) -> list[Json]:
    return [
        _list_bucket(),
        _objects("Pointers", place, [_READ, _WRITE], POINTERS, JOURNALS),
        _objects("Manifests", place, [_READ], MANIFESTS),
        _statement("Invalidate", ["CreateInvalidation"], _DISTRIBUTION),
    ]


def _gate(place: Place) -> list[Json]:
    """Writing `sold` is a transition like any other: a journal record, then the pointer."""
    return [
        _list_bucket(),
        _objects("Pointers", place, [_READ, _WRITE], POINTERS, JOURNALS),
        _objects("GateFiles", place, [_READ], GATE_SETTINGS, GATE_FORMS),
    ]


def _policy(description: str, statements: list[Json]) -> Json:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": f"flashgen: {description}",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        },
    }


def _list_bucket() -> Json:
    return {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": attribute("Bucket", "Arn")}


def _objects(sid: str, place: Place, actions: list[str], *patterns: str) -> Json:
    resources = [sub(f"${{Bucket.Arn}}/{place.key(pattern)}") for pattern in patterns]
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def _statement(sid: str, actions: list[str], *resources: str) -> Json:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"cloudfront:{action}" for action in actions],
        "Resource": [arn("cloudfront", resource) for resource in resources],
    }


def _secret_statements(source: str) -> list[Json]:
    """Reading the one secret that flashgen.yaml names, if AWS keeps it; and its key, through that service only."""
    scheme, _, name = source.partition(":")
    if scheme == "ssm":
        resource = _secret("ssm", parameter_resource(name))
        return [_read_secret("ssm:GetParameter", resource), _decrypt("ssm", "PARAMETER_ARN", resource)]
    if scheme == "secretsmanager":
        resource = _secret("secretsmanager", managed_resource(name))
        return [
            _read_secret("secretsmanager:GetSecretValue", resource),
            _decrypt("secretsmanager", "SecretARN", resource),
        ]
    return []


def _secret(service: str, resource: str) -> Json | str:
    """A secret that is named by its ARN may be in another region, or another account."""
    return resource if resource.startswith("arn:") else arn(service, resource, region="${AWS::Region}")


def _read_secret(action: str, resource: Json | str) -> Json:
    return {"Sid": "Secret", "Effect": "Allow", "Action": action, "Resource": resource}


def _decrypt(service: str, context: str, resource: Json | str) -> Json:
    """Whichever key encrypts it: the service states what it decrypts as the encryption context."""
    return {
        "Sid": "SecretKey",
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": arn("kms", "key/*", region="${AWS::Region}"),
        "Condition": {
            "StringEquals": {"kms:ViaService": sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}")},
            "StringLike": {f"kms:EncryptionContext:{context}": resource},
        },
    }
