"""The change sets of one stack: asked for, waited for, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Final

from flashgen.aws.errors import in_one_line
from flashgen.aws.stack_errors import NotNow, explained
from flashgen.aws.stack_facts import ChangeSet, ResourceChange, change_of
from flashgen.errors import NoAnswer, Refused

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef

POLL_SECONDS: Final = 3.0
#: A change set is usually there within ten seconds.
PROPOSAL_LIMIT_SECONDS: Final = 180.0
#: How often one that is still being made is tried to be deleted.
DELETE_TRIES: Final = 10
#: How CloudFormation says that a template changes nothing: the change set has failed, with one of these reasons.
_NO_CHANGES: Final = ("didn't contain changes", "No updates are to be performed")


class ChangeSets:
    """Of the stack called `stack`, which need not be there for the first one; `sleep` waits for some seconds."""

    def __init__(self, client: CloudFormationClient, stack: str, sleep: Callable[[float], None]) -> None:
        self._client, self._stack, self._sleep = client, stack, sleep

    def create(self, asked: ChangeSet, template: str) -> None:
        """Ask for it; it is not there yet then."""
        with self._explained("CreateChangeSet"):
            self._client.create_change_set(
                StackName=self._stack,
                ChangeSetName=asked.name,
                ChangeSetType="CREATE" if asked.creates else "UPDATE",
                TemplateBody=template,
                Capabilities=["CAPABILITY_IAM"],
            )

    def changes(self, asked: ChangeSet) -> tuple[ResourceChange, ...] | None:
        """Once they are known; None if there are none. Raises Refused with the reason where CloudFormation does."""
        for _ in range(int(PROPOSAL_LIMIT_SECONDS / POLL_SECONDS)):
            answer = self._describe(asked)
            if answer["Status"] == "CREATE_COMPLETE":
                return tuple(change_of(change) for change in answer["Changes"])
            if answer["Status"] == "FAILED":
                self._check_unchanged(answer.get("StatusReason", ""))
                return None
            self._sleep(POLL_SECONDS)
        raise NoAnswer(f"stack {self._stack}: no change set after {PROPOSAL_LIMIT_SECONDS:.0f} s", "run it again")

    def _check_unchanged(self, reason: str) -> None:
        """Why a change set failed: Refused unless it was for want of changes."""
        if not any(words in reason for words in _NO_CHANGES):
            raise Refused(f"stack {self._stack}: CloudFormation refuses the changes: {in_one_line(reason)}")

    def delete(self, change_set: ChangeSet) -> None:
        """Forget it; one that is still being made is waited for, half a minute at the most."""
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
