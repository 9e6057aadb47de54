"""`flashgen verify`, as typed: through the local edge, and through a real cache."""

from __future__ import annotations

import re
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from support.command import Flashgen
from support.http_origin import http_origin
from support.moto_server import make_public, moto_s3
from support.projects import store_of, write_feed
from support.varnish import varnish

from flashgen.edge.local.app import Edge
from flashgen.edge.local.preview_bar import script_tag
from flashgen.edge.local.serving import Serving
from flashgen.page.host.files import HOST_KEYS
from flashgen.page.preview import PreviewStore
from flashgen.page.site import Role, Site, read_record
from flashgen.store import Headers

GATE = "http://127.0.0.1:8090"


def settings(project: Path, url: str | None, **more: str) -> None:
    """A target `here` on the local store, seen at `url`."""
    facts = {"store": "dir:.flashgen/store", **({"url": url} if url else {}), **more}
    lines = "".join(f"    {name}: {value!r}\n" for name, value in facts.items())
    (project / "flashgen.yaml").write_text(f"default_target: here\ntargets:\n  here:\n{lines}", encoding="utf-8")


@pytest.fixture
def served(pushed: Flashgen, project: Path) -> Iterator[Flashgen]:
    """The pushed sale `night` behind the local edge, at the target's url."""
    with Serving(Edge(store_of(project), order_origins=[GATE])) as serving:
        settings(project, serving.url)
        yield pushed


OTHER_CHECKS = 7
"""Of what must not be seen, of addresses, of the pointer, and of what the gate reads, besides those of each file."""


def public_files(project: Path) -> list[str]:
    """The keys of the sale's files that people may get, without the pointer, and of those at the host's root."""
    record = read_record(project / "build", "night")
    assert record
    own = [file.key for file in record[0].files if file.role not in (Role.POINTER, Role.GATE, Role.FORM)]
    return [*own, *(key for key in HOST_KEYS if store_of(project).get(key))]


def levels(result: dict[str, Any], level: str) -> list[tuple[str, str]]:
    """Path and check of everything of a level."""
    url = result["url"]
    return [(each["url"].removeprefix(url), each["check"]) for each in result["checks"] if each["level"] == level]


def test_a_line_for_everything_and_a_sum(served: Flashgen, project: Path) -> None:
    """Aligned, with what the edge says of its copy, and what to do next."""
    passes = len(public_files(project)) + OTHER_CHECKS
    served("verify", "night")
    run = served("verify", "night", "-v")
    assert (0, "next: flashgen doctor night\n") == (run.exit_code, click.unstyle(run.err))
    *lines, last = run.out.splitlines()
    assert re.fullmatch(rf"night at http://127\.0\.0\.1:\d+: {passes} pass, no warnings, no failures", last)
    assert passes == len(lines)
    assert 1 == len({re.search(r"\S+: ", line).start() for line in lines})  # type: ignore[union-attr]
    (page,) = [line for line in lines if " /night/ " in line]
    assert re.fullmatch(r"  PASS  /night/ +page: [\d,]+ bytes, gzip [\d,]+  \(Age \d+ s, Hit from flashgen\)", page)


def test_the_document_has_each_check(served: Flashgen, project: Path) -> None:
    """With stable keys."""
    run = served("verify", "night", "--json")
    assert (0, True, "") == (run.exit_code, run.document["ok"], run.err)
    assert {"sale", "url", "checks", "counts"} == set(run.result)
    assert {"PASS": len(public_files(project)) + OTHER_CHECKS, "WARN": 0, "FAIL": 0} == run.result["counts"]
    for check in run.result["checks"]:
        assert ["level", "check", "url", "message", "hint", "age", "x_cache"] == list(check)
    (page,) = [check for check in run.result["checks"] if check["url"] == f"{run.result['url']}/night/"]
    assert ("page", None, "Miss from flashgen") == (page["check"], page["age"], page["x_cache"])


