"""S3-compatible stores: one that ignores conditions is refused before anything there is written."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen
from support.fault_proxy import refusal
from support.moto_server import moto_s3
from support.projects import write_sale
from support.quirky_s3 import Quirk, QuirkyS3, quirky_s3
from support.rclone import rclone_s3
from support.s3_server import BUCKET, S3Server

from flashgen.gate.mark.storage_mark import StorageMark, update
from flashgen.gate.storage.sqlite.storage import SqliteStorage
from flashgen.store import S3Store
from flashgen.unlock.pointer import pointer_key

ODD = Quirk.WEAK_ETAGS | Quirk.MD5_FOR_MULTI_DELETE | Quirk.DENIES_THE_MISSING | Quirk.SLOW_DOWN_EVERYTHING
SCRATCH = f"/{BUCKET}/_flashgen/doctor/"


def use(project: Path, url: str) -> None:
    """A project whose default target is the bucket at that endpoint."""
    write_sale(project)
    target = (
        f"  odd: {{store: 's3://{BUCKET}', region: eu-central-1, endpoint_url: '{url}', url: 'https://a.example'}}\n"
    )
    (project / "secret").write_text("x" * 40)
    (project / "secret").chmod(0o600)
    (project / "flashgen.yaml").write_text(f"default_target: odd\nsecret: file:secret\ntargets:\n{target}")


@pytest.mark.usefixtures("aws_credentials")
def test_a_push_into_a_store_that_ignores_conditions_is_refused(
    project: Path, tmp_path: Path, flashgen: Flashgen
) -> None:
    """Nothing is left there, and go-live finds nothing to open."""
    with rclone_s3(tmp_path / "rclone") as server:
        use(project, server.url)
        assert 0 == flashgen("build").exit_code
        run = flashgen("push", "--yes")
        expected = f"error: s3://{BUCKET} at {server.url}: the store ignores If-None-Match and ignores If-Match"
        assert (1, expected) == (run.exit_code, run.err[: len(expected)])
        assert "hint: choose a store that honours conditional writes" in run.err
        assert [] == list(S3Store(BUCKET, endpoint_url=server.url).list(""))
        run = flashgen("go-live", "night", "--early", "--yes")
        assert 1 == run.exit_code
        assert [] == list(S3Store(BUCKET, endpoint_url=server.url).list(""))


def probes(proxy: QuirkyS3) -> int:
    """How many requests tried conditions."""
    return sum(request.startswith(f"PUT {SCRATCH}") for request in proxy.asked)


@pytest.mark.usefixtures("aws_credentials")
def test_conditions_are_tried_once_for_a_server(project: Path, flashgen: Flashgen) -> None:
    """It is in the manifest; another server with a copy of the bucket is tried again."""
    with moto_s3() as server, quirky_s3(server.url, Quirk(0)) as one, quirky_s3(server.url, Quirk(0)) as two:
        for proxy, expected in ((one, 5), (one, 5), (two, 5)):
            use(project, proxy.url)
            path = project / "sale_configs" / "night.yaml"
            path.write_text(path.read_text().replace("Lamp", f"Lamp {two.url == proxy.url} {len(one.asked)}"))
            assert 0 == flashgen("build").exit_code
            assert 0 == flashgen("push", "--yes").exit_code
            assert expected == probes(proxy)
            stored = S3Store(BUCKET, endpoint_url=server.url).get("_flashgen/night/manifest.json")
            assert stored
            assert proxy.url == json.loads(stored.body)["conditions_at"]


@pytest.mark.usefixtures("aws_credentials")
def test_a_sale_goes_its_way_on_an_odd_server(project: Path, flashgen: Flashgen) -> None:
    """Weak etags, 403 for what is missing, busy when a request comes first."""
    with moto_s3() as server, quirky_s3(server.url, ODD) as proxy:
        use(project, proxy.url)
        for line in ("build", "push --yes", "push --yes", "go-live night --early --yes", "pause night --yes"):
            run = flashgen(*line.split())
            assert 0 == run.exit_code, run.err
        pointer = S3Store(BUCKET, endpoint_url=server.url).get(pointer_key("night", "abcdefgh23"))
        assert pointer
        assert b'"state":"paused"' in pointer.body.replace(b": ", b":")


@pytest.fixture
def bucket(project: Path, flashgen: Flashgen, aws_credentials: None) -> Iterator[S3Server]:
    """A bucket with a sale, and a push that has tried its server; others hold copies of it."""
    with moto_s3() as server, quirky_s3(server.url, Quirk(0)) as proxy:
        use(project, proxy.url)
        assert 0 == flashgen("build").exit_code
        assert 0 == flashgen("push", "--yes").exit_code
        for line, probed in (("go-live night --early --yes", 5), ("pause night --yes", 5)):
            assert 0 == flashgen(*line.split()).exit_code
            assert probed == probes(proxy)  # those of the push
        yield server


def objects(server: S3Server) -> dict[str, str]:
    """Key to etag of all that is there."""
    return {entry.key: entry.etag for entry in S3Store(BUCKET, endpoint_url=server.url).list("")}


def test_nothing_begins_on_a_copy_that_ignores_conditions(bucket: S3Server, project: Path, flashgen: Flashgen) -> None:
    """Not even the journal is written. A gate has its sale by a condition alone; the port keeps it from going on."""
    lines = ("resume night --yes", "sold-out night --yes", "end night --yes", "rollback night --to 1 --yes")
    with closing(SqliteStorage(project / "begun.db", "sqlite:begun.db")) as storage:
        storage.begin("night")
        mark = StorageMark(storage.version("night").id, storage.url, 0)
    update(S3Store(BUCKET, endpoint_url=bucket.url), "night", lambda _: mark, lambda _: None)
    with quirky_s3(bucket.url, Quirk.NO_CONDITIONS) as proxy, socket.create_server(("127.0.0.1", 0)) as taken:
        use(project, proxy.url)
        before = objects(bucket)
        gate = f"gate serve night --new-storage --port {taken.getsockname()[1]}"
        (project / "orders.csv").write_text("id,sku\n")
        book = "gate reconcile night --orders orders.csv --storage sqlite:begun.db --yes"
        others = "gate move night --storage sqlite:other.db --yes", "host remove night --yes", book
        for line in (*lines, gate, *others):
            run = flashgen(*line.split())
            assert (1, before) == (run.exit_code, objects(bucket)), line
            expected = f"error: s3://{BUCKET} at {proxy.url}: the store ignores If-None-Match and ignores If-Match"
            assert expected in run.err, line


def test_another_server_is_tried_before_a_transition_begins(
    bucket: S3Server, project: Path, flashgen: Flashgen
) -> None:
    """Of all that is public the pointer alone is written, as the last; a dry run writes nothing."""
    with quirky_s3(bucket.url, Quirk(0)) as proxy:
        use(project, proxy.url)
        assert 0 == flashgen("resume", "night", "--dry-run").exit_code
        assert [] == [request for request in proxy.asked if not request.startswith("GET ")]
        assert 0 == flashgen("resume", "night", "--yes").exit_code
        puts = [request.removeprefix(f"PUT /{BUCKET}/") for request in proxy.asked if request.startswith("PUT ")]
        assert ["_flashgen/doctor"] * 5 == [key.rpartition("/")[0] for key in puts[:5]]
        assert ["_flashgen/night/journal", "night"] == [key.rpartition("/")[0] for key in puts[5:]]
        assert [] == [key for key in objects(bucket) if key.startswith("_flashgen/doctor/")]


def test_a_transition_needs_neither_manifest_nor_scratch(bucket: S3Server, project: Path, flashgen: Flashgen) -> None:
    """Who may open a sale, and no more, is warned."""
    S3Store(BUCKET, endpoint_url=bucket.url).delete(["_flashgen/night/manifest.json"])
    with quirky_s3(bucket.url, Quirk(0)) as proxy:
        use(project, proxy.url)
        answer = proxy.answer

        def deny(command: str, path: str, headers: dict[str, str], body: bytes) -> Any:
            is_scratch = path.startswith(SCRATCH)
            return refusal(403, "AccessDenied") if is_scratch else answer(command, path, headers, body)

        proxy.answer = deny  # type: ignore[method-assign]
        run = flashgen("resume", "night", "--yes")
        assert 0 == run.exit_code, run.err
        assert f"warning: whether {proxy.url} honours conditional writes was not tried: s3://" in run.err
