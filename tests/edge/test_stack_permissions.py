"""Each policy suffices for what its role does, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.iam import allows, filled, guard
from support.operators import SALE, bring, gate_sells, go_live, writer_of
from support.recording_store import RecordingStore
from support.shop import Shop, push_of
from support.stacks import BUCKET, plain, properties

from flashgen.addresses import BucketAddress
from flashgen.errors import AccessDenied
from flashgen.gate.mark.storage_mark import StorageMark, read, update
from flashgen.store import MemoryStore
from flashgen.unlock import verbs
from flashgen.unlock.state import State
from flashgen.unlock.transition import transition

ROLES = ("Deployer", "GoLive", "Gate")
OBJECT = f"arn:aws:s3:::{BUCKET}"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"


def statements(role: str, **more: Any) -> list[dict[str, Any]]:
    """Of the role's policy, with CloudFormation's functions carried out."""
    found: list[dict[str, Any]] = filled(properties(plain(**more), f"{role}Policy"))["PolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize("prefix", ["", "shops/night"])
def test_the_deployer_can_push(tmp_path: Path, prefix: str) -> None:
    """From nothing to a whole sale, and again."""
    ours = statements("Deployer", place=BucketAddress(BUCKET, prefix))
    store = RecordingStore(MemoryStore(), guard(ours, f"{prefix}/" if prefix else ""))
    push_of(Shop().build(tmp_path), store).run()
    push_of(Shop(text="changed").build(tmp_path), store).run()
    assert 0 < len(store.requests)


@pytest.mark.parametrize("prefix", ["", "shops/night"])
def test_go_live_can_do_every_transition(prefix: str) -> None:
    """Each with its journal record, and history read for rollback and status."""
    ours, inner = statements("GoLive", place=BucketAddress(BUCKET, prefix)), MemoryStore()
    bring(inner)
    store = RecordingStore(inner, guard(ours, f"{prefix}/" if prefix else ""))
    for verb in (go_live(), verbs.pause(), verbs.resume(), verbs.end()):
        assert transition(writer_of(store), verb).changed
    assert State.ENDED is writer_of(store).file.read().pointer.state.state


def test_the_gate_can_say_what_is_sold() -> None:
    """The pointer and the journal, as an operator does."""
    inner = MemoryStore()
    bring(inner, State.LIVE)
    gate_sells(RecordingStore(inner, guard(statements("Gate"))), "A")
    assert {"A"} == writer_of(inner).file.read().pointer.state.sold


def test_the_gate_can_claim_a_sale_and_keep_its_mark() -> None:
    """The mark is read and written by If-Match."""
    inner = MemoryStore()
    store = RecordingStore(inner, guard(statements("Gate")))
    for mark in (StorageMark("id", "here", 1), StorageMark("id", "here", 2)):
        update(store, SALE, lambda _, mark=mark: mark, lambda _: None)  # type: ignore[misc]
    stored = read(inner, SALE)
    assert stored is not None
    assert 2 == stored.mark.changes


@pytest.mark.parametrize("role", ["GoLive", "Gate"])
def test_who_opens_a_sale_cannot_push(tmp_path: Path, role: str) -> None:
    """Not even the claim of the manifest."""
    inner = MemoryStore()
    with pytest.raises(AccessDenied, match=r"manifest\.json"):
        push_of(Shop().build(tmp_path), RecordingStore(inner, guard(statements(role)))).run()
    assert [] == list(inner.list(""))


BELOW = f"{OBJECT}/shops/"
POINTERS = (f"{BELOW}*/unlock.*.js", f"{BELOW}_flashgen/*/journal/*")
MANIFESTS, GATE_SETTINGS = f"{BELOW}_flashgen/*/manifest.json", f"{BELOW}_flashgen/*/gate.json"
MARKS, PASSES = f"{BELOW}_flashgen/*/storage.json", f"{BELOW}_flashgen/*/passes.json"
LIST = ("Allow", ("s3:ListBucket",), (OBJECT,))
READ_AND_WRITE = ("s3:GetObject", "s3:PutObject")
SECRET = (
    ("Allow", ("ssm:GetParameter",), ("arn:aws:ssm:eu-central-1:123456789012:parameter/key",)),
    ("Allow", ("kms:Decrypt",), ("arn:aws:kms:eu-central-1:123456789012:key/*",)),
)
WHOLE = {
    "Deployer": (
        LIST,
        ("Allow", (*READ_AND_WRITE, "s3:DeleteObject"), (f"{BELOW}*",)),
        ("Deny", ("s3:DeleteObject",), (*POINTERS, MANIFESTS, GATE_SETTINGS, MARKS, PASSES)),
        ("Allow", ("cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"), (DISTRIBUTION,)),
        ("Allow", ("cloudfront:GetDistribution",), (DISTRIBUTION,)),
        (
            "Allow",
            ("cloudfront:GetCachePolicy", "cloudfront:GetResponseHeadersPolicy"),
            tuple(f"arn:aws:cloudfront::123456789012:{kind}/*" for kind in ("cache-policy", "response-headers-policy")),
        ),
        (
            "Allow",
            ("s3:GetBucketPolicyStatus", "s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning"),
            (OBJECT,),
        ),
    ),
    "GoLive": (
        LIST,
        ("Allow", READ_AND_WRITE, POINTERS),
        ("Allow", ("s3:GetObject",), (MANIFESTS,)),
        ("Allow", ("cloudfront:CreateInvalidation",), (DISTRIBUTION,)),
        *SECRET,
    ),
    "Gate": (
        LIST,
        ("Allow", READ_AND_WRITE, POINTERS),
        ("Allow", READ_AND_WRITE, (MARKS,)),
        ("Allow", ("s3:GetObject",), (GATE_SETTINGS, f"{BELOW}_flashgen/*/gate/*", PASSES)),
        *SECRET,
    ),
}
"""Effects, actions and resources of each role, for a bucket with a prefix and a secret in SSM."""


def listed(value: str | list[str]) -> tuple[str, ...]:
    """IAM takes one without a list."""
    return (value,) if isinstance(value, str) else tuple(value)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_this_and_nothing_else(role: str) -> None:
    """Statement by statement: whoever widens a policy has to say so here."""
    ours = statements(role, place=BucketAddress(BUCKET, "shops"), secret="ssm:key")
    assert WHOLE[role] == tuple((one["Effect"], listed(one["Action"]), listed(one["Resource"])) for one in ours)


def test_the_deployer_deletes_what_prune_does() -> None:
    """Pages and assets, the gate's forms, and doctor's scratch object."""
    ours = statements("Deployer")
    for key in (f"{SALE}/index.html", f"{SALE}/assets/a.0.js", f"_flashgen/{SALE}/gate/a.html", "_flashgen/doctor/x"):
        assert allows(ours, "s3:DeleteObject", f"{OBJECT}/{key}")


@pytest.mark.parametrize(
    ("role", "action", "key"),
    [
        ("Deployer", "s3:DeleteObject", f"{SALE}/unlock.abc.js"),
        ("Deployer", "s3:DeleteObject", f"_flashgen/{SALE}/journal/abc.json"),
        ("Deployer", "s3:DeleteObject", f"_flashgen/{SALE}/manifest.json"),
        ("Deployer", "s3:DeleteObject", f"_flashgen/{SALE}/gate.json"),
        ("Deployer", "s3:DeleteObject", f"_flashgen/{SALE}/storage.json"),
        ("GoLive", "s3:PutObject", f"_flashgen/{SALE}/storage.json"),
        ("Deployer", "s3:DeleteObjectVersion", f"{SALE}/index.html"),
        ("Deployer", "s3:PutObjectAcl", f"{SALE}/index.html"),
        ("GoLive", "s3:PutObject", f"{SALE}/index.html"),
        ("GoLive", "s3:PutObject", f"{SALE}/assets/page.abc.js"),
        ("GoLive", "s3:PutObject", f"_flashgen/{SALE}/manifest.json"),
        ("GoLive", "s3:DeleteObject", f"{SALE}/unlock.abc.js"),
        ("GoLive", "s3:GetObject", f"_flashgen/{SALE}/gate.json"),
        ("Gate", "s3:PutObject", f"{SALE}/index.html"),
        ("Gate", "s3:PutObject", f"_flashgen/{SALE}/gate.json"),
        ("Gate", "s3:GetObject", f"_flashgen/{SALE}/manifest.json"),
    ],
)
def test_a_role_may_not(role: str, action: str, key: str) -> None:
    """What belongs to others."""
    assert not allows(statements(role), action, f"{OBJECT}/{key}")


@pytest.mark.parametrize(
    ("role", "action", "expected"),
    [
        ("Deployer", "cloudfront:CreateInvalidation", True),
        ("Deployer", "cloudfront:GetInvalidation", True),
        ("Deployer", "cloudfront:GetDistribution", True),
        ("Deployer", "cloudfront:UpdateDistribution", False),
        ("GoLive", "cloudfront:CreateInvalidation", True),
        ("GoLive", "cloudfront:GetInvalidation", False),
        ("Gate", "cloudfront:CreateInvalidation", False),
    ],
)
def test_who_may_do_what_to_the_distribution(role: str, action: str, expected: bool) -> None:
    """And to no other one."""
    assert expected is allows(statements(role), action, DISTRIBUTION)
    assert not allows(statements(role), action, DISTRIBUTION.replace("E2EXAMPLE", "E3OTHER"))


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reaches_beyond_the_prefix(role: str) -> None:
    """Another project's sale in the same bucket is out of reach."""
    ours = statements(role, place=BucketAddress(BUCKET, "shops/night"))
    for key in (f"{SALE}/unlock.abc.js", f"_flashgen/{SALE}/journal/x.json", "shops/other/x/unlock.abc.js"):
        assert not allows(ours, "s3:PutObject", f"{OBJECT}/{key}")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_may_list_so_that_missing_is_not_denied(role: str) -> None:
    """S3 says 403 of a missing object to those who may not."""
    assert allows(statements(role), "s3:ListBucket", OBJECT)