def test_a_failure_says_the_fix_and_exits_1(served: Flashgen, project: Path) -> None:
    """A page that somebody changed in the store, and one that is gone."""
    store, passes = store_of(project), len(public_files(project)) + OTHER_CHECKS
    found = store.get("night/index.html")
    assert found is not None
    store.put("night/index.html", found.body.replace(b"<main", b"<main "), found.headers)
    store.delete(["night/ended/index.html"])
    run = served("verify", "night")
    assert 1 == run.exit_code
    *_, first, first_fix, second, second_fix, last = run.out.splitlines()
    assert re.fullmatch(r"  FAIL  /night/ended/  status: expected 200, found 404  \(Error from flashgen\)", first)
    assert re.match(r"  FAIL  /night/  +body: expected sha256 [0-9a-f]{12}…, found [0-9a-f]{12}… of", second)
    assert "        fix: flashgen plan night --refresh" in first_fix
    assert second_fix.startswith("        fix: ")
    assert last.endswith(f"{passes - 2} pass, no warnings, 2 failures")
    assert 1 == served("verify", "night", "--json").exit_code


@pytest.fixture
def many(flashgen: Flashgen, project: Path) -> Flashgen:
    """The sale with 30 products, pushed."""
    write_feed(project, 30)
    for line in ("build", "push --yes"):
        assert 0 == flashgen(*line.split()).exit_code
    return flashgen


def test_a_long_list_of_what_passed_is_cut(many: Flashgen, project: Path) -> None:
    """-v shows all of it, -q none."""
    with Serving(Edge(store_of(project), order_origins=["https://order.example.com"])) as serving:
        settings(project, serving.url)
        run, verbose, quiet = (many("verify", "night", *more) for more in ((), ("-v",), ("-q",)))
    passes = verbose.out.count("PASS")
    assert 0 == verbose.out.count("more (-v")
    assert (20, 1) == (run.out.count("PASS"), run.out.count(f"… and {passes - 20} more (-v shows all)"))
    assert 1 == len(quiet.out.splitlines())


def test_the_same_fault_of_many_pages_is_one_row(many: Flashgen, project: Path) -> None:
    """-v names them all."""
    with Serving(Edge(store_of(project))) as serving:
        settings(project, serving.url)
        run, verbose = (many("verify", "night", *more) for more in ((), ("-v",)))
    (row,) = [line for line in run.out.splitlines() if "FAIL" in line]
    files = public_files(project)
    pages = [key for key in files if key.endswith("index.html")]
    assert f"/ and {len(pages) - 1} more" in row
    assert "keeps pages from asking the order server https://order.example.com" in row
    assert len(pages) == verbose.out.count("FAIL")
    passes = len(files) - len(pages) + OTHER_CHECKS
    assert run.out.splitlines()[-1].endswith(f"{passes} pass, no warnings, {len(pages)} failures")


def test_no_url_is_one_error(pushed: Flashgen, project: Path) -> None:
    """With the line to add."""
    settings(project, None)
    run = pushed("verify", "night")
    assert (1, "") == (run.exit_code, run.out)
    assert "target `here` has no `url:`" in run.err
    assert "flashgen.yaml" in run.err


