"""Roles that a pipeline takes on by its own identity (OpenID Connect), without keys that somebody could find.

A request is planned by who may only read; the branch that is released pushes; only what a protected environment lets
through opens a sale. The account's provider for the pipeline is not made here: an account has one for all its stacks.
"""

from __future__ import annotations

from dataclasses import dataclass

from flashgen.addresses import BucketAddress
from flashgen.edge.stack.intrinsics import Json, arn, policy_document, ref, resource
from flashgen.edge.stack.options import CiOptions
from flashgen.edge.stack.permissions import READ, list_bucket, objects

NIGHT_SECONDS = 12 * 3600
"""AWS's longest session: `go-live --at start` is begun in the evening, and waits.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html"""

HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a kind of pipeline says of itself: its provider, the audience of its tokens, and their subjects.

    `{repository}`, `{branch}` and `{environment}` in a subject are filled in.

    Sources: https://docs.github.com/en/actions/reference/security/oidc and
    https://docs.gitlab.com/ci/cloud_services/aws/
    """

    provider: str
    audience: str
    request: str
    branch: str
    environment: str


PIPELINES = {
    "github": Pipeline(
        provider="token.actions.githubusercontent.com",
        audience="sts.amazonaws.com",
        request="repo:{repository}:pull_request",
        branch="repo:{repository}:ref:refs/heads/{branch}",
        environment="repo:{repository}:environment:{environment}",
    ),
    # A subject of GitLab names no environment: there the branch is protected, and the job's environment.
    "gitlab": Pipeline(
        provider="gitlab.com",
        audience="https://gitlab.com",
        request="project_path:{repository}:ref_type:branch:ref:*",
        branch="project_path:{repository}:ref_type:branch:ref:{branch}",
        environment="project_path:{repository}:ref_type:branch:ref:{branch}",
    ),
}


def ci_role_resources(options: CiOptions, place: BucketAddress) -> Json:
    """Three roles. Their policies are those of the stack, but for planning, which reads."""
    pipeline = PIPELINES[options.kind]
    names = {"repository": options.repository, "branch": options.branch, "environment": options.environment}
    plan, push, go_live = (
        subject.format(**names) for subject in (pipeline.request, pipeline.branch, pipeline.environment)
    )
    reading = {
        "PolicyName": "plan",
        "PolicyDocument": policy_document(list_bucket(), objects("Read", place, [READ], "*")),
    }
    return {
        "PlanRole": _role(pipeline, plan, HOUR_SECONDS, Policies=[reading]),
        "PushRole": _role(pipeline, push, HOUR_SECONDS, ManagedPolicyArns=[ref("DeployerPolicy")]),
        "GoLiveRole": _role(pipeline, go_live, NIGHT_SECONDS, ManagedPolicyArns=[ref("GoLivePolicy")]),
    }


def _role(pipeline: Pipeline, subject: str, seconds: int, **policies: list[Json]) -> Json:
    document = policy_document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": arn("iam", f"oidc-provider/{pipeline.provider}")},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{pipeline.provider}:aud": pipeline.audience},
                # Of the patterns of `StringLike` there is one at most: GitLab's branches with open requests.
                "StringLike": {f"{pipeline.provider}:sub": subject},
            },
        }
    )
    return resource("AWS::IAM::Role", AssumeRolePolicyDocument=document, MaxSessionDuration=seconds, **policies)
