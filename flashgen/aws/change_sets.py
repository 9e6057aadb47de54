"""The change sets of one stack: created, waited for, deleted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Final

from flashgen.aws import errors as aws_errors
from flashgen.aws.errors import Codes, Meaning, in_one_line
from flashgen.aws.stack import ChangeSet, ResourceChange, change_of
from flashgen.errors import NoAnswer, Refused, StoreError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef


class NotNow(StoreError):
    """A change set can be neither carried out nor deleted while it is being made."""


_CODES: Final[Codes] = {
    "ValidationError": Meaning(StoreError),
    "InvalidChangeSetStatus": Meaning(NotNow),
}


def explained(action: str, stack: str, region: str) -> AbstractContextManager[None]:
    """Turn what botocore raises into `StoreError`. `action` is IAM's, without `cloudformation:`."""
    arn = f"arn:aws:cloudformation:{region}:*:stack/{stack}/*"
    return aws_errors.explained(f"stack {stack}", f"cloudformation:{action}", arn, _CODES)


POLL_SECONDS: Final = 3.0
#: A change set is usually there within ten seconds.
PROPOSAL_LIMIT_SECONDS: Final = 180.0
#: How often one that is still being made is tried to be deleted.
DELETE_TRIES: Final = 10
#: When a template changes nothing, the change set fails with one of these reasons.
_NO_CHANGES: Final = ("didn't contain changes", "No updates are to be performed")


class ChangeSets:
    """Those of the stack called `stack`, which need not exist before the first one. `sleep` waits for some seconds."""

    def __init__(self, client: CloudFormationClient, stack: str, sleep: Callable[[float], None]) -> None:
        self._client, self._stack, self._sleep = client, stack, sleep

    def create(self, asked: ChangeSet, template: str) -> None:
        """Ask for it. CloudFormation makes it afterwards: `changes` waits for it."""
        with self._explained("CreateChangeSet"):
            self._client.create_change_set(
                StackName=self._stack,
                ChangeSetName=asked.name,
                ChangeSetType="CREATE" if asked.creates else "UPDATE",
                TemplateBody=template,
                Capabilities=["CAPABILITY_IAM"],
            )

    def changes(self, asked: ChangeSet) -> tuple[ResourceChange, ...] | None:
        """Wait for it; what it would change, None for nothing. Raises Refused with CloudFormation's reason."""
        for _ in range(int(PROPOSAL_LIMIT_SECONDS / POLL_SECONDS)):
            answer = self._describe(asked)
            if answer["Status"] == "CREATE_COMPLETE":
                return tuple(change_of(change) for change in answer["Changes"])
            if answer["Status"] == "FAILED":
                reason = answer.get("StatusReason", "")
                if any(words in reason for words in _NO_CHANGES):
                    return None
                raise Refused(f"stack {self._stack}: CloudFormation refuses the changes: {in_one_line(reason)}")
            self._sleep(POLL_SECONDS)
        raise NoAnswer(f"stack {self._stack}: no change set after {PROPOSAL_LIMIT_SECONDS:.0f} s", "run it again")

    def delete(self, change_set: ChangeSet) -> None:
        """Delete it. One that is still being made is waited for, half a minute at the most."""
        for _ in range(DELETE_TRIES - 1):
            with suppress(NotNow):
                return self._delete_now(change_set)
            self._sleep(POLL_SECONDS)
        return self._delete_now(change_set)

    def _delete_now(self, change_set: ChangeSet) -> None:
        with self._explained("DeleteChangeSet"):
            self._client.delete_change_set(ChangeSetName=change_set.name, StackName=self._stack)

    def _describe(self, asked: ChangeSet) -> DescribeChangeSetOutputTypeDef:
        """With the changes of all pages."""
        with self._explained("DescribeChangeSet"):
            answer = self._client.describe_change_set(ChangeSetName=asked.name, StackName=self._stack)
            answer.setdefault("Changes", [])
            page = answer
            while token := page.get("NextToken"):
                page = self._client.describe_change_set(
                    ChangeSetName=asked.name, StackName=self._stack, NextToken=token
                )
                answer["Changes"] += page["Changes"]
        return answer

    def _explained(self, action: str) -> AbstractContextManager[None]:
        return explained(action, self._stack, self._client.meta.region_name)
