"""The minute around T0, by processes as an operator starts them, and through a real local edge."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen
from support.projects import finish, start

from flashgen.cli.transition import public_check
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.store import FolderStore
from flashgen.unlock import visibility

SOON = timedelta(seconds=5)
LONG_BEFORE = timedelta(minutes=10)


def whole_now() -> datetime:
    """What a YAML can say."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Night:
    """The sale `night`, pushed to the local target of the project in `root`."""

    root: Path
    flashgen: Flashgen

    @property
    def store(self) -> FolderStore:
        """What is public, and what is not."""
        return FolderStore(self.root / ".flashgen" / "store")

    @property
    def pointer(self) -> dict[str, Any]:
        """What pages read."""
        (path,) = (self.root / ".flashgen" / "store" / "night").glob("unlock.*.js")
        facts: dict[str, Any] = json.loads(path.read_text().removeprefix("flashgen(").rstrip(")\n"))
        return facts

    def schedule(self, starts_in: timedelta, lasts: timedelta = timedelta(hours=1)) -> datetime:
        """Move it, and push."""
        starts_at = whole_now() + starts_in
        path = self.root / "sale_configs" / "night.yaml"
        text = re.sub(r'(starts_at: )"[^"]*"', rf'\1"{starts_at.isoformat()}"', path.read_text())
        path.write_text(re.sub(r'(ends_at: )"[^"]*"', rf'\1"{(starts_at + lasts).isoformat()}"', text))
        assert 0 == self.flashgen("push", "--yes", "--force").exit_code
        return starts_at

    def seen_at(self, url: str | None) -> None:
        """Where the public sees it."""
        target = f"{{store: 'dir:.flashgen/store'{f', url: {url!r}' if url else ', url: null'}}}"
        (self.root / "flashgen.yaml").write_text(f"targets: {{local: {target}}}\n")

    def arm(self, *line: str) -> subprocess.Popen[str]:
        """A command in a process of its own, once it has said that it waits."""
        process = start(self.root, *line, "--yes")
        assert process.stderr
        deadline = time.monotonic() + 30
        said = ""
        while "Ctrl-C" not in said:
            assert select.select([process.stderr], [], [], max(0.0, deadline - time.monotonic()))[0], said
            said += os.read(process.stderr.fileno(), 4096).decode()
            assert process.poll() is None, said
        return process


@pytest.fixture
def night(pushed: Flashgen, project: Path) -> Night:
    """Pushed, and seen nowhere."""
    night = Night(project, pushed)
    night.seen_at(None)
    return night


def test_an_armed_go_live_opens_at_the_start(night: Night) -> None:
    """Not before; and it says how long after."""
    starts_at = night.schedule(SOON)
    armed = night.arm("go-live", "night", "--at", "start")
    assert "scheduled" == night.pointer["state"]
    assert starts_at > datetime.now(UTC)
    exit_code, out, _ = finish(armed)
    assert (0, "live") == (exit_code, night.pointer["state"])
    assert starts_at <= datetime.now(UTC)
    first, second = out.splitlines()
    assert "night is LIVE (scheduled → live, revision 2)" == first
    assert re.fullmatch(rf"  confirmed \d+ ms after {starts_at:%H:%M:%S} UTC", second)


def test_ctrl_c_before_t0_changes_nothing_public(night: Night) -> None:
    """Exit 130, and it says so; the next go-live works."""
    night.schedule(LONG_BEFORE)
    before = night.pointer
    armed = night.arm("go-live", "night", "--at", "start")
    armed.send_signal(signal.SIGINT)
    exit_code, out, err = finish(armed)
    assert (130, "", before) == (exit_code, out, night.pointer)
    assert "error: interrupted: nothing public was changed" in err
    assert 0 == night.flashgen("go-live", "night", "--early", "--yes").exit_code


def sleep_through(process: subprocess.Popen[str], starts_at: datetime) -> None:
    """A laptop that is shut, and opened 2.5 s after T0."""
    process.send_signal(signal.SIGSTOP)
    time.sleep((starts_at - datetime.now(UTC)).total_seconds() + 2.5)
    process.send_signal(signal.SIGCONT)


