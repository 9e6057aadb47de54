"""A stack's life: proposed, carried out and followed on moto; what moto never says, by botocore's stubs.

moto makes change sets and events, and knows when nothing changes; it makes everything at once, never fails, and skips
CloudFront. The stubs check each request and answer against AWS's own description of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from flashgen.aws.change_sets import DELETE_TRIES
from flashgen.aws.cloudformation import CloudFormation
from flashgen.aws.stack import ChangeSet, Event, ResourceChange
from flashgen.errors import AccessDenied, NoAnswer, Refused, StoreError

NAME = "flashgen-sale"
MADE = {"Id": f"arn:aws:cloudformation:eu-central-1:123456789012:changeSet/p/{NAME}"}
CHANGE = ChangeSet("p", creates=False)


def template(**resources: str) -> str:
    """Resources by name, each a type without properties; the first one's name is an output."""
    parts = {name: {"Type": kind} for name, kind in resources.items()}
    outputs = {"Bucket": {"Value": {"Ref": next(iter(parts))}}}
    return json.dumps({"Metadata": {"flashgen": {"--alias": "x"}}, "Resources": parts, "Outputs": outputs})


BUCKET = template(Bucket="AWS::S3::Bucket")
BUCKET_AND_TOPIC = template(Bucket="AWS::S3::Bucket", Topic="AWS::SNS::Topic")


@pytest.fixture
def slept() -> list[float]:
    """How long, each time."""
    return []


@pytest.fixture
def stack(aws_credentials: None, slept: list[float]) -> Iterator[CloudFormation]:
    """In moto, which has none yet."""
    with mock_aws():
        yield CloudFormation(NAME, "eu-central-1", sleep=slept.append)


@pytest.fixture
def stub(aws_credentials: None, slept: list[float]) -> Iterator[tuple[CloudFormation, Stubber]]:
    """A hand on a stack whose answers the test writes, in turn."""
    hand = CloudFormation(NAME, "eu-central-1", sleep=slept.append)
    with Stubber(hand._client) as stubber:
        yield hand, stubber
        stubber.assert_no_pending_responses()


def carry_out(stack: CloudFormation, body: str, proposal: str) -> list[Event]:
    """Propose and execute."""
    change_set = stack.propose(body, proposal)
    assert change_set is not None
    return list(stack.follow(stack.execute(change_set), 60))


def described(status: str, reason: str = "") -> dict[str, Any]:
    """DescribeStacks' answer."""
    more = {"StackStatusReason": reason} if reason else {}
    return {"Stacks": [{"StackName": NAME, "StackStatus": status, "CreationTime": datetime.now(UTC), **more}]}


def event(identity: str, status: str = "UPDATE_IN_PROGRESS", reason: str = "", resource: str = NAME) -> dict[str, Any]:
    """An entry of DescribeStackEvents."""
    return {
        "StackId": NAME,
        "EventId": identity,
        "StackName": NAME,
        "LogicalResourceId": resource,
        "Timestamp": datetime(2026, 11, 22, tzinfo=UTC),
        "ResourceStatus": status,
        **({"ResourceStatusReason": reason} if reason else {}),
    }


def events(*listed: dict[str, Any]) -> dict[str, Any]:
    """DescribeStackEvents' answer, newest first."""
    return {"StackEvents": list(listed)}


def answers(stubber: Stubber, *pairs: tuple[str, dict[str, Any]]) -> None:
    """What comes back, in turn."""
    for operation, answer in pairs:
        stubber.add_response(operation, answer)


def test_there_is_no_stack_at_first(stack: CloudFormation) -> None:
    """Which is no error."""
    assert stack.read() is None


def test_a_proposal_tells_what_would_be_made_and_makes_nothing(stack: CloudFormation) -> None:
    """Not a bucket."""
    proposed = stack.propose(BUCKET, "first")
    assert proposed is not None
    assert (True, (ResourceChange("Add", "Bucket", "AWS::S3::Bucket"),)) == (proposed.creates, proposed.changes)
    assert [] == boto3.client("s3").list_buckets()["Buckets"]


