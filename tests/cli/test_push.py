"""A push as its operator sees it: the invalidation, and what is public when it stops in the middle."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from support.aws_process import Aws, aws_process
from support.command import Flashgen
from support.edges import Edges
from support.projects import finish, start, write_feed, write_sale
from support.shop import Shop, plan_for, push_of
from support.waiting import wait_until

from flashgen.cli.release import push
from flashgen.cli.release.push import Pushed, stop_report
from flashgen.errors import AccessDenied, LostRace, StoreError
from flashgen.layout import manifest_key
from flashgen.project import Project, find_project
from flashgen.release.manifest import HEADERS, PRUNE, Claim, read_manifest, render_manifest
from flashgen.release.manifest_claim import LAST_REQUEST_SECONDS
from flashgen.release.plan import Wave
from flashgen.release.push import Invalidation
from flashgen.store import MemoryStore, Store

PUSH = ("push", "--target", "production", "--yes")
MANY = 400
"""Enough products for a push that can be met in the middle."""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    """S3 and CloudFront."""
    with aws_process() as aws:
        yield aws


@pytest.fixture
def aws(cloud: Aws, project: Path, aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The same, with an empty bucket where the project's `production` goes; the project has one sale, `night`."""
    bucket = cloud.empty_bucket(f"flash-{time.monotonic_ns()}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", cloud.url)
    lines = (f"store: s3://{bucket}", f"endpoint_url: {cloud.url}", f"distribution: {cloud.distribution}")
    text = "".join(f"    {line}\n" for line in lines)
    (project / "flashgen.yaml").write_text(f"targets:\n  production:\n{text}", encoding="utf-8")
    write_sale(project)
    return cloud


def _store(project: Path, target: str = "production") -> Store:
    return find_project(project, exactly=True).store(target)


def test_what_changed_is_invalidated_and_reported(aws: Aws, project: Path, flashgen: Flashgen) -> None:
    """All of the sale at first, then the pages that changed, then nothing."""
    before = len(aws.invalidated())
    assert f"night: /night/* invalidated at CloudFront {aws.distribution}\n" in flashgen(*PUSH).out
    write_sale(project, title="Later")
    assert f"night: 13 paths invalidated at CloudFront {aws.distribution}\n" in flashgen(*PUSH).out
    assert 0 == flashgen(*PUSH).exit_code
    everything, root, pages, root_again = aws.invalidated()[before:]
    assert ("/night/*",) == everything
    assert {"/", "/index.html", "/404.html"} <= set(root) & set(root_again)
    assert {"/night/", "/night/index.html", "/night/lamp/", "/night/ended/index.html"} <= set(pages)


def test_pages_last_a_day_where_they_are_invalidated(aws: Aws, project: Path, flashgen: Flashgen) -> None:
    """And a minute elsewhere, from the same build."""
    assert [0, 0] == [flashgen(*PUSH).exit_code, flashgen("push", "--yes").exit_code]
    seconds = {"production": "s-maxage=86400", "local": "s-maxage=60"}
    for target, expected in seconds.items():
        stored = _store(project, target).get("night/index.html")
        assert stored
        assert expected in stored.headers.cache_control.split(", ")
    assert flashgen("plan", "--target", "production", "--json").result["is_noop"]


def test_a_change_of_headers_alone_is_planned_and_pushed(aws: Aws, project: Path, flashgen: Flashgen) -> None:
    """Every page for that reason, and nothing else."""
    assert 0 == flashgen(*PUSH).exit_code
    with (project / "flashgen.yaml").open("a", encoding="utf-8") as settings:
        settings.write("    page_cache_control: public, max-age=30, s-maxage=600\n")
    changes = flashgen("plan", "--target", "production", "--json").result["changes"]
    assert {("update", "headers: cache-control")} == {(one["op"], one["reason"]) for one in changes}
    assert 11 == len(changes)
    assert "13 paths invalidated" in flashgen(*PUSH).out
    stored = _store(project).get("night/lamp/index.html")
    assert stored
    assert "public, max-age=30, s-maxage=600" == stored.headers.cache_control


