"""Who may do what, by the policies of the stack and by worse ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.crippled_store import CrippledStore
from support.examined import KEY, SALE, Stage
from support.iam import FILLED, filled, guard
from support.recording_store import RecordingStore
from support.stacks import plain, properties

from flashgen.doctor.examination import examine
from flashgen.finding import Level
from flashgen.store import Stored

Statements = list[dict[str, Any]]
EVERYTHING = FILLED["Bucket.Arn"]


def role(name: str) -> Statements:
    """Of a policy of the stack, with CloudFormation's functions carried out."""
    found: Statements = filled(properties(plain(), f"{name}Policy"))["PolicyDocument"]["Statement"]
    return found


def allowing(*patterns: str) -> Statements:
    """Read and delete all, write what fits."""
    others = ["s3:GetObject", "s3:ListBucket", "s3:DeleteObject"]
    written = [f"{EVERYTHING}/{pattern}" for pattern in patterns]
    return [
        {"Effect": "Allow", "Action": others, "Resource": f"{EVERYTHING}*"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": written},
    ]


def levels(stage: Stage) -> dict[str, Level]:
    """By check."""
    return {finding.check: finding.level for finding in stage.findings()}


def contents(stage: Stage) -> dict[str, Stored | None]:
    """All that the bucket holds."""
    return {entry.key: stage.s3.get(entry.key) for entry in stage.s3.list("")}


def as_role(stage: Stage, statements: Statements) -> RecordingStore:
    """Let doctor see the store with these permissions."""
    stage.store = store = RecordingStore(stage.s3, guard(statements))
    return store


@pytest.mark.parametrize(
    ("statements", "live", "push"),
    [
        (role("Deployer"), Level.PASS, Level.PASS),
        (role("GoLive"), Level.PASS, Level.WARN),
        (allowing("_flashgen/*"), Level.FAIL, Level.WARN),
        (allowing("_flashgen/*", "*.js"), Level.PASS, Level.WARN),
        (allowing("_flashgen/*", "*.js", "*.css"), Level.PASS, Level.WARN),
        (allowing("_flashgen/*", "*.js", "*.html"), Level.PASS, Level.WARN),
        (allowing("_flashgen/*", "*.html", "*.css"), Level.FAIL, Level.PASS),
        (allowing("*.html", "*.js", "*.css", "*.json"), Level.PASS, Level.PASS),
        (allowing("_flashgen/doctor/*", "*.html", "*.js", "*.css"), Level.FAIL, Level.WARN),
    ],
    ids=[
        *("deployer", "go-live", "private only", "no pages, no assets", "no pages", "no assets", "no pointer"),
        *("no scratch key", "no private files"),
    ],
)
def test_what_a_role_may_is_tried_where_it_counts(
    stage: Stage, statements: Statements, live: Level, push: Level
) -> None:
    """On the very objects, and nothing changes."""
    before = contents(stage)
    as_role(stage, statements)
    found = levels(stage)
    assert (live, push) == (found["may go live"], found["may push"])
    assert before == contents(stage)


def test_before_the_first_push_nothing_is_made(stage: Stage) -> None:
    """What is not there has no etag either."""
    stage.s3.delete([entry.key for entry in stage.s3.list("")])
    assert (Level.PASS, Level.PASS) == (levels(stage)["may go live"], levels(stage)["may push"])
    assert {} == contents(stage)


def test_who_opens_sales_needs_no_more(stage: Stage) -> None:
    """No failure: what the role may not do is told, and is not its work."""
    as_role(stage, role("GoLive"))
    found = stage.troubles()
    assert {Level.WARN} == {finding.level for finding in found}
    assert ["may push", "may delete", "store"] == [finding.check for finding in found]


def test_nothing_is_tried_where_conditions_may_be_ignored(stage: Stage) -> None:
    """Another server than S3, that does not let us find out."""
    store = as_role(stage, role("GoLive"))
    context = replace(stage.context(), bucket=None)
    found = {noted.finding.check: noted.finding for noted in examine(context)}
    assert (Level.WARN, "skipped, for `conditional writes` did not pass") == (
        found["may write"].level,
        found["may write"].message,
    )
    assert {"_flashgen/doctor/nonce"} == {key for verb, key in store.requests if verb == "put"}


def test_what_is_tried_on_would_stay_as_it_is(stage: Stage) -> None:
    """Should S3 ever ignore the condition: the pointer is written with its own bytes and headers."""
    stage.store = RecordingStore(CrippledStore(stage.s3, ignores=frozenset({"if_match"})), guard(role("GoLive")))
    before = {key: stage.s3.get(key) for key in (KEY, f"{SALE}/index.html")}
    levels(stage)
    assert before == {key: stage.s3.get(key) for key in before}
