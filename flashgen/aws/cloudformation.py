"""One stack of CloudFormation: read, propose, execute, follow. Nothing is done that was not proposed before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from flashgen.aws import errors as aws_errors
from flashgen.aws.change_sets import POLL_SECONDS, ChangeSets, explained
from flashgen.aws.clients import client_config
from flashgen.aws.stack import IN_REVIEW, ChangeSet, Event, Stack, event_of, stack_of
from flashgen.errors import NoAnswer, StoreError
from flashgen.hint import Hint, command_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


class CloudFormation:
    """The stack `name` in `region` (None: the one in AWS's own settings).

    `sleep` waits for some seconds. Every method may raise StoreError: AccessDenied with the action to allow, NoAnswer
    without an answer in time.
    """

    def __init__(self, name: str, region: str | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        import boto3

        self.name = name
        self._sleep = sleep
        with aws_errors.explained(f"stack {name}"):
            session = boto3.session.Session(region_name=region)
            self._client: CloudFormationClient = session.client("cloudformation", config=client_config())
        self.region = self._client.meta.region_name
        self._change_sets = ChangeSets(self._client, name, sleep)

    def read(self) -> Stack | None:
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

    def propose(self, template: str, name: str) -> ChangeSet | None:
        """Make a change set called `name` (letters, digits, hyphens) and wait for it; None when nothing changes.

        Raises Refused when the stack takes no changes now, or CloudFormation refuses these. Nothing is left of a change
        set that was not waited for to the end.
        """
        stack = self.read()
        if stack:
            stack.check_takes_changes()
        asked = ChangeSet(name, creates=stack is None or stack.status == IN_REVIEW)
        with self._discarded_on(NoAnswer, KeyboardInterrupt, asked=asked):
            self._change_sets.create(asked, template)
        with self._discarded_on(BaseException, asked=asked):
            changes = self._change_sets.changes(asked)
        if changes is None:
            self.discard(asked)
            return None
        return replace(asked, changes=changes)

    def discard(self, change_set: ChangeSet) -> None:
        """Forget a change set, and the empty stack that CloudFormation made to hold the first one.

        One that is still being made is waited for, half a minute at the most.
        """
        try:
            self._change_sets.delete(change_set)
        finally:
            stack = self.read() if change_set.creates else None
            if stack and stack.status == IN_REVIEW:
                with self._explained("DeleteStack"):
                    self._client.delete_stack(StackName=self.name)

    def execute(self, change_set: ChangeSet) -> str:
        """Let CloudFormation begin, and return the stack's newest event before that: where `follow` starts."""
        with self._explained("DescribeStackEvents"):
            events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        with self._explained("ExecuteChangeSet"):
            # The token makes a repeated request the same request, which is then not refused.
            self._client.execute_change_set(
                StackName=self.name, ChangeSetName=change_set.name, ClientRequestToken=change_set.name
            )
        return events[0]["EventId"] if events else ""

    def follow(self, newest: str, limit_seconds: float) -> Iterator[Event]:
        """Each event after `newest` as it comes, until the stack is at rest; a request without an answer is sent again.

        Raises NoAnswer after `limit_seconds`; CloudFormation goes on by itself then.
        """
        has_begun = False
        for _ in range(max(1, int(limit_seconds / POLL_SECONDS))):
            fresh, is_at_rest = self._progress(newest)
            yield from fresh
            newest, has_begun = (fresh[-1].identity, True) if fresh else (newest, has_begun)
            # Until the first event the status may still be the one from before.
            if has_begun and is_at_rest:
                return
            self._sleep(POLL_SECONDS)
        raise NoAnswer(
            f"stack {self.name}: not finished after {limit_seconds / 60:,.0f} min",
            Hint("look again with `", command_line("infra show"), "`"),
        )

    @contextmanager
    def _discarded_on(self, *kinds: type[BaseException], asked: ChangeSet) -> Iterator[None]:
        """Discard the change set on an error of these kinds, which is then raised, whether discarding worked or not."""
        try:
            yield
        except kinds:
            with suppress(StoreError):
                self.discard(asked)
            raise

    def _events_since(self, newest: str) -> list[Event]:
        """Oldest first. CloudFormation lists the newest first, and keeps every event of the stack's life."""
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

    def _progress(self, newest: str) -> tuple[list[Event], bool]:
        """The events after `newest`, and whether the stack is at rest. Without an answer it is not."""
        try:
            stack = self.read()
            return self._events_since(newest), not (stack and (stack.is_moving or stack.status == IN_REVIEW))
        except NoAnswer:
            return [], False

    def _explained(self, action: str) -> AbstractContextManager[None]:
        return explained(action, self.name, self.region)