def test_a_failed_invalidation_stops_the_push(
    aws: Aws, project: Path, flashgen: Flashgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the manifest: the same command finishes it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:9")
    stopped = flashgen(*PUSH)
    assert 1 == stopped.exit_code
    assert "the new pages are in the store, and edges may show old ones until it is told" in stopped.err
    assert "push again" in stopped.err
    assert "the public gets the new pages, whole, as soon as an edge asks for them" in stopped.err
    assert read_manifest(_store(project), "night").manifest.claim
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", aws.url)
    assert 0 == flashgen(*PUSH).exit_code
    assert read_manifest(_store(project), "night").manifest.claim is None


class _Silent(Edges):
    """Edges that will not say how far they are."""

    def is_done(self, invalidation: str) -> bool:
        """See `Cdn.is_done`."""
        raise AccessDenied("edges: access denied", "allow cloudfront:GetInvalidation on it")


@pytest.mark.parametrize(
    ("edges", "why"),
    [
        (Edges(done_after=10**6), "it is not done after 0 s"),
        (_Silent(), "edges: access denied (allow cloudfront:GetInvalidation on it)"),
    ],
    ids=["slow", "silent"],
)
def test_edges_that_cannot_be_waited_for_are_a_warning(
    edges: Edges, why: str, pushed: Flashgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done is done: exit 0, and the invalidation's id to look it up."""
    monkeypatch.setattr(push, "publish", partial(push.publish, limit_seconds=0.0))
    monkeypatch.setattr(Project, "cdn", lambda project, name: edges)
    path = Path("sale_configs/night.yaml")
    path.write_text(path.read_text("utf-8").replace("title: ", "title: Late "), encoding="utf-8")
    run = pushed("push", "--yes")
    assert 0 == run.exit_code
    assert "warning: night: pushed, and edges was told, invalidation flashgen-" in run.err
    assert why in run.err


def _claim(project: Path, who: str, when: datetime, target: str) -> None:
    """Claim the manifest in the local store as another operator."""
    store = _store(project, "local")
    manifest = read_manifest(store, "night").manifest
    claimed = replace(manifest, claim=Claim(who, when, target, ()))
    store.put(manifest_key("night"), render_manifest(claimed), HEADERS)


def test_a_push_that_died_and_left_nothing_to_do_is_shown_and_ended(pushed: Flashgen, project: Path) -> None:
    """Its claim would keep prune waiting for ever."""
    _claim(project, "bob", datetime(2026, 1, 1, tzinfo=UTC), "0123")
    run = pushed("plan")
    assert "bob began a push at 2026-01-01T00:00:00Z and has not finished it" in run.out
    assert "night: nothing to put; that push is brought to its end" in run.out
    assert "flashgen push" in run.err
    assert 4 == pushed("push", "--yes").exit_code
    assert 0 == pushed("push", "--yes", "--take-over").exit_code
    assert read_manifest(_store(project, "local"), "night").manifest.claim is None
    assert 0 == pushed("prune", "night").exit_code


@pytest.mark.parametrize(("target", "doing"), [("0123", "push"), (PRUNE, "prune")])
def test_a_take_over_says_why_it_takes_a_minute(
    target: str, doing: str, pushed: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is printed during the wait."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    write_sale(project, title="Later")
    _claim(project, "bob", datetime.now(UTC), target)
    run = pushed("push", "--yes", "--take-over")
    assert (0, LAST_REQUEST_SECONDS) == (run.exit_code, slept[0])
    assert f"night: waiting until bob's {doing} is surely at its end, about a minute" in run.err


def test_an_invalidation_as_json() -> None:
    """The keys are stable; without an invalidation there is null."""
    pushed = Pushed("fair", Invalidation("I1", ("/fair/",)), True)
    expected = {"id": "I1", "paths": ["/fair/"], "done": True}
    assert (expected, None) == (pushed.invalidation_json, Pushed("fair").invalidation_json)


STOPS: dict[str, tuple[Mapping[Wave, int], str, str]] = {
    "in the assets": (
        {Wave.ASSETS: 1},
        "assets 1 of 2, pages 0 of 3, sale page 0 of 1 are up",
        "the public gets the old pages, whole",
    ),
    "in the pages": (
        {Wave.ASSETS: 2, Wave.PAGES: 2},
        "assets 2 of 2, pages 2 of 3, sale page 0 of 1 are up",
        "the public gets whole pages: 2 of 4 are new, the others are as they were",
    ),
    "after the pages": (
        {Wave.ASSETS: 2, Wave.PAGES: 3, Wave.SALE_PAGE: 1},
        "assets 2 of 2, pages 3 of 3, sale page 1 of 1 are up",
        "the public gets the new pages, whole, as soon as an edge asks for them",
    ),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_stopped_push_says_what_is_live(stop: str, tmp_path: Path) -> None:
    """Of each wave how much is up, what the public gets, and the way on; of a lost race there is none."""
    reached, counts, seen = STOPS[stop]
    store = MemoryStore()
    push_of(Shop().build(tmp_path), store).run()
    site = Shop(text="bye", pages=("lamp", "mug", "rug"), assets=("one", "three", "four")).build(tmp_path)
    plan = plan_for(site, store)
    lines = [f"fair: the push stopped: {counts}", f"  {seen}"]
    stopped = list(stop_report(plan, reached, StoreError("no")))
    assert [*lines, "  now the same command again finishes it"] == stopped
    assert lines == list(stop_report(plan, reached, LostRace("bob")))


def test_before_a_first_push_there_is_nothing_to_see(tmp_path: Path) -> None:
    """And a push that never got its claim has nothing to say."""
    plan = plan_for(Shop().build(tmp_path), MemoryStore())
    assert "  the public gets no page yet" in stop_report(plan, {Wave.ASSETS: 0}, KeyboardInterrupt())
    some = list(stop_report(plan, {Wave.ASSETS: 2, Wave.PAGES: 1}, KeyboardInterrupt()))
    assert "  the public gets whole pages: 1 of 3 are new, the others are not there yet" in some
    assert [] == list(stop_report(plan, {}, StoreError("no")))


def _await_page(project: Path, process: subprocess.Popen[str]) -> None:
    """Until the process has put a page; it still has many to go."""
    store = _store(project)

    def has_a_page() -> bool:
        assert process.poll() is None
        return any(entry.key.endswith(".html") for entry in store.list("night/"))

    wait_until(has_a_page)


def test_ctrl_c_leaves_a_whole_site_and_the_same_command_goes_on(aws: Aws, project: Path, flashgen: Flashgen) -> None:
    """A real process and a real signal, in the middle of the pages."""
    write_feed(project, MANY)
    assert 0 == flashgen("build").exit_code
    process = start(project, *PUSH, "--no-build")
    _await_page(project, process)
    process.send_signal(signal.SIGINT)
    exit_code, _, err = finish(process)
    assert 130 == exit_code
    assert "error: interrupted" in err
    assert "the public gets whole pages: " in err
    assert "the same command again finishes it" in err
    store = _store(project)
    site = {path.relative_to(project / "build").as_posix() for path in (project / "build/night").rglob("*.*")}
    put = {entry.key for entry in store.list("night/")}
    assert {key for key in site if not key.endswith(".html")} <= put < site
    assert 0 == flashgen(*PUSH, "--no-build").exit_code
    assert site == {entry.key for entry in store.list("night/")}


def test_of_two_pushes_at_once_one_finishes(aws: Aws, project: Path, flashgen: Flashgen, tmp_path: Path) -> None:
    """The other exits 4 and says whose manifest it is."""
    other = tmp_path / "other"
    write_sale(other, title="Another")
    shutil.copy(project / "flashgen.yaml", other)
    write_feed(project, MANY)
    assert 0 == flashgen("build").exit_code
    winner = start(project, *PUSH, "--no-build", FLASHGEN_WHO="ann")
    _await_page(project, winner)
    loser = flashgen("--project", str(other), *PUSH, "--json")
    assert (0, 4) == (finish(winner)[0], loser.exit_code)
    assert {"winner": "ann", "changed": False} == loser.result
    assert "ann began another push of night" in loser.document["problems"][0]["message"]
    manifest = read_manifest(_store(project), "night").manifest
    assert ("ann", None) == (manifest.who, manifest.claim)
    assert f"night/thing-{MANY}/index.html" in manifest.objects