def test_who_slept_through_t0_changes_nothing(night: Night) -> None:
    """Exit 1, and the way to do it nevertheless."""
    starts_at = night.schedule(SOON)
    armed = night.arm("go-live", "night", "--at", "start")
    sleep_through(armed, starts_at)
    exit_code, _, err = finish(armed)
    assert (1, "scheduled") == (exit_code, night.pointer["state"])
    assert re.search(r"slept through that time: it was \d+ s ago; nothing public was changed", err)
    assert "--late-ok" in err


def test_with_late_ok_it_goes_on_at_once(night: Night) -> None:
    """And says that it was late."""
    starts_at = night.schedule(SOON)
    armed = night.arm("go-live", "night", "--at", "start", "--late-ok")
    sleep_through(armed, starts_at)
    exit_code, out, err = finish(armed)
    assert (0, "live") == (exit_code, night.pointer["state"])
    assert "slept through" in err
    assert re.search(r"confirmed \d s after", out)


def test_a_sale_that_ended_while_it_was_slept_through_stays_shut(night: Night) -> None:
    """Whatever is ok."""
    starts_at = night.schedule(SOON, timedelta(seconds=2))
    armed = night.arm("go-live", "night", "--at", "start", "--late-ok")
    sleep_through(armed, starts_at)
    exit_code, _, err = finish(armed)
    assert (1, "scheduled") == (exit_code, night.pointer["state"])
    assert "has ended since" in err


def test_a_go_live_that_is_begun_after_the_start_wants_late_ok(night: Night) -> None:
    """Also with a lead, which is no matter any more."""
    night.schedule(timedelta(minutes=-5))
    for more in ((), ("--lead", "10s")):
        run = night.flashgen("go-live", "night", "--at", "start", *more, "--yes")
        assert 1 == run.exit_code
        assert "that time passed 5 min" in run.err
    assert 0 == night.flashgen("go-live", "night", "--at", "start", "--lead", "10s", "--late-ok", "--yes").exit_code


def test_a_lead_ships_the_pointer_before_t0(night: Night) -> None:
    """At once, when there is less time left; pages open at the start."""
    starts_at = night.schedule(timedelta(seconds=30))
    run = night.flashgen("go-live", "night", "--lead", "60s", "--yes")
    assert (0, "live") == (run.exit_code, night.pointer["state"])
    assert starts_at > datetime.now(UTC)
    assert f"{starts_at:%Y-%m-%dT%H:%M:%SZ}" == night.pointer["opens_at"]
    assert f"pages open at {starts_at:%H:%M:%S} UTC" in run.out


@pytest.mark.parametrize("more", [(), ("--lead", "5m")])
def test_a_time_before_the_start_wants_early(night: Night, more: tuple[str, ...]) -> None:
    """A lead is no way around it: pages open at the time that is given."""
    night.schedule(LONG_BEFORE)
    at = (whole_now() + timedelta(minutes=5)).isoformat()
    run = night.flashgen("go-live", "night", "--at", at, *more, "--yes")
    assert 1 == run.exit_code
    assert "--early" in run.err


@pytest.mark.parametrize("more", [(), ("--lead", "10s"), ("--early",), ("--late-ok",)])
def test_there_is_nothing_to_open_at_the_end(night: Night, more: tuple[str, ...]) -> None:
    """Whatever is ok."""
    night.schedule(LONG_BEFORE)
    run = night.flashgen("go-live", "night", "--at", "end", *more, "--yes")
    assert 1 == run.exit_code
    assert "would open at its end, " in run.err


def test_a_sale_is_ended_at_its_end(night: Night) -> None:
    """Armed while it is live; what others do until then is no matter."""
    night.schedule(timedelta(0), timedelta(seconds=6))
    assert 0 == night.flashgen("go-live", "night", "--yes").exit_code
    armed = night.arm("end", "night", "--at", "end")
    assert 0 == night.flashgen("pause", "night", "--yes").exit_code
    exit_code, out, _ = finish(armed)
    assert (0, "ended") == (exit_code, night.pointer["state"])
    assert "night is ENDED (paused → ended, revision 4)" in out


VERBS = ["pause night", "resume night", "sold-out night --sku MUG-1", "end night", "rollback night --to 0"]


