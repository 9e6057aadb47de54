"""The roles of pipelines: who may take them on, for how long, and what they may do then."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from support.iam import allows, filled
from support.stacks import parsed, plain, properties

from flashgen.edge.stack.options import CiOptions

BUCKET = "arn:aws:s3:::sale-example-com"
GITHUB, GITLAB = CiOptions("github", "shop/sales"), CiOptions("gitlab", "group/shop/sales")

#: What pipelines say of themselves, and which roles that opens: plan, push, go-live.
SUBJECTS = [
    (GITHUB, "repo:shop/sales:pull_request", ["PlanRole"]),
    (GITHUB, "repo:shop/sales:ref:refs/heads/main", ["PushRole"]),
    (GITHUB, "repo:shop/sales:environment:production", ["GoLiveRole"]),
    (GITHUB, "repo:shop/sales:environment:staging", []),
    (GITHUB, "repo:shop/sales:ref:refs/heads/evil", []),
    (GITHUB, "repo:shop/sales-copy:pull_request", []),
    (GITHUB, "repo:evil/sales:ref:refs/heads/main", []),
    (GITLAB, "project_path:group/shop/sales:ref_type:branch:ref:feature", ["PlanRole"]),
    (GITLAB, "project_path:group/shop/sales:ref_type:branch:ref:main", ["GoLiveRole", "PlanRole", "PushRole"]),
    (GITLAB, "project_path:group/shop/sales:ref_type:tag:ref:main", []),
    (GITLAB, "project_path:group/evil:ref_type:branch:ref:main", []),
]


def roles(options: CiOptions) -> dict[str, dict[str, Any]]:
    """By name, with CloudFormation's functions carried out where they name no policy."""
    names = ("PlanRole", "PushRole", "GoLiveRole")
    return {name: properties(plain(ci=options), name) for name in names}


@pytest.mark.parametrize(("options", "subject", "expected"), SUBJECTS)
def test_a_role_is_for_one_kind_of_run(options: CiOptions, subject: str, expected: list[str]) -> None:
    """Of one repository; of GitLab's runs no more is known than their branch."""
    opened = []
    for name, role in roles(options).items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        ((_, pattern),) = trust["Condition"]["StringLike"].items()
        opened += [name] if fnmatchcase(subject, pattern) else []
    assert expected == sorted(opened)


@pytest.mark.parametrize(
    ("options", "provider", "audience"),
    [
        (GITHUB, "token.actions.githubusercontent.com", "sts.amazonaws.com"),
        (GITLAB, "gitlab.com", "https://gitlab.com"),
    ],
)
def test_its_token_is_for_aws_and_of_the_accounts_own_provider(
    options: CiOptions, provider: str, audience: str
) -> None:
    """A token that the same pipeline has got for another service opens nothing."""
    for role in roles(options).values():
        (trust,) = filled(role["AssumeRolePolicyDocument"])["Statement"]
        assert "sts:AssumeRoleWithWebIdentity" == trust["Action"]
        assert {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{provider}"} == trust["Principal"]
        assert {f"{provider}:aud": audience} == trust["Condition"]["StringEquals"]


def test_who_plans_only_reads_and_who_opens_may_wait_for_a_night() -> None:
    """The others get the policies of the stack."""
    plan, push, go_live = roles(GITHUB).values()
    reading = filled(plan["Policies"][0]["PolicyDocument"])["Statement"]
    assert allows(reading, "s3:GetObject", f"{BUCKET}/_flashgen/night/manifest.json")
    assert not allows(reading, "s3:PutObject", f"{BUCKET}/night/index.html")
    assert ([{"Ref": "DeployerPolicy"}], [{"Ref": "GoLivePolicy"}]) == (
        push["ManagedPolicyArns"], go_live["ManagedPolicyArns"]
    )  # fmt: skip
    assert (3600, 3600, 43200) == tuple(role["MaxSessionDuration"] for role in (plan, push, go_live))
    assert {"PlanRole", "PushRole", "GoLiveRole"} <= set(parsed(plain(ci=GITHUB))["Outputs"])
    assert "PlanRole" not in parsed(plain())["Resources"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"repository": ""}, "--ci github needs --repository OWNER/NAME"),
        ({"repository": "sales"}, "needs --repository OWNER/NAME, found 'sales'"),
        ({"repository": "shop/*"}, "found 'shop/\\*'"),
        ({"repository": "shop/sales:ref"}, "found 'shop/sales:ref'"),
        ({"branch": "*"}, "--branch must be a name"),
        ({"environment": "${AWS::AccountId}"}, "--environment must be a name"),
    ],
)
def test_a_name_never_becomes_a_pattern(more: dict[str, str], message: str) -> None:
    """It would let others in."""
    with pytest.raises(ValueError, match=message):
        CiOptions(**{"kind": "github", "repository": "shop/sales", **more})