def test_a_stack_is_made_with_events_from_the_first_to_the_last(stack: CloudFormation) -> None:
    """And is done then, with its bucket."""
    told = carry_out(stack, BUCKET, "first")
    assert ("CREATE_IN_PROGRESS", "CREATE_COMPLETE") == (told[0].status, told[-1].status)
    made = stack.read()
    assert made is not None
    assert made.is_done
    assert 1 == len(boto3.client("s3").list_buckets()["Buckets"])


def test_what_is_there_already_is_not_proposed_again(stack: CloudFormation) -> None:
    """Running it twice changes nothing."""
    carry_out(stack, BUCKET, "first")
    assert stack.propose(BUCKET, "second") is None


def test_a_stack_is_changed_and_only_new_events_are_told(stack: CloudFormation) -> None:
    """Its first life is not repeated."""
    first = carry_out(stack, BUCKET, "first")
    second = carry_out(stack, BUCKET_AND_TOPIC, "second")
    assert not {one.identity for one in first} & {one.identity for one in second}
    assert "UPDATE_COMPLETE" == second[-1].status


def test_a_stack_remembers_its_template(stack: CloudFormation) -> None:
    """With the options that it was made with."""
    carry_out(stack, BUCKET, "first")
    assert {"flashgen": {"--alias": "x"}} == stack.template()["Metadata"]


def test_a_discarded_proposal_leaves_nothing(stack: CloudFormation) -> None:
    """Neither the change set nor the empty stack that held it."""
    proposed = stack.propose(BUCKET, "first")
    assert proposed is not None
    stack.discard(proposed)
    assert stack.read() is None


def test_discarding_a_change_keeps_the_stack(stack: CloudFormation) -> None:
    """As it was."""
    carry_out(stack, BUCKET, "first")
    proposed = stack.propose(BUCKET_AND_TOPIC, "second")
    assert proposed is not None
    stack.discard(proposed)
    found = stack.read()
    assert found is not None
    assert "CREATE_COMPLETE" == found.status


@pytest.mark.parametrize("action", ["Remove", "Dynamic", "Modify"])
@pytest.mark.parametrize("replacement", ["True", "False", "Conditional"])
def test_a_change_is_dangerous_when_what_is_there_may_go(action: str, replacement: str) -> None:
    """A replacement is told for modifications only."""
    change = ResourceChange(action, "Bucket", "AWS::S3::Bucket", replacement if action == "Modify" else "")
    assert (action != "Modify" or replacement != "False") is change.is_dangerous


def test_changes_come_from_every_page(stub: tuple[CloudFormation, Stubber], slept: list[float]) -> None:
    """After waiting until the change set is there."""
    stack, stubber = stub

    def page(status: str, *resources: str, **more: str) -> dict[str, Any]:
        changes = [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Modify",
                    "LogicalResourceId": name,
                    "ResourceType": "AWS::S3::Bucket",
                    "Replacement": "True",
                },
            }
            for name in resources
        ]
        return {"Status": status, "Changes": changes, **more}

    answers(
        stubber,
        ("describe_stacks", described("CREATE_COMPLETE")),
        ("create_change_set", MADE),
        ("describe_change_set", page("CREATE_IN_PROGRESS")),
        ("describe_change_set", page("CREATE_COMPLETE", "A", NextToken="more")),
        ("describe_change_set", page("CREATE_COMPLETE", "B")),
    )
    proposed = stack.propose(BUCKET, "p")
    expected = tuple(ResourceChange("Modify", name, "AWS::S3::Bucket", "True") for name in "AB")
    assert ChangeSet("p", False, expected) == proposed
    assert [3.0] == slept


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        ("UPDATE_IN_PROGRESS", "somebody is changing it right now", "wait for it"),
        ("ROLLBACK_IN_PROGRESS", "somebody is changing it right now", "wait for it"),
        ("ROLLBACK_COMPLETE", "could not be created", f"delete-stack --stack-name {NAME}"),
        ("DELETE_FAILED", "could not be created", f"delete-stack --stack-name {NAME}"),
        ("UPDATE_ROLLBACK_FAILED", "could not be undone", f"continue-update-rollback --stack-name {NAME}"),
    ],
)
def test_a_stack_that_takes_no_changes_says_why_and_the_way_out(
    stub: tuple[CloudFormation, Stubber], status: str, message: str, hint: str
) -> None:
    """Before anything is asked of it."""
    stack, stubber = stub
    answers(stubber, ("describe_stacks", described(status)))
    with pytest.raises(Refused, match=f"stack {NAME} is {status}: .*{message}") as caught:
        stack.propose(BUCKET, "p")
    assert hint in caught.value.hint


