"""The stack of bucket and CDN, by the commands a release engineer types; AWS is moto, which skips CloudFront."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
from moto import mock_aws
from support.command import Flashgen
from support.stacks import CERTIFICATE

from flashgen.aws.cloudformation import CloudFormation
from flashgen.aws.stack import ChangeSet, Event, ResourceChange, Stack
from flashgen.cli.commands.infra import template as template_command
from flashgen.cli.infra.apply import apply_template
from flashgen.cli.infra.stack import settings_text
from flashgen.cli.session import Session
from flashgen.edge.stack.options import PRICE_CLASSES
from flashgen.errors import AccessDenied, NoAnswer, StoreError
from flashgen.project import read_settings

#: moto warns of what it skips, all of CloudFront.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS:UserWarning")

SETTINGS = """\
default_target: production
secret: ssm:/flashgen/key
targets:
  production: {store: "s3://sale-example-com/shops", region: eu-central-1}
  other: {store: "s3://sale-example-com", endpoint_url: "http://127.0.0.1:9"}
"""
STACK = "flashgen-sale-example-com"
ALIAS = ("--alias", "sale.example.com", "--certificate", CERTIFICATE)


@pytest.fixture
def infra(flashgen: Flashgen, project: Path) -> Flashgen:
    """`flashgen infra …` in a project with two sales and a target in AWS."""
    for sale in ("night", "fair"):
        assert flashgen("new", sale).exit_code == 0
    (project / "flashgen.yaml").write_text(SETTINGS)
    edit(project, "fair", "http://127.0.0.1:8090", "https://order.example.com")
    return lambda *arguments: flashgen("infra", *arguments)


@pytest.fixture
def account(aws_credentials: None) -> Iterator[None]:
    """An AWS account of moto's."""
    with mock_aws():
        yield


def edit(project: Path, sale: str, old: str, new: str) -> None:
    """Change a sale's YAML."""
    path = project / "sale_configs" / f"{sale}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def printed(infra: Flashgen, *options: str) -> dict[str, Any]:
    """The template on stdout."""
    run = infra("template", *options)
    assert run.exit_code == 0, run.err
    document: dict[str, Any] = json.loads(run.out)
    return document


def test_the_template_is_json_and_always_the_same(infra: Flashgen) -> None:
    """Nothing else on stdout; no account is asked."""
    first, second = infra("template"), infra("template")
    assert (0, "") == (first.exit_code, first.err)
    assert first.out == second.out
    assert "Distribution" in json.loads(first.out)["Resources"]


def test_json_holds_the_template(infra: Flashgen) -> None:
    """As every command's result."""
    assert printed(infra) == infra("template", "--json").result["template"]


