"""A stack, a change set and their events as data, read from CloudFormation's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flashgen.errors import Refused

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ChangeTypeDef, StackEventTypeDef, StackTypeDef

#: A change set was made for a stack that does not exist yet.
IN_REVIEW: Final = "REVIEW_IN_PROGRESS"

_DONE: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
_ROLLED_BACK: Final = ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")
_BEYOND_REPAIR: Final = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it is. `outputs` are names and values, sorted."""

    name: str
    status: str
    reason: str = ""
    outputs: tuple[tuple[str, str], ...] = ()

    @property
    def is_moving(self) -> bool:
        """Whether something is being done to it right now."""
        return self.status.endswith("_IN_PROGRESS") and self.status != IN_REVIEW

    @property
    def is_done(self) -> bool:
        """Whether the last thing that was done to it went through."""
        return self.status in _DONE

    def check_takes_changes(self) -> None:
        """Raises Refused with the way out where CloudFormation would refuse a change set."""
        if self.is_moving:
            raise Refused(
                f"stack {self.name} is {self.status}: somebody is changing it right now",
                "wait for it, then run it again",
            )
        if self.status in _BEYOND_REPAIR:
            raise Refused(
                f"stack {self.name} is {self.status}: it could not be created, and takes no changes",
                f"remove what is left, `aws cloudformation delete-stack --stack-name {self.name}`, then run it again",
            )
        if self.status == "UPDATE_ROLLBACK_FAILED":
            raise Refused(
                f"stack {self.name} is {self.status}: its last update could not be undone",
                f"mend the cause, then `aws cloudformation continue-update-rollback --stack-name {self.name}`",
            )


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What will happen to one resource. `action` is Add, Modify, Remove, Import or Dynamic, as CloudFormation has it.

    `replacement` says whether a Modify makes a new one and removes the old: "True", "False" or "Conditional" (known
    only when it is carried out); empty for other actions. `policy_action` says what becomes of what is there: Delete,
    Retain or Snapshot, for replacements ReplaceAndDelete and so on; empty where CloudFormation does not say.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
    """

    action: str
    resource: str
    kind: str
    replacement: str = ""
    policy_action: str = ""

    @property
    def is_dangerous(self) -> bool:
        """Whether the resource that is there may be gone afterwards."""
        return self.action in ("Remove", "Dynamic") or self.replacement in ("True", "Conditional")


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What CloudFormation would do; `creates` tells whether the stack is new."""

    name: str
    creates: bool
    changes: tuple[ResourceChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One step of what is being done; `when` is aware, `reason` often empty."""

    identity: str
    when: datetime
    resource: str
    kind: str
    status: str
    reason: str

    @property
    def is_failure(self) -> bool:
        """Whether this is a cause, not one of the resources that were given up because of it."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()


def stack_of(answer: StackTypeDef) -> Stack:
    """From an entry of DescribeStacks."""
    outputs = {one.get("OutputKey", ""): one.get("OutputValue", "") for one in answer.get("Outputs", ())}
    return Stack(
        answer["StackName"], answer["StackStatus"], answer.get("StackStatusReason", ""), tuple(sorted(outputs.items()))
    )


def change_of(answer: ChangeTypeDef) -> ResourceChange:
    """From an entry of DescribeChangeSet."""
    change: Mapping[str, Any] = answer.get("ResourceChange", {})
    return ResourceChange(
        str(change.get("Action", "")),
        str(change.get("LogicalResourceId", "")),
        str(change.get("ResourceType", "")),
        str(change.get("Replacement", "")) if change.get("Action") == "Modify" else "",
        str(change.get("PolicyAction", "")),
    )


def event_of(answer: StackEventTypeDef) -> Event:
    """From an entry of DescribeStackEvents."""
    return Event(
        answer["EventId"],
        answer["Timestamp"],
        answer.get("LogicalResourceId", ""),
        answer.get("ResourceType", ""),
        str(answer.get("ResourceStatus", "")),
        " ".join(answer.get("ResourceStatusReason", "").split()),
    )
