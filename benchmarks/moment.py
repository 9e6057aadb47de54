"""The minute around T0, measured: the table in docs/moment.md.

    python benchmarks/moment.py

A sale lies in a bucket of moto, a process of its own, behind two Varnishes with the behaviours of flashgen's
distribution; the second adds `x-now`, as the edge function does. `flashgen go-live` is run as a process, as typed.

- When the PUT of the pointer leaves: the clock is read when its bytes are handed to the socket, in that process.
- When pages open: page.js itself, run by node, polls over real connections; all share this machine's clock.
- What the store sees: Varnish counts what it fetches, while wrk asks for the pointer as fast as it can, for seconds.

Needs node, varnishd, varnishstat and wrk (apt-get install nodejs varnish wrk). About five minutes, most of it waiting;
whatever else the machine does in that time shows in the numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.aws_process import Aws, aws_process
from support.moto_server import make_public
from support.s3_server import S3Server
from support.varnish import varnish

from flashgen.packaged_files import packaged

HERE = Path(__file__).parent
X_NOW = """
sub vcl_deliver {
  if (req.url ~ "/unlock\\.[^/]*\\.js$") {
    set resp.http.x-now = regsub("" + std.time2real(now, 0.0), "\\.", "");
  }
}
"""
"""Milliseconds: Varnish writes a real number with three places."""

SENT = """
import socket, sys, time
from pathlib import Path

send = socket.socket.sendall

def noted(self, data, *rest):
    now = time.time()
    done = send(self, data, *rest)
    if bytes(data[:4]) == b"PUT " and b"/unlock." in bytes(data[:200]):
        Path(sys.argv[1]).write_text(repr(now))
    return done

socket.socket.sendall = noted
from flashgen.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
"""A `flashgen` that notes when the pointer's PUT was handed to the socket; arguments: a file for that, the command."""

SETTINGS = """\
default_target: production
secret: env:FLASHGEN_SECRET
targets:
  production: {{store: "s3://flash", endpoint_url: "{url}", region: eu-central-1}}
"""
ARM_SECONDS = 4
LOAD_SECONDS = 6
EXPIRED_AFTER_SECONDS = 3
SHORT_WAIT_SECONDS = 25
CONNECTIONS = 200


@dataclass(frozen=True)
class Edge:
    """A Varnish, and where it keeps its counters."""

    url: str
    folder: Path

    def counts(self) -> tuple[int, int]:
        """Requests of viewers, and those to the store, since it started."""
        fields = [word for name in ("client_req", "backend_req") for word in ("-f", f"MAIN.{name}")]
        done = subprocess.run(
            ["varnishstat", "-1", "-n", str(self.folder / "v"), *fields], capture_output=True, text=True, check=True
        )
        counted = {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines() if line}
        return counted["MAIN.client_req"], counted["MAIN.backend_req"]


