"""How long `flashgen go-live` takes as a process, beside `aws s3 cp` of the same file: a table in docs/moment.md.

    python benchmarks/go_live.py

Both write one object of under 1 KB into a bucket of the same server on this machine (moto, in a process of its own),
in turn: A B, B A, … Besides, go-live reads the YAML and the pointer, signs a token and writes a journal record. The
sale is rolled back in between, which is not timed. awscli is looked for on the PATH, or given by `--aws`. A minute.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.aws_process import Aws, aws_process

FLASHGEN = (sys.executable, "-m", "flashgen")
SETTINGS = """\
default_target: production
secret: env:FLASHGEN_SECRET
targets:
  production: {{store: "s3://flash", endpoint_url: "{url}", region: eu-central-1}}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took, in seconds: of processor time (user and system), and on the clock."""

    cpu: float
    wall: float


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aws", default=shutil.which("aws"), help="awscli's program (from the PATH)")
    parser.add_argument("--rounds", type=int, default=21, help="runs of each that count (21)")
    options = parser.parse_args()
    if not options.aws:
        sys.exit("no aws on the PATH: pip install awscli, or --aws PROGRAM")
    with tempfile.TemporaryDirectory() as folder, aws_process() as aws:
        environment = _environment(Path(folder))
        project, pointer = _pushed(Path(folder), aws, environment)
        copy = (options.aws, "--endpoint-url", aws.url, "s3", "cp", str(pointer), "s3://flash/copy.js")
        print(_table(_measure(project, copy, environment, options.rounds)))


def _environment(folder: Path) -> Mapping[str, str]:
    """Invented credentials; byte code of both is compiled once, as after an installation, and kept in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONDONT"))}
    invented = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
    return {
        **kept,
        **invented,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "FLASHGEN_SECRET": "benchmark" * 8,
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }


def _pushed(folder: Path, aws: Aws, environment: Mapping[str, str]) -> tuple[Path, Path]:
    """A project with a sale that was pushed, and a copy of its pointer."""
    project = folder / "project"
    project.mkdir()
    aws.empty_bucket()
    (project / "flashgen.yaml").write_text(SETTINGS.format(url=aws.url), encoding="utf-8")
    for line in ("new bench", "push bench --yes --force"):
        _run((*FLASHGEN, *line.split()), project, environment)
    version = re.search(r"version: (\w+)", (project / "sale_configs" / "bench.yaml").read_text(encoding="utf-8"))
    pointer = folder / "pointer.js"
    key = f"bench/unlock.{version[1] if version else ''}.js"
    pointer.write_bytes(aws.s3.get_object(Bucket="flash", Key=key)["Body"].read())
    return project, pointer


def _measure(
    project: Path, copy: Sequence[str], environment: Mapping[str, str], rounds: int
) -> Mapping[str, Sequence[Run]]:
    runs: dict[str, list[Run]] = {"flashgen go-live": [], "aws s3 cp": []}
    go_live = (*FLASHGEN, "go-live", "bench", "--early", "--yes")
    commands = [("flashgen go-live", go_live), ("aws s3 cp", copy)]
    for _ in range(rounds + 1):
        for name, command in commands:
            runs[name].append(_run(command, project, environment))
        _run((*FLASHGEN, "rollback", "bench", "--to", "0", "--yes"), project, environment)
        commands.reverse()
    return {name: taken[1:] for name, taken in runs.items()}  # the first compiles


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Run:
    with _stopped() as passed:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return passed[0]


@contextmanager
def _stopped() -> Iterator[list[Run]]:
    passed: list[Run] = []
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    yield passed
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    passed.append(Run(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall))


def _table(runs: Mapping[str, Sequence[Run]]) -> str:
    """Markdown: medians; the ratio is the median of the pairs' own."""
    rows = [("seconds, median", "processor", "clock"), ("---", "---:", "---:")]
    rows += [
        (f"`{name}`", _median(run.cpu for run in taken), _median(run.wall for run in taken))
        for name, taken in runs.items()
    ]
    pairs = list(zip(*runs.values(), strict=True))
    rows.append(
        (
            "ratio",
            _median(ours.cpu / theirs.cpu for ours, theirs in pairs),
            _median(ours.wall / theirs.wall for ours, theirs in pairs),
        )
    )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _median(values: Iterator[float]) -> str:
    return f"{statistics.median(values):.2f}"


if __name__ == "__main__":
    main()
