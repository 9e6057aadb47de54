"""How much the order gate takes: the tables in docs/gate-speed.md.

    python benchmarks/gate.py [flood] [forms] [orders] [memory]

Servers have one core, load comes from the other, over loopback; Redis runs beside the load. What is compared alternates
in one run, so that whatever else the machine does meets all of them. Files lie in a folder of --folder, whose disk
decides how fast orders are.

Needs wrk and redis-server (apt-get install wrk redis-server) and `pip install -e '.[dev,bench]'`. A quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "tests"))

from gate_servers import (  # noqa: E402
    LOAD_CORE,
    NO_LIMIT,
    Ours,
    Pair,
    Target,
    bare,
    baseline,
    flashgen_gate,
    get,
    let_in_baseline,
    request,
    write_requests,
)
from support.gate_process import Buyer  # noqa: E402
from support.redis_server import redis_server  # noqa: E402

CONNECTIONS = 64
ROUND_SECONDS = 3
FORGED = 1000
HOLDERS = 10_000
"""Buyers with a slot: as many as a server may have."""

PACE = 3200
"""Orders a second while their times are taken: 80 % of the 4,000 that are asked of the gate."""

MEMORY_REQUESTS = 1_000_000
LEG_SECONDS = 4
LEG_BUYERS = 1000

Result = dict[str, Any]
Rates = Mapping[str, Sequence[float]]
"""Requests a second in each round, by who served them."""


def main() -> None:
    """Measure what was asked for, and print it as it comes."""
    parts = {"flood": flood, "forms": forms, "orders": orders, "memory": memory}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="on the disk that counts")
    options = parser.parse_args()
    for program in ("wrk", "redis-server"):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            sys.exit(f"no {program} on the PATH: apt-get install {program}")
    os.sched_setaffinity(0, {LOAD_CORE})
    for name in options.parts or parts:
        with tempfile.TemporaryDirectory(prefix="gate-", dir=options.folder) as folder:
            print(f"\n## {name}", flush=True)
            parts[name](Path(folder), options.rounds)


def flood(folder: Path, rounds: int) -> None:
    """Everyone who comes finds nothing: a SKU that is sold out, then tokens that somebody made up."""
    with (
        redis_server(folder / "redis") as server,
        flashgen_gate(folder / "ours", storage=server.url, stock=1) as ours,
        baseline(server.url, stock=0) as theirs,
        bare() as least,
    ):
        Buyer(ours.url, ours.path).buy("LAMP")
        for target in (ours, theirs):
            _expect(target, 303)
        targets = (ours, theirs, least)
        _print_rates("sold out", _race(targets, rounds, lambda target: _same(target, folder)), ours)
        _print_rates("bad token", _race(targets, rounds, lambda target: _forged(target, folder)), ours)


def forms(folder: Path, rounds: int) -> None:
    """While stock lasts: new buyers all the time, then a mix of new ones, of pages loaded again, and of orders."""
    with (
        redis_server(folder / "redis", appendonly="yes") as server,
        flashgen_gate(folder / "ours", storage=server.url) as ours,
        baseline(server.url) as theirs,
    ):
        for target in (ours, theirs):
            _expect(target, 200)
        _print_rates("forms", _race((ours, theirs), rounds, lambda target: _same(target, folder)), ours)

        def mixed(target: Target) -> Path:
            pairs = target.let_in(HOLDERS) if isinstance(target, Ours) else let_in_baseline(server.url, HOLDERS)
            return _mixed(target, pairs, folder)

        _print_rates("mix", _race((ours, theirs), rounds, mixed), ours)


def orders(folder: Path, rounds: int) -> None:
    """Those who have a slot order, each once: as fast as they can, then at a steady pace below that."""
    print(f"fdatasync of 4 KiB: {_syncs(folder):.0f}/s")
    for name in STORAGES:
        with _gate_with(name, folder) as ours:
            rates = [HOLDERS / _ordered(ours, folder)["seconds"] for _ in range(rounds)]
            paced = [_ordered(ours, folder, PACE) for _ in range(rounds)]
            print(f"{name}: {statistics.median(rates):.0f}/s ({_span(rates)}); at {PACE}/s", end=" ")
            print(", ".join(_milliseconds(part, paced) for part in ("p50", "p99", "max")), flush=True)


STORAGES: Mapping[str, Mapping[str, str] | None] = {
    "sqlite": None,
    "redis-everysec": {"appendonly": "yes", "appendfsync": "everysec"},
    "redis-always": {"appendonly": "yes", "appendfsync": "always"},
}


def memory(folder: Path, _rounds: int) -> None:
    """A million requests of all kinds, in legs with connections of their own, and what the worker holds after each."""
    for name in ("sqlite", "redis-everysec"):
        with _gate_with(name, folder, slots=200) as ours:
            pid, asked = ours.worker(), 0
            print(f"{name}: requests, RSS in KiB, descriptors, threads")
            while asked < MEMORY_REQUESTS:
                asked += _leg(ours, folder, LEG_BUYERS)
                time.sleep(0.5)  # until its connections are closed
                print(asked, *_held(pid), sep=", ", flush=True)


@contextmanager
def _gate_with(name: str, folder: Path, slots: int = NO_LIMIT) -> Iterator[Ours]:
    """A gate with one of STORAGES."""
    kept = STORAGES[name]
    with ExitStack() as stack:
        url = "sqlite:gate.db" if kept is None else stack.enter_context(redis_server(folder / name, **kept)).url
        yield stack.enter_context(flashgen_gate(folder / f"gate-{name}", storage=url, slots=slots))


def _race(targets: Sequence[Target], rounds: int, requests: Callable[[Target], Path]) -> Rates:
    rates: dict[str, list[float]] = {target.name: [] for target in targets}
    for _ in range(rounds):
        for target in targets:
            result = _wrk(target, requests(target))
            rates[target.name].append(result["count"] / result["seconds"])
    return rates


def _wrk(target: Target, file: Path, seconds: int = ROUND_SECONDS, *, may_refuse: bool = False) -> Result:
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / "gate_load.lua"), target.url]
    done = subprocess.run([*words, "--", str(file)], capture_output=True, text=True, check=True)
    result: Result = json.loads(done.stdout.splitlines()[-1])
    if result["broken"] or (result["refused"] and not may_refuse):
        sys.exit(f"{target.name}: {result}")
    return result


def _same(target: Target, folder: Path) -> Path:
    return write_requests(folder / "requests", [request(target)])


def _forged(target: Target, folder: Path) -> Path:
    """Different tokens, each with a character of its signature replaced; the bare app has none."""
    chance, paths = Random(1), []
    for _ in range(FORGED):
        at = len(target.path) - chance.randrange(2, 40)
        other = chance.choice("abcdefgh".replace(target.path[at], ""))
        paths.append(f"{target.path[:at]}{other}{target.path[at + 1 :]}")
    return write_requests(folder / "requests", [request(target, path=path) for path in paths])


def _mixed(target: Target, pairs: Sequence[Pair], folder: Path) -> Path:
    """Of four requests two are new buyers, one loads their form again, one orders."""
    new = request(target)
    quads = ((new, request(target, pair=pair), new, request(target, "POST", pair=pair)) for pair in pairs)
    return write_requests(folder / "requests", [one for quad in quads for one in quad])


def _ordered(ours: Ours, folder: Path, rate: float = inf) -> Result:
    """What it took, in seconds, to accept an order of each of HOLDERS buyers, that come at a steady rate."""
    file = write_requests(folder / "requests", [request(ours, "POST", pair=pair) for pair in ours.let_in(HOLDERS)])
    before = ours.accepted()
    words = [sys.executable, str(HERE / "gate_pace.py"), ours.url, str(file), str(rate), str(CONNECTIONS)]
    result: Result = json.loads(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)
    if ours.accepted() - before != HOLDERS:
        sys.exit(f"{ours.accepted() - before} orders of {HOLDERS} buyers")
    return result


def _leg(ours: Ours, folder: Path, buyers: int) -> int:
    """Requests of all kinds, for some seconds, in connections of their own. How many there were."""
    forged = request(ours, path=f"{ours.path[:-3]}{'abc' if ours.path[-3:] != 'abc' else 'def'}")
    crowd = [request(ours), forged, request(ours, path="/readyz"), request(ours, path="/nothing")]
    requests = []
    for pair in ours.let_in(buyers):
        order, again = request(ours, "POST", pair=pair), request(ours, pair=pair)
        requests += [*crowd * 9, again, order, order, again]
    return int(_wrk(ours, write_requests(folder / "requests", requests), LEG_SECONDS, may_refuse=True)["count"])


def _held(pid: int) -> tuple[int, int, int]:
    """RSS in KiB, open descriptors, threads."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]), len(list(Path(f"/proc/{pid}/fd").iterdir())), int(status["Threads"])