@pytest.mark.parametrize("line", VERBS)
def test_every_verb_takes_the_same_flags(night: Night, line: str) -> None:
    """A dry run with all of them says what would be, and writes nothing at all."""
    assert 0 == night.flashgen("go-live", "night", "--early", "--yes").exit_code
    if line.startswith("resume"):
        assert 0 == night.flashgen("pause", "night", "--yes").exit_code
    with Serving(Edge(night.store)) as serving:
        night.seen_at(serving.url)
        before = contents(night.root / ".flashgen")
        at = (whole_now() + LONG_BEFORE).isoformat()
        run = night.flashgen(*line.split(), "--at", at, "--late-ok", "--clock-ok", "--verify", "--dry-run", "--json")
    assert (0, False, None) == (run.exit_code, run.result["changed"], run.result["visible_at"])
    assert before == contents(night.root / ".flashgen")
    assert re.search(r"  at +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (9 min \d+ s|10 min)", run.err)


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def served(night: Night) -> Iterator[Night]:
    """Behind the local edge."""
    with Serving(Edge(night.store)) as serving:
        night.seen_at(serving.url)
        yield night


def test_verify_says_when_the_public_saw_it(served: Night) -> None:
    """Through the edge, which may keep the old one for a second."""
    run = served.flashgen("go-live", "night", "--early", "--yes", "--verify")
    assert 0 == run.exit_code
    assert re.search(r"^visible at http://\S+ \d\.\d s after the write$", run.out, re.MULTILINE)
    run = served.flashgen("pause", "night", "--yes", "--verify", "--json")
    assert (0, True) == (run.exit_code, run.document["ok"])
    assert run.result["written_at"] <= run.result["visible_at"]
    assert None is served.flashgen("resume", "night", "--yes", "--json").result["visible_at"]


def test_verify_of_what_is_so_already_looks_too(served: Night) -> None:
    """Nothing is written for it."""
    assert 0 == served.flashgen("go-live", "night", "--early", "--yes").exit_code
    run = served.flashgen("go-live", "night", "--early", "--verify", "--json")
    assert (0, False, True) == (run.exit_code, run.result["changed"], run.result["visible_at"] is not None)
    assert "looking for revision 1" in run.err
    assert "written" not in run.err


def test_verify_without_a_url_is_refused_before_anything_is_written(night: Night) -> None:
    """Nobody knows where to look."""
    before = contents(night.root / ".flashgen")
    run = night.flashgen("end", "night", "--yes", "--verify")
    assert 1 == run.exit_code
    assert "has no `url:`" in run.err
    assert before == contents(night.root / ".flashgen")


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner."""
    monkeypatch.setattr(visibility, "INVALIDATE_AFTER", timedelta(seconds=0.5))
    monkeypatch.setattr(visibility, "GIVE_UP_AFTER", timedelta(seconds=1))


@pytest.fixture
def misled(night: Night, quickly: None) -> Iterator[Night]:
    """Behind an edge that reads a copy of the store, as it was."""
    copy = FolderStore(night.root / "copy")
    for entry in night.store.list(""):
        found = night.store.get(entry.key)
        assert found
        copy.put(entry.key, found.body, found.headers)
    with Serving(Edge(copy)) as serving:
        night.seen_at(serving.url)
        yield night


def test_an_edge_that_never_shows_it_is_a_failure_and_the_write_stands(misled: Night) -> None:
    """With both revisions, and the document has what was done."""
    run = misled.flashgen("go-live", "night", "--early", "--yes", "--verify", "--json")
    assert (1, False, "live") == (run.exit_code, run.document["ok"], misled.pointer["state"])
    assert (True, 1, None) == (run.result["changed"], run.result["revision"], run.result["visible_at"])
    (problem,) = run.document["problems"]
    assert re.fullmatch(
        r"written at \S+Z, revision 1, but the edge still shows revision 0 \(.*Hit from flashgen\); the write stands",
        problem["message"],
    )
    assert "flashgen verify night" in problem["hint"]


def test_an_edge_that_is_fresh_and_wrong_is_rolled_back_on_demand(misled: Night) -> None:
    """The sale is as it was, and that is said."""
    run = misled.flashgen("go-live", "night", "--early", "--yes", "--rollback-on-failure", "--json")
    assert (1, "scheduled", 2) == (run.exit_code, misled.pointer["state"], misled.pointer["rev"])
    assert (True, True) == (run.result["changed"], run.result["rolled_back"])
    assert "rolled back: it is scheduled again (revision 2)" in run.document["problems"][0]["message"]


def test_what_another_operator_opened_is_not_rolled_back(misled: Night) -> None:
    """They may know better."""
    assert 0 == misled.flashgen("go-live", "night", "--early", "--yes").exit_code
    run = misled.flashgen("go-live", "night", "--early", "--yes", "--rollback-on-failure", "--json")
    assert (1, "live", False) == (run.exit_code, misled.pointer["state"], run.result["rolled_back"])


def test_what_another_operator_has_changed_since_is_not_rolled_back(
    misled: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause while we looked stays a pause."""
    await_visible = public_check.PublicCheck.await_visible

    def pause_meanwhile(self: public_check.PublicCheck, ours: Any) -> visibility.Visibility:
        finish(start(misled.root, "pause", "night", "--yes"))
        return await_visible(self, ours)

    monkeypatch.setattr(public_check.PublicCheck, "await_visible", pause_meanwhile)
    run = misled.flashgen("go-live", "night", "--early", "--yes", "--rollback-on-failure", "--json")
    assert (1, "paused", False) == (run.exit_code, misled.pointer["state"], run.result["rolled_back"])