@pytest.mark.parametrize(
    ("secret", "action", "resource", "context"),
    [
        (
            *("ssm:/flashgen/key", "ssm:GetParameter", "ssm:eu-central-1:123456789012:parameter/flashgen/key"),
            "PARAMETER_ARN",
        ),
        ("ssm:key:3", "ssm:GetParameter", "ssm:eu-central-1:123456789012:parameter/key", "PARAMETER_ARN"),
        (
            "secretsmanager:flashgen/key",
            "secretsmanager:GetSecretValue",
            "secretsmanager:eu-central-1:123456789012:secret:flashgen/key-a1B2c3",
            "SecretARN",
        ),
        ("ssm:arn:aws:ssm:x:1:parameter/k", "ssm:GetParameter", "ssm:x:1:parameter/k", "PARAMETER_ARN"),
    ],
)
@pytest.mark.parametrize("role", ["GoLive", "Gate"])
def test_who_signs_or_checks_reads_exactly_the_one_secret(
    role: str, secret: str, action: str, resource: str, context: str
) -> None:
    """And uses its key through the service that keeps it, to decrypt this one, for nothing else."""
    ours = statements(role, secret=secret)
    assert allows(ours, action, f"arn:aws:{resource}")
    assert not allows(ours, action, f"arn:aws:{resource}-and-more")
    (read,) = (one for one in ours if one["Action"] == action)
    (key,) = (one for one in ours if one["Action"] == "kms:Decrypt")
    assert {
        "StringEquals": {"kms:ViaService": f"{action.partition(':')[0]}.eu-central-1.amazonaws.com"},
        "StringLike": {f"kms:EncryptionContext:{context}": read["Resource"]},
    } == key["Condition"]


def test_a_gate_reads_the_keys_of_passes() -> None:
    """Those that AWS keeps; go-live does not."""
    keys = ("env:KEY", "ssm:new", "secretsmanager:old")
    ours = {role: statements(role, gate_secrets=keys) for role in ROLES}
    actions = {role: {action for one in some for action in listed(one["Action"])} for role, some in ours.items()}
    reading = {"ssm:GetParameter", "secretsmanager:GetSecretValue", "kms:Decrypt"}
    assert reading <= actions["Gate"]
    assert not reading & actions["GoLive"]


@pytest.mark.parametrize("secret", ["", "env:FLASHGEN_SECRET", "file:key"])
@pytest.mark.parametrize("role", ROLES)
def test_a_secret_that_is_not_kept_by_aws_needs_no_permission(role: str, secret: str) -> None:
    """Neither does pushing."""
    assert statements(role) == statements(role, secret=secret)
    assert statements("Deployer") == statements("Deployer", secret="ssm:/flashgen/key")
