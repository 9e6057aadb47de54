"""`infra apply` for the operator: what would change, loudest where something may be lost; then its progress."""

from __future__ import annotations

import json
import secrets
from typing import Any

import click

from flashgen.aws.cloudformation import CloudFormation
from flashgen.aws.stack import ChangeSet, Event, ResourceChange
from flashgen.cli.session import Session
from flashgen.edge.stack.template import options_of
from flashgen.errors import NoAnswer, StoreError
from flashgen.hint import Hint, command_line

#: What a sale cannot do without, and takes longer than a minute to make again.
IRREPLACEABLE = ("AWS::S3::Bucket", "AWS::CloudFront::Distribution")

_SIGNS = {"Add": ("+", "green"), "Modify": ("~", "yellow"), "Remove": ("-", "red")}
#: What becomes of the resource that is there, by CloudFormation's PolicyAction, or by its action where that is silent.
_FATES = {
    "Delete": "deleted",
    "Retain": "kept, but no longer part of the stack",
    "Snapshot": "deleted after a snapshot",
    "ReplaceAndDelete": "replaced by a new one and deleted",
    "ReplaceAndRetain": "replaced by a new one and kept outside of the stack",
    "ReplaceAndSnapshot": "replaced by a new one and deleted after a snapshot",
    "Remove": "deleted, unless its DeletionPolicy keeps it",
    "Modify": "replaced by a new one",
}


def apply_template(
    session: Session, stack: CloudFormation, body: str, limit_seconds: float, *, yes: bool
) -> dict[str, Any]:
    """Propose, show, ask, carry out, report; the result is for `--json`."""
    change_set = stack.propose(body, f"flashgen-{secrets.token_hex(6)}")
    if change_set is None:
        session.say(f"{stack.name}: nothing to do, the stack is as asked for")
        return _result(stack, changed=False)
    try:
        _show(session, stack, change_set, body)
        session.confirm(f"carry this out in {stack.region}?", yes)
    except BaseException:
        _discard(session, stack, change_set)
        raise
    _follow(session, stack, _begin(session, stack, change_set), limit_seconds)
    session.say(f"{stack.name}: {'made' if change_set.creates else 'changed'}")
    return _result(stack, changed=True, change_set=change_set)


def _show(session: Session, stack: CloudFormation, change_set: ChangeSet, body: str) -> None:
    verb = "a new stack" if change_set.creates else "changes to stack"
    session.note(f"{verb} {stack.name} in {stack.region}:")
    width = max((len(change.resource) for change in change_set.changes), default=0)
    for change in change_set.changes:
        sign, colour = _SIGNS.get(change.action, ("?", "red"))
        fate = f"  {click.style(_fate(change), fg='red', bold=True)}" if change.is_dangerous else ""
        session.note(f"  {click.style(sign, fg=colour, bold=True)} {change.resource:<{width}}  {change.kind}{fate}")
    if not change_set.changes:
        session.note("  no resource changes; outputs or options do")
    if not change_set.creates:
        before, after = options_of(stack.template()), options_of(json.loads(body))
        # One that was forgotten is easily overlooked.
        for name in sorted(name for name in {*before, *after} if before.get(name) != after.get(name)):
            session.warn(f"{name} was {before.get(name, 'not given')}, is now {after.get(name, 'not given')}")
    for change in change_set.changes:
        if change.is_dangerous and change.kind in IRREPLACEABLE:
            danger = click.style("danger:", fg="red", bold=True)
            session.note(f"{danger} the {change.resource.lower()} that shoppers see now is {_fate(change)}")


def _fate(change: ResourceChange) -> str:
    fate = _FATES.get(change.policy_action) or _FATES.get(change.action)
    if fate is None:
        return "perhaps gone: known only when it is carried out"
    return f"perhaps {fate}" if change.replacement == "Conditional" else fate


def _discard(session: Session, stack: CloudFormation, change_set: ChangeSet) -> None:
    """An error in discarding is a warning: it must not hide the error before it."""
    try:
        stack.discard(change_set)
    except StoreError as error:
        session.warn(f"the change set {change_set.name} is left: {error}")


def _begin(session: Session, stack: CloudFormation, change_set: ChangeSet) -> str:
    """Execute. What CloudFormation refuses is discarded; without an answer it may have begun, so nothing is."""
    session.has_begun = True
    try:
        return stack.execute(change_set)
    except (NoAnswer, KeyboardInterrupt):
        session.note(Hint("nobody knows whether CloudFormation has begun: ", command_line("infra show")))
        raise
    except StoreError:
        _discard(session, stack, change_set)
        raise


def _follow(session: Session, stack: CloudFormation, newest: str, limit_seconds: float) -> None:
    failures: list[Event] = []
    try:
        for event in stack.follow(newest, limit_seconds):
            _report(session, event)
            failures += [event] if event.is_failure else []
    except BaseException:
        session.note(Hint("no longer watched; CloudFormation goes on by itself: ", command_line("infra show")))
        raise
    now = stack.read()
    if now is None or not now.is_done:
        cause = "; ".join(f"{event.resource}: {event.reason or event.status}" for event in failures[:3])
        status = now.status if now else "gone"
        raise StoreError(
            f"stack {stack.name} is {status}{f': {cause}' if cause else ''}",
            "what was there before is as it was; mend the cause, then run it again",
        )


def _report(session: Session, event: Event) -> None:
    if session.as_json:
        return
    status = f"{event.status:<22}"
    if event.status.endswith("FAILED") or "ROLLBACK" in event.status:
        status = click.style(status, fg="red")
    reason = f"  {event.reason}" if event.reason else ""
    session.note(f"  {event.when.astimezone():%H:%M:%S}  {status} {event.resource}{reason}")


def _result(stack: CloudFormation, *, changed: bool, change_set: ChangeSet | None = None) -> dict[str, Any]:
    now = stack.read()
    return {
        "stack": stack.name,
        "region": stack.region,
        "status": now.status if now else None,
        "changed": changed,
        "changes": [
            {
                "action": change.action,
                "resource": change.resource,
                "type": change.kind,
                "replacement": change.replacement or None,
                "policy_action": change.policy_action or None,
            }
            for change in (change_set.changes if change_set else ())
        ],
        "outputs": dict(now.outputs) if now else {},
    }
