"""What doctor says of a push agrees with what push and prune would do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.examined import REGION, SALE, Stage, write_yaml

from flashgen.doctor import sale
from flashgen.finding import Finding, Level
from flashgen.layout import manifest_key
from flashgen.release.manifest import HEADERS, PRUNE, Claim, read_manifest, render_manifest
from flashgen.store import S3Store

PUSH = f"{SALE}: push"


def _freeze(stage: Stage) -> Finding:
    context = stage.context()
    (header,) = context.headers
    (finding,) = sale.check_freeze(header, context)
    return finding


def _push_with_start_in(stage: Stage, starts_in: timedelta) -> None:
    """What the manifest says, while the YAML says thirty hours."""
    seen = read_manifest(stage.context().store, SALE).manifest
    assert seen.pointer
    moved = replace(seen, pointer=replace(seen.pointer, starts_at=stage.context().now + starts_in))
    stage.context().store.put(manifest_key(SALE), render_manifest(moved), HEADERS)


@pytest.mark.parametrize(
    ("pushed_in", "level", "message"),
    [
        (timedelta(minutes=10), Level.WARN, "pushes are closed until"),
        (timedelta(hours=2), Level.WARN, "pushes close in 1 h"),
        (timedelta(hours=50), Level.PASS, "pushes close in 29 h"),
    ],
)
def test_the_freeze_is_also_around_the_start_that_was_pushed(
    stage: Stage, pushed_in: timedelta, level: Level, message: str
) -> None:
    """A start that is moved in the YAML thaws nothing, as with push."""
    _push_with_start_in(stage, pushed_in)
    finding = _freeze(stage)
    assert level is finding.level
    assert finding.message.startswith(message)


def test_once_both_starts_are_over_it_says_so(stage: Stage) -> None:
    """And is content."""
    write_yaml(stage.root, stage.gate.url, starts_in=timedelta(hours=-5))
    _push_with_start_in(stage, timedelta(hours=-5))
    assert (Level.PASS, "over: pushes are open") == (_freeze(stage).level, _freeze(stage).message)


def test_without_a_store_nobody_knows_when_pushes_close(stage: Stage) -> None:
    """The start that was pushed lies there: it is skipped, and the store's failure is told once."""
    stage.store = S3Store("nowhere-to-be-found", region=REGION)
    (finding,) = [finding for finding in stage.findings() if finding.check == f"{SALE}: freeze"]
    assert (Level.WARN, True) == (finding.level, finding.message.startswith("skipped, for `store`"))


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        (PRUNE, "pam began to prune at 2026-", "`flashgen prune night`"),
        ("0123", "pam began a push at 2026-", "`flashgen push night --take-over`"),
    ],
)
def test_what_did_not_finish_is_called_what_it_is(stage: Stage, target: str, message: str, hint: str) -> None:
    """With the command that ends it."""
    store, context = stage.context().store, stage.context()
    seen = read_manifest(store, SALE).manifest
    claim = Claim("pam", datetime(2026, 11, 20, tzinfo=UTC), target, ())
    store.put(manifest_key(SALE), render_manifest(replace(seen, claim=claim)), HEADERS)
    (header,) = context.headers
    (finding,) = sale.check_push(header, context)
    assert (Level.FAIL, PUSH, True) == (finding.level, finding.check, finding.message.startswith(message))
    assert hint in finding.hint