def test_a_refused_template_is_told_with_the_reason_and_leaves_nothing(stub: tuple[CloudFormation, Stubber]) -> None:
    """The change set that failed is taken away."""
    stack, stubber = stub
    failed = {"Status": "FAILED", "StatusReason": "Transform x failed:\n no such thing.", "Changes": []}
    answers(
        stubber,
        ("describe_stacks", described("UPDATE_ROLLBACK_COMPLETE")),
        ("create_change_set", MADE),
        ("describe_change_set", failed),
        ("delete_change_set", {}),
    )
    with pytest.raises(Refused, match=f"stack {NAME}: CloudFormation refuses .*: Transform x failed: no such thing$"):
        stack.propose(BUCKET, "p")


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_no_changes_is_no_failure(stub: tuple[CloudFormation, Stubber], reason: str) -> None:
    """In either of AWS's wordings."""
    stack, stubber = stub
    answers(
        stubber,
        ("describe_stacks", described("UPDATE_COMPLETE")),
        ("create_change_set", MADE),
        ("describe_change_set", {"Status": "FAILED", "StatusReason": reason}),
        ("delete_change_set", {}),
    )
    assert stack.propose(BUCKET, "p") is None


def test_following_waits_for_the_first_event_and_ends_with_the_last(
    stub: tuple[CloudFormation, Stubber], slept: list[float]
) -> None:
    """Right after the order a stack may still look as it did; its old events are not told."""
    stack, stubber = stub
    begun = event("1")
    cause = event("2", "UPDATE_FAILED", "no such\ncertificate", "Distribution")
    end = event("3", "UPDATE_ROLLBACK_COMPLETE")
    answers(
        stubber,
        ("describe_stack_events", events(event("0"))),
        ("execute_change_set", {}),
        ("describe_stacks", described("CREATE_COMPLETE")),
        ("describe_stack_events", events(event("0"))),
        ("describe_stacks", described("UPDATE_IN_PROGRESS")),
        ("describe_stack_events", events(begun, event("0"))),
        ("describe_stacks", described("UPDATE_ROLLBACK_COMPLETE")),
        ("describe_stack_events", events(end, cause, begun, event("0"))),
    )
    told = list(stack.follow(stack.execute(CHANGE), 60))
    assert ["1", "2", "3"] == [one.identity for one in told]
    assert [False, True, False] == [one.is_failure for one in told]
    assert "no such certificate" == told[1].reason
    assert [3.0, 3.0] == slept


@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("ServiceUnavailable", 503)])
@pytest.mark.parametrize("call", ["describe_stacks", "describe_stack_events"])
def test_following_survives_what_is_not_answered(
    stub: tuple[CloudFormation, Stubber], slept: list[float], call: str, code: str, status: int
) -> None:
    """CloudFormation goes on, and no event is lost."""
    stack, stubber = stub
    if call == "describe_stack_events":
        answers(stubber, ("describe_stacks", described("UPDATE_IN_PROGRESS")))
    stubber.add_client_error(call, code, "Later.", status)
    answers(
        stubber,
        ("describe_stacks", described("UPDATE_COMPLETE")),
        ("describe_stack_events", events(event("2", "UPDATE_COMPLETE"), event("1"), event("0"))),
    )
    assert ["1", "2"] == [one.identity for one in stack.follow("0", 60)]
    assert [3.0] == slept


def test_following_does_not_survive_expired_credentials(stub: tuple[CloudFormation, Stubber]) -> None:
    """They do not come back by waiting."""
    stack, stubber = stub
    stubber.add_client_error("describe_stacks", "ExpiredToken", "Over.", 403)
    with pytest.raises(StoreError, match="the AWS credentials have expired"):
        list(stack.follow("0", 60))


