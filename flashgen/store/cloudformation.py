"""One stack of CloudFormation: look, propose, carry out, follow. Nothing is done that was not proposed before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from flashgen.errors import AccessDenied, NoAnswer, Refused, StoreError
from flashgen.store.aws import account_error, botocore_error, client_config, one_line
from flashgen.store.stack_facts import IN_REVIEW, ChangeSet, Event, Stack, change_of, event_of, stack_of

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef

POLL_SECONDS: Final = 3.0
#: A change set is usually there within ten seconds.
PROPOSAL_LIMIT_SECONDS: Final = 180.0

#: How CloudFormation says that a template changes nothing: the change set has failed, with one of these reasons.
_NO_CHANGES: Final = ("didn't contain changes", "No updates are to be performed")


class CloudFormation:
    """A hand on the stack `name` in `region` (None: where AWS's own settings say).

    `sleep` waits for some seconds. Every method may raise StoreError: AccessDenied with the action to allow, NoAnswer
    when nothing came back in time.
    """

    def __init__(self, name: str, region: str | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        import boto3

        self.name = name
        self._sleep = sleep
        with self._explained(""):
            session = boto3.session.Session(region_name=region)
            self._client: CloudFormationClient = session.client("cloudformation", config=client_config())
        self.region = self._client.meta.region_name

    def look(self) -> Stack | None:
        """The stack as it is; None where there is none."""
        from botocore.exceptions import ClientError as Answered

        with self._explained("DescribeStacks"):
            try:
                answer = self._client.describe_stacks(StackName=self.name)
            except Answered as error:
                if "does not exist" in str(error):
                    return None
                raise
        return stack_of(answer["Stacks"][0])

    def template(self) -> Mapping[str, Any]:
        """The stack's present template; empty where it is not JSON."""
        with self._explained("GetTemplate"):
            # botocore parses JSON itself, and leaves YAML as text.
            body: object = self._client.get_template(StackName=self.name)["TemplateBody"]
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except ValueError:
                return {}
        return body if isinstance(body, dict) else {}

    def propose(self, template: str, proposal: str) -> ChangeSet | None:
        """Make a change set called `proposal` (letters, digits, hyphens) and wait for it; None when nothing changes.

        Raises Refused when the stack takes no changes now, and StoreError with the reason when the template is bad.
        """
        stack = self.look()
        if stack:
            stack.check_takes_changes()
        creates = stack is None or stack.status == IN_REVIEW
        with self._explained("CreateChangeSet"):
            made = self._client.create_change_set(
                StackName=self.name,
                ChangeSetName=proposal,
                ChangeSetType="CREATE" if creates else "UPDATE",
                TemplateBody=template,
                Capabilities=["CAPABILITY_IAM"],
            )
        return self._proposed(made["Id"], creates)

    def discard(self, change_set: ChangeSet) -> None:
        """Forget a change set, and the empty stack that CloudFormation made to hold the first one."""
        self._delete_change_set(change_set.identity)
        stack = self.look() if change_set.creates else None
        if stack and stack.status == IN_REVIEW:
            with self._explained("DeleteStack"):
                self._client.delete_stack(StackName=self.name)

    def execute(self, change_set: ChangeSet, limit_seconds: float) -> Iterator[Event]:
        """Carry a change set out: each event as it comes, until the stack stands still.

        Raises NoAnswer after `limit_seconds`; CloudFormation goes on by itself then.
        """
        newest = self._newest_event()
        with self._explained("ExecuteChangeSet"):
            self._client.execute_change_set(StackName=self.name, ChangeSetName=change_set.identity)
        has_begun = False
        for _ in range(max(1, int(limit_seconds / POLL_SECONDS))):
            stack = self.look()
            fresh = self._events_since(newest)
            yield from fresh
            newest, has_begun = (fresh[-1].identity, True) if fresh else (newest, has_begun)
            # Until the first event the stack may still look as it did before.
            if has_begun and not (stack and (stack.is_moving or stack.status == IN_REVIEW)):
                return
            self._sleep(POLL_SECONDS)
        raise NoAnswer(
            f"stack {self.name}: not finished after {limit_seconds / 60:,.0f} min; CloudFormation goes on by itself",
            "look again with `flashgen infra show`",
        )

    def _proposed(self, identity: str, creates: bool) -> ChangeSet | None:
        for _ in range(int(PROPOSAL_LIMIT_SECONDS / POLL_SECONDS)):
            answer = self._describe_change_set(identity)
            if answer["Status"] == "CREATE_COMPLETE":
                return ChangeSet(identity, creates, tuple(change_of(change) for change in answer["Changes"]))
            if answer["Status"] == "FAILED":
                self._check_unchanged(ChangeSet(identity, creates, ()), answer.get("StatusReason", ""))
                return None
            self._sleep(POLL_SECONDS)
        raise NoAnswer(f"stack {self.name}: no change set after {PROPOSAL_LIMIT_SECONDS:.0f} s", "run it again")

    def _check_unchanged(self, change_set: ChangeSet, reason: str) -> None:
        """A failed change set is discarded; Refused unless it failed for want of changes."""
        self.discard(change_set)
        if not any(words in reason for words in _NO_CHANGES):
            raise Refused(f"stack {self.name}: CloudFormation refuses the changes: {_line(reason)}")

    def _describe_change_set(self, identity: str) -> DescribeChangeSetOutputTypeDef:
        """With the changes of all pages."""
        with self._explained("DescribeChangeSet"):
            answer = self._client.describe_change_set(ChangeSetName=identity, StackName=self.name)
            answer.setdefault("Changes", [])
            page = answer
            while token := page.get("NextToken"):
                page = self._client.describe_change_set(ChangeSetName=identity, StackName=self.name, NextToken=token)
                answer["Changes"] += page["Changes"]
        return answer

    def _newest_event(self) -> str:
        with self._explained("DescribeStackEvents"):
            events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        return events[0]["EventId"] if events else ""

    def _events_since(self, newest: str) -> list[Event]:
        """Oldest first. CloudFormation tells the newest first, and keeps all of the stack's life."""
        found: list[Event] = []
        with self._explained("DescribeStackEvents"):
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self.name):
                fresh = [
                    event_of(event) for event in takewhile(lambda one: one["EventId"] != newest, page["StackEvents"])
                ]
                found += fresh
                if len(fresh) < len(page["StackEvents"]):
                    break
        return found[::-1]

    def _delete_change_set(self, identity: str) -> None:
        with self._explained("DeleteChangeSet"):
            self._client.delete_change_set(ChangeSetName=identity, StackName=self.name)

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError
        from botocore.exceptions import ClientError as Answered

        place = f"stack {self.name}"
        try:
            yield
        except Answered as error:
            raise _answered(place, action, error) from error
        except BotoCoreError as error:
            raise botocore_error(place, error) from error


def _answered(place: str, action: str, error: ClientError) -> StoreError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = str(error.response.get("Error", {}).get("Message", ""))
    if code in ("AccessDenied", "AccessDeniedException"):
        return AccessDenied(f"{place}: access denied: {_line(said)}", f"allow cloudformation:{action} on it")
    if code == "ValidationError" and said:
        return StoreError(f"{place}: {_line(said)}")
    return account_error(place, code) or StoreError(f"{place}: {one_line(error)}")


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