def _syncs(folder: Path) -> float:
    """How often a second the disk below `folder` takes 4 KiB for good."""
    with (folder / "sync").open("wb") as file:
        begun, count = time.monotonic(), 0
        while (took := time.monotonic() - begun) < 1:
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            count += 1
    return count / took


def _expect(target: Target, status: int) -> None:
    found = get(target.url, f"{target.path}?sku=LAMP")[0]
    if found != status:
        sys.exit(f"{target.name} says {found}")


def _print_rates(name: str, rates: Rates, ours: Target) -> None:
    medians = {who: statistics.median(rounds) for who, rounds in rates.items()}
    for who, rounds in rates.items():
        ratios = [mine / other for mine, other in zip(rates[ours.name], rounds, strict=True)]
        ratio = "" if who == ours.name else f"; ours is {statistics.median(ratios):.2f} × that ({_span(ratios, 2)})"
        print(f"{name}, {who}: {medians[who]:.0f}/s ({_span(rounds)}){ratio}", flush=True)


def _milliseconds(part: str, results: Sequence[Result]) -> str:
    values = [result[part] * 1000 for result in results]
    return f"{part} {statistics.median(values):.1f} ms ({_span(values, 1)})"


def _span(values: Sequence[float], places: int = 0) -> str:
    return f"{min(values):.{places}f} to {max(values):.{places}f}"


if __name__ == "__main__":
    main()
