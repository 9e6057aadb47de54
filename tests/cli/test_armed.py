"""What happens to a sale while a verb waits for its moment, as its operator is told."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen

from flashgen.cli.progress import SlowNotice
from flashgen.cli.transition import flow
from flashgen.cli.transition.countdown import Countdown
from flashgen.errors import AccessDenied, StoreError
from flashgen.store import FolderStore, Headers
from flashgen.unlock.pointer import Pointer

Done = Callable[[Pointer], object]


def whole_now() -> datetime:
    """What a YAML can say."""
    return datetime.now(UTC).replace(microsecond=0)


def schedule(flashgen: Flashgen, project: Path, starts_at: datetime) -> None:
    """Move the start, and push."""
    path = project / "sale_configs" / "night.yaml"
    text = re.sub(r'(starts_at: )"[^"]*"', rf'\1"{starts_at.isoformat()}"', path.read_text())
    ends_at = starts_at + timedelta(hours=8)
    path.write_text(re.sub(r'(ends_at: )"[^"]*"', rf'\1"{ends_at.isoformat()}"', text))
    assert 0 == flashgen("push", "--yes", "--force").exit_code


def states(project: Path) -> list[str]:
    """Of each pointer there is, by its time; a forward's is none."""
    found = sorted((project / ".flashgen" / "store" / "night").glob("unlock.*.js"), key=lambda one: one.stat().st_mtime)
    facts: list[dict[str, Any]] = [
        json.loads(path.read_text().removeprefix("flashgen(").rstrip(")\n")) for path in found
    ]
    return [fact.get("state", "forward") for fact in facts]


@pytest.fixture
def while_armed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Done], None]:
    """Have something done after each tick."""

    def each_tick(act: Done) -> None:
        tick = Countdown.tick

        def act_too(self: Countdown, left: timedelta, pointer: Pointer, trouble: StoreError | None) -> None:
            tick(self, left, pointer, trouble)
            act(pointer)

        monkeypatch.setattr(Countdown, "tick", act_too)

    return each_tick


def once(act: Callable[[], object]) -> Done:
    """At the first tick only."""
    acts = [act]
    return lambda _: acts and acts.pop()()


def interrupt(_: Pointer) -> None:
    """Ctrl-C."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("is_old", [False, True])
def test_a_rotation_is_followed_where_the_yaml_tells(
    pushed: Flashgen, project: Path, while_armed: Callable[[Done], None], is_old: bool
) -> None:
    """Nobody may be there to start it again; but with a YAML of before nobody knows the order servers of today."""
    schedule(pushed, project, whole_now() + timedelta(minutes=1))  # time enough for two commands on a busy machine
    path = project / "sale_configs" / "night.yaml"
    old = path.read_text()

    def rotate() -> None:
        assert 0 == pushed("rotate", "night", "--yes").exit_code
        schedule(pushed, project, whole_now() + timedelta(seconds=2))
        if is_old:
            path.write_text(old)

    while_armed(once(rotate))
    run = pushed("go-live", "night", "--at", "start", "--late-ok", "--yes")
    assert "night was rotated while this waited, and nothing public was changed: reading the YAML again" in run.err
    assert ("this sale's YAML still names the old version" in run.err) == is_old
    assert (1 if is_old else 0) == run.exit_code
    assert {"forward", "scheduled" if is_old else "live"} == set(states(project))


def test_a_postponement_is_told_with_the_new_time(
    pushed: Flashgen, project: Path, while_armed: Callable[[Done], None]
) -> None:
    """And by whom; a SKU that a colleague has closed, too."""
    start = whole_now() + timedelta(minutes=1)  # time enough for two commands on a busy machine
    later = start + timedelta(hours=2)
    schedule(pushed, project, start)
    seen: list[Pointer] = []

    def postpone() -> None:
        schedule(pushed, project, later)
        assert 0 == pushed("sold-out", "night", "--sku", "MUG-1", "--yes").exit_code

    first = once(postpone)

    def act(pointer: Pointer) -> None:
        first(pointer)
        if pointer.state.closed and pointer.state.starts_at == later:
            seen.append(pointer)
        for thread in threading.enumerate():
            if seen and thread.name == "background":
                thread.join(60)  # names are read from the journal in the background
        if len(seen) > 3:
            raise KeyboardInterrupt

    while_armed(act)
    run = pushed("go-live", "night", "--at", "start", "--yes")
    assert (130, "scheduled") == (run.exit_code, *states(project))
    assert re.search(rf"meanwhile: the start was moved to {later:%Y-%m-%d %H:%M:%S} UTC, by tester", run.err)
    assert "meanwhile: MUG-1 closed, by tester" in run.err
    assert re.search(rf"night: scheduled → live at (\S+ )?{later:%H:%M:%S} UTC; Ctrl-C", run.err)


def test_what_is_not_today_is_counted_down_to_with_its_day(
    pushed: Flashgen, project: Path, while_armed: Callable[[Done], None]
) -> None:
    """In a unit's log, too, where `--json` is usual."""
    schedule(pushed, project, start := whole_now() + timedelta(days=2))
    while_armed(interrupt)
    run = pushed("go-live", "night", "--at", "start", "--yes", "--json")
    assert 130 == run.exit_code
    assert f"night: scheduled → live at {start:%Y-%m-%d %H:%M:%S} UTC; Ctrl-C" in run.err


@pytest.mark.parametrize(
    ("late_ok", "hint"), [((), "sign in; after T0 the same command needs --late-ok"), (("--late-ok",), "sign in")]
)
def test_what_is_refused_at_t0_says_what_stands_and_how_to_go_on(
    pushed: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch, late_ok: tuple[str, ...], hint: str
) -> None:
    """Credentials that expired while it waited."""
    schedule(pushed, project, whole_now() + timedelta(seconds=3))
    put = FolderStore.put

    def refuse(self: FolderStore, key: str, body: bytes, headers: Headers, **conditions: Any) -> str:
        if key.startswith("night/unlock."):
            raise AccessDenied("the credentials have expired", "sign in")
        return put(self, key, body, headers, **conditions)

    monkeypatch.setattr(FolderStore, "put", refuse)
    run = pushed("go-live", "night", "--at", "start", *late_ok, "--yes", "--json")
    (problem,) = run.document["problems"]
    assert (1, hint) == (run.exit_code, problem["hint"])
    assert "have expired; nothing public was changed: night is scheduled as before" in problem["message"]


def test_a_verb_at_once_says_that_it_waits_for_a_slow_store(pushed: Flashgen, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who hears nothing types it again."""
    put = FolderStore.put

    def slowly(self: FolderStore, key: str, body: bytes, headers: Headers, **conditions: Any) -> str:
        time.sleep(0.2)
        return put(self, key, body, headers, **conditions)

    monkeypatch.setattr(FolderStore, "put", slowly)
    monkeypatch.setattr(flow, "SlowNotice", partial(SlowNotice, patience_seconds=0.05))
    assert "still waiting for" in pushed("end", "night", "--yes").err