def test_a_request_to_execute_that_is_repeated_is_known_as_such(stub: tuple[CloudFormation, Stubber]) -> None:
    """By its token; without one the second would be refused, for the first has begun."""
    stack, stubber = stub
    answers(stubber, ("describe_stack_events", events()))
    expected = {"StackName": NAME, "ChangeSetName": "p", "ClientRequestToken": "p"}
    stubber.add_response("execute_change_set", {}, expected)
    stack.execute(CHANGE)


def interrupt_after(stack: CloudFormation, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Ctrl-C, at the moment when the request has been sent."""
    send = getattr(stack._client, call)

    def interrupted(**request: Any) -> None:
        send(**request)
        raise KeyboardInterrupt

    monkeypatch.setattr(stack._client, call, interrupted)


@pytest.mark.parametrize("call", ["create_change_set", "describe_change_set"])
def test_an_interrupted_proposal_leaves_nothing(
    stack: CloudFormation, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Neither the change set nor the empty stack that held it."""
    interrupt_after(stack, monkeypatch, call)
    with pytest.raises(KeyboardInterrupt):
        stack.propose(BUCKET, "first")
    assert stack.read() is None


def test_an_interrupted_change_keeps_the_stack(stack: CloudFormation, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was, without the change set."""
    carry_out(stack, BUCKET, "first")
    interrupt_after(stack, monkeypatch, "describe_change_set")
    with pytest.raises(KeyboardInterrupt):
        stack.propose(BUCKET_AND_TOPIC, "second")
    found = stack.read()
    assert found is not None
    assert "CREATE_COMPLETE" == found.status
    listed = boto3.client("cloudformation").list_change_sets(StackName=NAME)["Summaries"]
    assert "second" not in [one["ChangeSetName"] for one in listed]


def test_a_proposal_without_an_answer_leaves_nothing(stub: tuple[CloudFormation, Stubber]) -> None:
    """The change set may be there all the same, and the stack that holds it."""
    stack, stubber = stub
    stubber.add_client_error("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist", 400)
    stubber.add_client_error("create_change_set", "ServiceUnavailable", "Later.", 503)
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": "p", "StackName": NAME})
    answers(stubber, ("describe_stacks", described("REVIEW_IN_PROGRESS")))
    stubber.add_response("delete_stack", {}, {"StackName": NAME})
    with pytest.raises(NoAnswer, match="answered ServiceUnavailable"):
        stack.propose(BUCKET, "p")


def test_what_was_never_made_is_not_discarded(
    stub: tuple[CloudFormation, Stubber], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack in review may be a colleague's."""
    stack, stubber = stub
    discarded: list[ChangeSet] = []
    monkeypatch.setattr(stack, "discard", discarded.append)
    answers(stubber, ("describe_stacks", described("REVIEW_IN_PROGRESS")))
    stubber.add_client_error("create_change_set", "AccessDenied", "No.", 403)
    with pytest.raises(AccessDenied):
        stack.propose(BUCKET, "p")
    assert [] == discarded


def test_what_cannot_be_discarded_does_not_hide_why(stub: tuple[CloudFormation, Stubber]) -> None:
    """The first trouble is the one to mend."""
    stack, stubber = stub
    answers(stubber, ("describe_stacks", described("CREATE_COMPLETE")), ("create_change_set", MADE))
    stubber.add_client_error("describe_change_set", "AccessDenied", "No.", 403)
    stubber.add_client_error("delete_change_set", "ServiceUnavailable", "Later.", 503)
    with pytest.raises(AccessDenied) as caught:
        stack.propose(BUCKET, "p")
    assert "cloudformation:DescribeChangeSet" in caught.value.hint


def test_a_change_set_that_is_being_made_is_discarded_when_it_is(
    stub: tuple[CloudFormation, Stubber], slept: list[float]
) -> None:
    """CloudFormation refuses to delete it before."""
    stack, stubber = stub
    stubber.add_client_error("delete_change_set", "InvalidChangeSetStatus", "It is CREATE_IN_PROGRESS.", 400)
    answers(stubber, ("delete_change_set", {}))
    stack.discard(CHANGE)
    assert [3.0] == slept


def test_a_change_set_that_stays_is_told_and_the_empty_stack_goes(stub: tuple[CloudFormation, Stubber]) -> None:
    """With CloudFormation's own reason."""
    stack, stubber = stub
    for _ in range(DELETE_TRIES):
        stubber.add_client_error("delete_change_set", "InvalidChangeSetStatus", "It is CREATE_IN_PROGRESS.", 400)
    answers(stubber, ("describe_stacks", described("REVIEW_IN_PROGRESS")), ("delete_stack", {}))
    with pytest.raises(StoreError, match=f"stack {NAME}: It is CREATE_IN_PROGRESS$"):
        stack.discard(ChangeSet("p", creates=True))


@pytest.mark.parametrize("told", ["", "Delete", "ReplaceAndRetain"])
def test_what_becomes_of_a_resource_is_read(stub: tuple[CloudFormation, Stubber], told: str) -> None:
    """Where CloudFormation says it."""
    stack, stubber = stub
    change = {"Action": "Remove", "LogicalResourceId": "A", "ResourceType": "AWS::S3::Bucket"}
    more = {"PolicyAction": told} if told else {}
    page = {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": {**change, **more}}]}
    answers(
        stubber,
        ("describe_stacks", described("CREATE_COMPLETE")),
        ("create_change_set", MADE),
        ("describe_change_set", page),
    )
    proposed = stack.propose(BUCKET, "p")
    assert proposed is not None
    assert (ResourceChange("Remove", "A", "AWS::S3::Bucket", policy_action=told),) == proposed.changes


def test_what_was_given_up_is_not_the_cause() -> None:
    """CloudFormation cancels the rest when one resource fails."""
    given_up = Event("1", datetime.now(UTC), "Bucket", "", "CREATE_FAILED", "Resource creation cancelled")
    assert not given_up.is_failure


def test_following_ends_in_time(stub: tuple[CloudFormation, Stubber]) -> None:
    """With the way to look again."""
    stack, stubber = stub
    moving = (("describe_stacks", described("UPDATE_IN_PROGRESS")), ("describe_stack_events", events(event("1"))))
    answers(stubber, ("describe_stack_events", events()), ("execute_change_set", {}), *moving, *moving)
    with pytest.raises(NoAnswer, match=r"not finished after 0 min$") as caught:
        list(stack.follow(stack.execute(CHANGE), 6))
    assert "flashgen infra show" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "said", "expected", "message", "hint"),
    [
        (
            *("AccessDenied", "no.", AccessDenied, "access denied"),
            f"allow cloudformation:DescribeStacks on arn:aws:cloudformation:eu-central-1:*:stack/{NAME}/*",
        ),
        ("Throttling", "Rate exceeded.", NoAnswer, "answered Throttling", "try again in a moment"),
        ("ExpiredToken", "", StoreError, "the AWS credentials have expired", "aws sso login"),
        ("ValidationError", "Template format\nerror.", StoreError, "Template format error", ""),
        ("Strange", "x.", StoreError, "an error occurred (Strange)", ""),
    ],
)
def test_an_answer_is_told_with_its_fix(
    stub: tuple[CloudFormation, Stubber], code: str, said: str, expected: type[StoreError], message: str, hint: str
) -> None:
    """One line: place, what; then what to do."""
    stack, stubber = stub
    stubber.add_client_error("describe_stacks", code, said, 400)
    with pytest.raises(StoreError) as caught:
        stack.read()
    assert expected is caught.type
    assert caught.value.message.startswith(f"stack {NAME}: {message}")
    assert "\n" not in caught.value.message
    assert hint in caught.value.hint


def test_without_a_region_the_message_says_where_to_write_it() -> None:
    """Before anything is sent."""
    with pytest.raises(StoreError, match="no AWS region is known") as caught:
        CloudFormation(NAME)
    assert "set `region:`" in caught.value.hint