def test_pages_may_ask_the_order_servers_of_every_sale(infra: Flashgen) -> None:
    """One policy for all that the distribution serves."""
    headers = printed(infra)["Resources"]["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert "connect-src 'self' http://127.0.0.1:8090 https://order.example.com; " in policy


def test_a_sale_that_is_not_kept_has_a_behaviour_of_its_own(infra: Flashgen, project: Path) -> None:
    """Before that of all pointers."""
    path = project / "sale_configs" / "fair.yaml"
    path.write_text(path.read_text().replace("  version:", "  edge_ttl_seconds: 0\n  version:"))
    config = printed(infra)["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    assert ["fair/unlock.*.js", "*/unlock.*.js"] == [each["PathPattern"] for each in config["CacheBehaviors"]][:2]


def test_the_settings_show_in_the_template(infra: Flashgen) -> None:
    """The bucket, its prefix, and the secret that may be read."""
    text = infra("template").out
    resources = json.loads(text)["Resources"]
    assert "sale-example-com" == resources["Bucket"]["Properties"]["BucketName"]
    assert "/shops" == resources["Distribution"]["Properties"]["DistributionConfig"]["Origins"][0]["OriginPath"]
    assert "parameter/flashgen/key" in text


def test_the_second_template_holds_what_was_asked_for(infra: Flashgen) -> None:
    """And nothing of the first."""
    resources = printed(infra, "--us-east-1", "--alias", "sale.example.com", "--rate-limit", "2000")["Resources"]
    assert {"Certificate", "WebAcl"} == set(resources)


def test_the_gates_template_takes_the_headers_that_name_buyers_off(infra: Flashgen, project: Path) -> None:
    """Of every sale; with a name of its own."""
    line = f"--gate --order-origin gate.example.com --alias order.example.com --certificate {CERTIFICATE}".split()
    assert {"Distribution"} == set(printed(infra, *line)["Resources"])
    edit(project, "fair", "order:\n", "order:\n  buyer: header:X-User-Id\n  trusted_proxies: [10.0.0.0/8]\n")
    resources = printed(infra, *line)["Resources"]
    assert '"x-user-id"' in resources["StripFunction"]["Properties"]["FunctionCode"]


def test_the_gate_may_read_every_secret_that_it_needs(infra: Flashgen, project: Path) -> None:
    """Keys of passes, and what a proxy shows that names buyers; no other role may."""
    more = "pass_keys: ssm:/flashgen/passes\norigin_secrets: [secretsmanager:flashgen/proxy]\n"
    (project / "flashgen.yaml").write_text(SETTINGS + more)
    resources = printed(infra)["Resources"]
    deployer, gate = (json.dumps(resources[f"{name}Policy"]) for name in ("Deployer", "Gate"))
    assert "parameter/flashgen/passes" in gate
    assert "secret:flashgen/proxy" in gate
    assert "flashgen/p" not in deployer


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--alias sale.example.com", "--alias and --certificate go together"),
        ("--web-acl sale", "--web-acl must be an ARN"),
        ("--order-origin gate.example.com", "add --gate"),
        ("--gate", "--gate needs --order-origin"),
        ("--gate --us-east-1", "two stacks"),
        ("--ci github", "--ci github needs --repository OWNER/NAME"),
        ("--repository shop/sales", "add --ci github or --ci gitlab"),
        ("--gate --order-origin gate.example.com --logs", "add --us-east-1"),
        ("--rate-limit 100", "add --us-east-1"),
        ("--logs", "add --us-east-1"),
        ("--us-east-1", "--us-east-1 makes what is asked for"),
        ("--us-east-1 --order-origin order.example.com", "the rest is for the other stacks"),
        ("--rate-limit 3 --us-east-1", "10<=x<="),
        ("--price-class 300", "'300' is not one of"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(infra: Flashgen, line: str, message: str) -> None:
    """With what to do instead."""
    run = infra("template", *line.split())
    assert 2 == run.exit_code
    assert message in run.err
    assert "" == run.out


@pytest.mark.parametrize(
    ("target", "message"),
    [("local", "needs an s3:// store"), ("other", "has an `endpoint_url`: CloudFormation makes stacks in AWS only")],
)
def test_a_target_without_cloudformation_is_refused(infra: Flashgen, target: str, message: str) -> None:
    """With the way to choose another."""
    run = infra("template", "--target", target)
    assert 1 == run.exit_code
    assert message in run.err
    assert "--target" in run.err


def test_logs_need_to_know_the_distribution(infra: Flashgen, project: Path) -> None:
    """Which is known after the first stack."""
    run = infra("template", "--us-east-1", "--logs")
    assert 1 == run.exit_code
    assert "flashgen infra show" in run.err
    (project / "flashgen.yaml").write_text(SETTINGS.replace("region:", "distribution: E2EXAMPLE, region:"))
    assert "LogDelivery" in printed(infra, "--us-east-1", "--logs")["Resources"]


def test_price_classes_are_said_once_more_for_the_help() -> None:
    """A command imports nothing at the top."""
    (option,) = (each for each in template_command.params if each.name == "price_class")
    assert isinstance(option.type, click.Choice)
    assert PRICE_CLASSES == tuple(option.type.choices)


def test_apply_shows_and_asks_before_it_makes(infra: Flashgen, account: None) -> None:
    """Without a terminal it needs --yes; nothing is left of the proposal."""
    run = infra("apply")
    assert 2 == run.exit_code
    assert f"a new stack {STACK} in eu-central-1" in run.err
    assert "+ Distribution" in run.err
    assert "--yes" in run.err
    assert [] == boto3.client("cloudformation").describe_stacks()["Stacks"]


def test_apply_makes_the_stack_and_tells_each_step(infra: Flashgen, account: None) -> None:
    """The bucket is there afterwards; running it again changes nothing and asks nothing."""
    run = infra("apply", "--yes")
    assert 0 == run.exit_code, run.err
    assert "CREATE_COMPLETE" in run.err
    assert f"{STACK}: made\n" == run.out
    assert ["sale-example-com"] == [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
    again = infra("apply")
    assert (0, f"{STACK}: nothing to do, the stack is as asked for\n") == (again.exit_code, again.out)


def test_apply_answers_with_what_it_did(infra: Flashgen, account: None) -> None:
    """For pipelines."""
    result = infra("apply", "--yes", "--json").result
    assert (STACK, "eu-central-1", "CREATE_COMPLETE", True) == tuple(
        result[key] for key in ("stack", "region", "status", "changed")
    )
    assert {
        "action": "Add",
        "resource": "Bucket",
        "type": "AWS::S3::Bucket",
        "replacement": None,
        "policy_action": None,
    } in result["changes"]
    again = infra("apply", "--json").result
    assert (False, []) == (again["changed"], again["changes"])


def test_a_forgotten_option_is_told(infra: Flashgen, account: None) -> None:
    """An alias that is not given again would be taken off a live distribution."""
    assert 0 == infra("apply", "--yes", *ALIAS).exit_code
    run = infra("apply", "--yes")
    assert "warning: --alias was sale.example.com, is now not given" in run.err
    assert f"warning: --certificate was {CERTIFICATE}, is now not given" in run.err


def test_the_second_stack_is_made_in_us_east_1(infra: Flashgen, account: None) -> None:
    """Whatever the bucket's region, under a name of its own."""
    run = infra("apply", "--us-east-1", "--rate-limit", "2000", "--yes")
    assert 0 == run.exit_code, run.err
    (stack,) = boto3.client("cloudformation", region_name="us-east-1").describe_stacks()["Stacks"]
    assert f"{STACK}-us-east-1" == stack["StackName"]
    assert "next: flashgen infra show --us-east-1" in run.err


def test_a_stack_can_have_another_name(infra: Flashgen, account: None) -> None:
    """For apply and for show."""
    assert 0 == infra("apply", "--stack", "mine", "--yes").exit_code
    assert "mine" == infra("show", "--stack", "mine", "--json").result["stack"]


@pytest.mark.parametrize("time", ["soon", "10s", "9h"])
def test_a_time_limit_is_a_minute_to_six_hours(infra: Flashgen, account: None, time: str) -> None:
    """Wrong usage otherwise, before AWS is asked."""
    run = infra("apply", "--timeout", time, "--yes")
    assert 2 == run.exit_code
    assert "--timeout" in run.err


def test_show_without_a_stack_says_how_to_make_it(infra: Flashgen, account: None) -> None:
    """With its name and region."""
    run = infra("show")
    assert 1 == run.exit_code
    assert f"no stack {STACK} in eu-central-1" in run.err
    assert "flashgen infra apply" in run.err


OUTPUTS = {
    "Bucket": "sale-example-com",
    "DeployerPolicy": "arn:aws:iam::123456789012:policy/deployer",
    "DistributionId": "E2EXAMPLE",
    "Domain": "d111111abcdef8.cloudfront.net",
    "Url": "https://sale.example.com",
}


def test_what_show_prints_is_a_flashgen_yaml(infra: Flashgen, project: Path, tmp_path: Path) -> None:
    """Pasted as it is, it leads to the bucket and the distribution."""
    text = settings_text(Session(project_folder=project), "eu-central-1", OUTPUTS)
    path = tmp_path / "flashgen.yaml"
    path.write_text(text)
    target = read_settings(path).targets["production"]
    assert ("s3://sale-example-com/shops", "eu-central-1", "E2EXAMPLE", "https://sale.example.com") == (
        target.store, target.region, target.distribution, target.url
    )  # fmt: skip
    assert f"#   DeployerPolicy: {OUTPUTS['DeployerPolicy']}" in text
    assert OUTPUTS["Domain"] in text


def test_the_second_stack_is_shown_as_comments(infra: Flashgen, project: Path) -> None:
    """Its outputs are options of the first."""
    text = settings_text(Session(project_folder=project), "us-east-1", {"CertificateArn": CERTIFICATE})
    assert f"# CertificateArn: {CERTIFICATE}" == text


class Scripted(CloudFormation):
    """A stack with one proposal; it ends as `status`, after `events`."""

    def __init__(self, status: str, *events: Event, changes: tuple[ResourceChange, ...] = ()) -> None:
        self.name, self.region = STACK, "eu-central-1"
        self.discarded = self.executed = False
        self.on_execute: BaseException | None = None
        self.on_follow: BaseException | None = None
        self.on_discard: BaseException | None = None
        self._status, self._told, self._changes = status, events, changes

    def read(self) -> Stack:
        """As it ends."""
        return Stack(STACK, self._status)

    def template(self) -> dict[str, Any]:
        """Somebody else's."""
        return {}

    def propose(self, template: str, name: str) -> ChangeSet:
        """The one proposal."""
        return ChangeSet("p", False, self._changes)

    def discard(self, change_set: ChangeSet) -> None:
        """Noted."""
        self.discarded = True
        if self.on_discard:
            raise self.on_discard

    def execute(self, change_set: ChangeSet) -> str:
        """Noted."""
        self.executed = True
        if self.on_execute:
            raise self.on_execute
        return "0"

    def follow(self, newest: str, limit_seconds: float) -> Iterator[Event]:
        """All there is, from the start."""
        assert "0" == newest
        yield from self._told
        if self.on_follow:
            raise self.on_follow


BUCKET = ("Bucket", "AWS::S3::Bucket")
CDN = ("Distribution", "AWS::CloudFront::Distribution")


def modified(resource: tuple[str, str], replacement: str, policy_action: str = "") -> ResourceChange:
    """One that may be replaced."""
    return ResourceChange("Modify", *resource, replacement, policy_action)


def removed(resource: tuple[str, str], policy_action: str = "") -> ResourceChange:
    """One that the template has no more."""
    return ResourceChange("Remove", *resource, policy_action=policy_action)


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        (modified(BUCKET, "True"), "bucket that shoppers see now is replaced by a new one\n"),
        (modified(BUCKET, "True", "ReplaceAndRetain"), "is replaced by a new one and kept outside of the stack\n"),
        (modified(CDN, "Conditional"), "distribution that shoppers see now is perhaps replaced by a new one\n"),
        (modified(CDN, "Conditional", "ReplaceAndDelete"), "is perhaps replaced by a new one and deleted\n"),
        (removed(BUCKET, "Retain"), "bucket that shoppers see now is kept, but no longer part of the stack\n"),
        (removed(CDN, "Delete"), "distribution that shoppers see now is deleted\n"),
        (removed(CDN), "distribution that shoppers see now is deleted, unless its DeletionPolicy keeps it\n"),
        (ResourceChange("Dynamic", *CDN), "see now is perhaps gone: known only when it is carried out\n"),
    ],
)
def test_what_may_lose_the_sale_is_marked_and_not_done_unasked(
    change: ResourceChange, fate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a line of its own with what becomes of it, before the question; the proposal is gone when the answer is no."""
    stack = Scripted("UPDATE_COMPLETE", changes=(change,))
    with pytest.raises(click.UsageError):
        apply_template(Session(), stack, "{}", 60, yes=False)
    (danger,) = (line for line in capsys.readouterr().err.splitlines(keepends=True) if line.startswith("danger: the "))
    assert danger.endswith(fate)
    assert (True, False) == (stack.discarded, stack.executed)


def test_a_harmless_change_is_not_called_dangerous(capsys: pytest.CaptureFixture[str]) -> None:
    """Or nobody would read it."""
    change = ResourceChange("Modify", "Bucket", "AWS::S3::Bucket", "False")
    apply_template(Session(), Scripted("UPDATE_COMPLETE", changes=(change,)), "{}", 60, yes=True)
    told = capsys.readouterr().err
    assert "~ Bucket" in told
    assert "danger" not in told


def test_a_failure_is_told_with_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    """Not with the resources that were given up because of it."""
    when = datetime(2026, 11, 22, tzinfo=UTC)
    cause = Event("1", when, "Distribution", "", "UPDATE_FAILED", "the alias is taken")
    given_up = Event("2", when, "ClockFunction", "", "UPDATE_FAILED", "Resource update cancelled")
    with pytest.raises(StoreError) as caught:
        apply_template(Session(), Scripted("UPDATE_ROLLBACK_COMPLETE", cause, given_up), "{}", 60, yes=True)
    expected = f"stack {STACK} is UPDATE_ROLLBACK_COMPLETE: Distribution: the alias is taken"
    assert expected == caught.value.message
    assert "the alias is taken" in capsys.readouterr().err


@pytest.mark.parametrize(
    "trouble",
    [KeyboardInterrupt(), NoAnswer("not finished after 30 min"), StoreError("the AWS credentials have expired")],
    ids=repr,
)
def test_whoever_watches_no_longer_is_told_that_it_goes_on(
    trouble: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends the watching, not CloudFormation; and the proposal is not taken back."""
    stack = Scripted("UPDATE_IN_PROGRESS")
    stack.on_follow = trouble
    with pytest.raises(type(trouble)):
        apply_template(Session(target_name="night"), stack, "{}", 60, yes=True)
    told = capsys.readouterr().err
    assert "CloudFormation goes on by itself: flashgen --target night infra show" in told
    assert not stack.discarded


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), NoAnswer("no answer")], ids=repr)
def test_nobody_knows_whether_it_has_begun_without_an_answer(
    trouble: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    """So nothing is taken back that may be under way."""
    stack = Scripted("UPDATE_COMPLETE")
    stack.on_execute = trouble
    with pytest.raises(type(trouble)):
        apply_template(Session(), stack, "{}", 60, yes=True)
    assert "nobody knows whether CloudFormation has begun: flashgen infra show" in capsys.readouterr().err
    assert not stack.discarded


def test_what_may_not_be_carried_out_is_discarded(capsys: pytest.CaptureFixture[str]) -> None:
    """By those who may look and propose only."""
    stack = Scripted("UPDATE_COMPLETE")
    stack.on_execute = AccessDenied("access denied")
    with pytest.raises(AccessDenied):
        apply_template(Session(), stack, "{}", 60, yes=True)
    assert stack.discarded
    assert "goes on by itself" not in capsys.readouterr().err


def test_a_proposal_that_cannot_be_discarded_is_told_beside_the_cause(capsys: pytest.CaptureFixture[str]) -> None:
    """By its name; what it was discarded for is the error."""
    stack = Scripted("UPDATE_COMPLETE")
    stack.on_discard = StoreError("stack x: It is CREATE_IN_PROGRESS")
    with pytest.raises(click.UsageError):
        apply_template(Session(), stack, "{}", 60, yes=False)
    assert "warning: the change set p is left: stack x: It is CREATE_IN_PROGRESS" in capsys.readouterr().err