@dataclass(frozen=True)
class Stage:
    """A project whose sale is pushed, and two edges before its bucket: a plain one, and one that sends `x-now`."""

    project: Path
    plain: Edge
    timed: Edge

    def run(self, line: str) -> float:
        """Run a command; when it handed the pointer's PUT to the socket, or 0.0."""
        note = self.project / "sent"
        note.unlink(missing_ok=True)
        command = [sys.executable, "-c", SENT, str(note), *line.split()]
        done = subprocess.run(command, cwd=self.project, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"flashgen {line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return float(note.read_text()) if note.exists() else 0.0

    def reschedule(self, t0: float) -> None:
        """Shut the sale, and have it start at `t0`."""
        path = self.project / "sale_configs" / "bench.yaml"
        text = re.sub(r'(starts_at: )"[^"]*"', rf'\1"{_text(t0)}"', path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        self.run("rollback bench --to 0 --yes")
        self.run("push bench --yes --force")


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="armed go-lives (20)")
    parser.add_argument("--pages", type=int, default=200, help="behind each edge (200)")
    parser.add_argument("--wait", type=int, default=75, help="seconds that pages wait for a sale with a lead (75)")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"
    for program in ("node", "varnishd", "varnishstat", "wrk"):
        if not shutil.which(program):
            sys.exit(f"no {program} on the PATH: apt-get install nodejs varnish wrk")
    with tempfile.TemporaryDirectory(prefix="m") as folder, _stage(Path(folder)) as stage:
        rows = [*_load(stage), *_leaving(stage, options.rounds)]
        rows += [*_without_lead(stage, options.pages), *_with_lead(stage, options.pages, options.wait)]
    print("\n".join(f"| {' | '.join(row)} |" for row in (("", "measured", "wanted"), ("---",) * 3, *rows)))


@contextmanager
def _stage(folder: Path) -> Iterator[Stage]:
    _set_environment(folder)
    plain, timed, project = folder / "p", folder / "t", folder / "project"
    for made in (plain, timed, project):
        made.mkdir()
    with aws_process() as aws:
        _push(project, aws)
        port = int(aws.url.rpartition(":")[2])
        with varnish(port, plain, "/flash") as one, varnish(port, timed, "/flash", X_NOW) as two:
            yield Stage(project, Edge(one, plain), Edge(two, timed))


def _set_environment(folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
    os.environ |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    os.environ |= {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ |= {"FLASHGEN_SECRET": "benchmark" * 8, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _push(project: Path, aws: Aws) -> None:
    make_public(S3Server(aws.url, aws.empty_bucket()), "bench/*")
    (project / "flashgen.yaml").write_text(SETTINGS.format(url=aws.url), encoding="utf-8")
    for line in ("new bench", "push bench --yes --force"):
        subprocess.run([sys.executable, "-m", "flashgen", *line.split()], cwd=project, check=True, capture_output=True)


def _load(stage: Stage) -> Iterator[Sequence[str]]:
    """The pointer under load: from the middle of its second, and on a copy that is too old."""
    edge = stage.plain
    version = re.search(r"version: (\w+)", (stage.project / "sale_configs" / "bench.yaml").read_text(encoding="utf-8"))
    url = f"{edge.url}/bench/unlock.{version[1] if version else ''}.js?random"
    _wrk(url, 1)
    viewers, fetched, passed = _counted(edge, url, LOAD_SECONDS)
    yield "requests/s that the edge answered", f"{viewers / passed:,.0f}", "≥ 2,000"
    yield "of these, requests/s to the store", f"{fetched / passed:.1f}", "≤ 2"
    time.sleep(EXPIRED_AFTER_SECONDS)
    _, fetched, _ = _counted(edge, url, 1)
    yield f"to the store in the second after {CONNECTIONS} viewers found an old copy", str(fetched), "≤ 2"


def _counted(edge: Edge, url: str, seconds: int) -> tuple[int, int, float]:
    before, began = edge.counts(), time.monotonic()
    _wrk(url, seconds)
    passed, after = time.monotonic() - began, edge.counts()
    return after[0] - before[0], after[1] - before[1], passed


def _wrk(url: str, seconds: int) -> None:
    subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url], check=True, capture_output=True)


def _leaving(stage: Stage, rounds: int) -> Iterator[Sequence[str]]:
    late = []
    for _ in range(rounds):
        t0 = ceil(time.time()) + ARM_SECONDS
        late.append(stage.run(f"go-live bench --at {_text(t0)} --early --yes") - t0)
        stage.run("rollback bench --to 0 --yes")
    measured = f"{statistics.median(late) * 1000:.2f} ms, {min(late) * 1000:.2f} to {max(late) * 1000:.2f} ms"
    yield f"the PUT leaves after T0: median, and all, of {rounds}", measured, "≤ 2 ms"


def _without_lead(stage: Stage, pages: int) -> Iterator[Sequence[str]]:
    sent, _, opened = _open(stage, pages, SHORT_WAIT_SECONDS, "", [stage.plain])
    yield f"{pages} pages open after the PUT: median, last", _spread(opened[0], sent), "≤ 3 s"


def _with_lead(stage: Stage, pages: int, wait: int) -> Iterator[Sequence[str]]:
    _, t0, opened = _open(stage, pages, wait, "--lead 10s", [stage.plain, stage.timed])
    plain, timed = opened
    yield f"{pages} pages open after T0, `--lead 10s`, `x-now`: median, last", _spread(timed, t0), "≤ 0.15 s"
    yield f"the same with `Date` + `Age` alone, after {wait} s: median, last", _spread(plain, t0), "≤ 0.6 s"


def _open(
    stage: Stage, pages: int, wait: int, lead: str, edges: Sequence[Edge]
) -> tuple[float, float, tuple[tuple[float, ...], ...]]:
    """When the PUT left, T0, and when the pages behind each edge opened; a page that never did counts as a minute."""
    t0 = ceil(time.time()) + wait
    stage.reschedule(t0)
    time.sleep(EXPIRED_AFTER_SECONDS)
    page_js = packaged("themes") / "plain" / "assets" / "page.js"
    urls = [edge.url for edge in edges]
    wanted = {"edges": urls, "page": "/bench/index.html", "pages": pages, "until": (t0 + 15) * 1000}
    command = ["node", str(HERE / "moment.mjs"), str(page_js), json.dumps(wanted)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
        sent = stage.run(f"go-live bench --at start {lead} --yes")
        opened = json.loads(crowd.communicate()[0])
    return sent, t0, tuple(tuple((at or (t0 + 60) * 1000) / 1000 for at in opened[url]) for url in urls)


def _spread(opened: Sequence[float], since: float) -> str:
    late = [at - since for at in opened]
    first = f"; first {min(late):.3f} s" if min(late) < 0 else ""
    return f"{statistics.median(late):.3f} s, {max(late):.3f} s{first}"


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


if __name__ == "__main__":
    main()