def test_ones_own_bad_network_rolls_nothing_back(night: Night, quickly: None) -> None:
    """Nobody answers; the sale is open for everybody else."""
    with Serving(Edge(night.store)) as serving:
        night.seen_at(serving.url)
    run = night.flashgen("go-live", "night", "--early", "--yes", "--rollback-on-failure", "--json")
    assert (1, "live", False) == (run.exit_code, night.pointer["state"], run.result["rolled_back"])
    assert "the edge was not reached" in run.document["problems"][0]["message"]


@dataclass
class Forgetting:
    """A CDN in front of an edge that keeps the pointer for ever."""

    edge: Edge
    name: str = "cdn"
    told: tuple[tuple[str, ...], ...] = ()

    def invalidate(self, paths: Any, reference: str) -> str:
        """See `Cdn.invalidate`."""
        self.told += (tuple(paths),)
        for path in paths:
            self.edge.invalidate(path)
        return reference

    def is_done(self, invalidation: str) -> bool:
        """See `Cdn.is_done`."""
        return True


def test_an_edge_that_keeps_it_too_long_is_told_to_forget_it(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, the pointer alone; then it shows."""
    from flashgen.edge.rules.behaviour import Behaviour
    from flashgen.project import Project

    edge = Edge(night.store, behaviours=(Behaviour("*", 3600, 3600, 3600, is_polled=True),))
    cdn = Forgetting(edge)
    monkeypatch.setattr(Project, "cdn", lambda *_: cdn)
    monkeypatch.setattr(visibility, "INVALIDATE_AFTER", timedelta(seconds=0.5))
    with Serving(edge) as serving:
        target = f"{{store: 'dir:.flashgen/store', url: {serving.url!r}, distribution: E2EXAMPLE}}"
        (night.root / "flashgen.yaml").write_text(f"targets: {{local: {target}}}\n")
        run = night.flashgen("go-live", "night", "--early", "--yes", "--verify")
    assert 0 == run.exit_code, run.err
    ((path,),) = cdn.told
    assert re.fullmatch(r"/night/unlock\.\w+\.js", path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("go-live night --at start", True),
        ("go-live night --lead 10s", False),
        ("end night --at start", False),
    ],
)
def test_behind_a_cdn_it_is_said_how_late_pages_open(night: Night, line: str, told: bool) -> None:
    """By two tiers, each of which keeps the pointer for a second; not where a lead hides it."""
    target = "{store: 'dir:.flashgen/store', distribution: E2EXAMPLE}"
    (night.root / "flashgen.yaml").write_text(f"targets: {{local: {target}}}\n")
    run = night.flashgen(*line.split(), "--dry-run")
    assert 0 == run.exit_code, run.err
    said = "pages    open 1.5 s later in the median, 3.2 s at the latest"
    assert told == (said in run.err)


def test_help_shows_the_shared_flags(flashgen: Flashgen) -> None:
    """Of each verb, in one order."""
    shown = []
    for verb in ("go-live", "pause", "resume", "sold-out", "end", "rollback"):
        text = flashgen(verb, "--help").out
        shown.append(re.findall(r"^  (?:-y, )?--(at|late-ok|clock-ok|verify|dry-run|yes)\b", text, re.MULTILINE))
    assert [["at", "late-ok", "clock-ok", "verify", "dry-run", "yes"]] * 6 == shown