def test_no_network_is_one_error(pushed: Flashgen, project: Path) -> None:
    """Whatever the number of pages."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings(project, f"http://127.0.0.1:{free.getsockname()[1]}")
    run = pushed("verify", "night", "--json")
    assert (1, False) == (run.exit_code, run.document["ok"])
    (problem,) = run.document["problems"]
    assert problem["message"].endswith("/night: no connection: connection refused")


def test_unknown_sales_and_sales_that_were_not_pushed_are_told(flashgen: Flashgen, project: Path) -> None:
    """Before anything is asked for."""
    flashgen("new", "night")
    settings(project, "http://127.0.0.1:9")
    assert "did you mean `night`?" in flashgen("verify", "nigth").err
    assert "flashgen push night" in flashgen("verify", "night").err


def test_a_preview_passes_with_a_word(pushed: Flashgen, project: Path) -> None:
    """`flashgen serve` is the edge of the local target."""
    record = read_record(project / "build", "night")
    assert record is not None

    def pointer(site: Site) -> bytes | None:
        stored = store_of(project).get(site.pointer_file.key)
        return stored.body if stored else None

    with Serving(Edge(PreviewStore([record[0]], pointer, script_tag(1)), order_origins=[GATE])) as serving:
        settings(project, serving.url)
        run = pushed("verify", "night", "--json")
    assert 0 == run.exit_code
    assert {"preview"} == {check for _, check in levels(run.result, "WARN")}


def test_a_header_only_change_is_planned_pushed_and_verified(pushed: Flashgen, project: Path) -> None:
    """Through the local edge; until that has the new headers, the old ones are found."""
    edge = Edge(store_of(project), order_origins=[GATE])
    with Serving(edge) as serving:
        settings(project, serving.url)
        assert 0 == pushed("verify", "night").exit_code
        settings(project, serving.url, page_cache_control="public, max-age=30, s-maxage=90")
        changes = pushed("plan", "--json").result["changes"]
        pages = {f"night/{name}index.html" for name in ("", "ended/", "waiting/", "blue-shirt/", "enamel-mug/")}
        pages |= {"night/calendar/night.ics", "index.html", "404.html", "robots.txt", "favicon.ico"}
        assert {(key, "headers: cache-control") for key in pages} == {(each["key"], each["reason"]) for each in changes}
        assert 10 == pushed("push", "--yes", "--json").result["uploaded"]
        before = pushed("verify", "night", "--json")
        edge.invalidate()
        after = pushed("verify", "night", "--json")
    assert 1 == before.exit_code
    assert {"stale"} == {check for _, check in levels(before.result, "FAIL")}
    assert 10 == len(levels(before.result, "FAIL"))
    assert (0, 0) == (after.exit_code, after.result["counts"]["FAIL"])


def test_the_same_behind_a_real_cache(pushed: Flashgen, project: Path) -> None:
    """Varnish sends no security headers: without a distribution that is a warning.

    An origin whose 304 is bare would leave the old Cache-Control on what the cache revalidates by its strong tag.
    """
    with (
        tempfile.TemporaryDirectory(prefix="vcl") as folder,
        http_origin(store_of(project), bare_304=False) as port,
        varnish(port, Path(folder)) as url,
    ):
        settings(project, url, page_cache_control="public, max-age=15, s-maxage=15")
        assert 0 == pushed("push", "--yes").exit_code
        first = pushed("verify", "night", "--json")
        settings(project, url, page_cache_control="public, max-age=1, s-maxage=1")
        assert 0 == pushed("push", "--yes").exit_code
        stale = pushed("verify", "night", "--json")
        time.sleep(15)
        second = pushed("verify", "night", "--json")
    assert (0, 1, 0) == (first.exit_code, stale.exit_code, second.exit_code)
    assert {"stale"} == {check for _, check in levels(stale.result, "FAIL")}
    headers = {"content-security-policy", "x-content-type-options", "referrer-policy"}
    assert {*headers, "x-now"} == {check for _, check in levels(second.result, "WARN")}
    assert {path for path, check in levels(second.result, "PASS") if check == "asset"}


def test_a_copy_of_before_a_hand_made_change_is_still_right(served: Flashgen, project: Path) -> None:
    """What counts is what shoppers get."""
    assert 0 == served("verify", "night").exit_code
    store_of(project).put("night/index.html", b"oops", Headers("text/html", ""))
    assert 0 == served("verify", "night").exit_code


@pytest.mark.usefixtures("aws_credentials")
def test_a_bucket_that_the_world_may_read_is_found(flashgen: Flashgen, project: Path) -> None:
    """A real cache in front of an S3-compatible server; a bucket policy that is right, then one that is too wide."""
    flashgen("new", "night")
    with tempfile.TemporaryDirectory(prefix="vcl") as folder, moto_s3() as server:
        port = int(server.url.rpartition(":")[2])
        with varnish(port, Path(folder), f"/{server.bucket}") as url:
            settings(project, url, store=f"s3://{server.bucket}", endpoint_url=server.url, region="eu-central-1")
            assert 0 == flashgen("push", "--yes").exit_code
            make_public(server, "night/*", *HOST_KEYS)
            right = flashgen("verify", "night", "--json")
            make_public(server, "*")
            time.sleep(1.1)  # the edge keeps an error for a second
            wide = flashgen("verify", "night", "--json")
    assert (0, 1) == (right.exit_code, wide.exit_code)
    private = {(f"/_flashgen/night/{name}.json", "private") for name in ("manifest", "gate")}
    assert private == set(levels(wide.result, "FAIL"))
