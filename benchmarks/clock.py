"""How well a page knows the server's time after some polls: the first table in docs/clock.md.

    python benchmarks/clock.py

Pages at random phases poll once a second, as they do near the start of a sale, behind the local edge and behind
Varnish, and guess the time by page.js's own functions (run by node). Servers and pages are on one machine, so that its
clock tells the error of each guess. A run takes a minute.
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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.http_origin import http_origin  # noqa: E402  the tests' own origin and cache
from support.storefront import VERSION, pointer  # noqa: E402
from support.varnish import varnish  # noqa: E402

from flashgen.edge.local.app import Edge  # noqa: E402
from flashgen.edge.local.serving import Serving  # noqa: E402
from flashgen.packaged_files import packaged  # noqa: E402
from flashgen.store import MemoryStore  # noqa: E402
from flashgen.unlock.pointer import pointer_headers, pointer_key  # noqa: E402

POLLS = (1, 2, 5, 10, 30, 55)
KEY = pointer_key("fair", VERSION)

Behind = Mapping[str, Sequence[float]]
"""By number of polls (as text): how many seconds behind the server's time each page's guess was."""


@dataclass(frozen=True)
class Watched:
    """An edge that pages poll at `url`. The response header that `hides` names is kept from them."""

    name: str
    url: str
    hides: str = "none"


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=24, help="behind each edge (24)")
    parser.add_argument("--polls", type=int, nargs="+", default=POLLS, help="when to look at the guesses")
    options = parser.parse_args()
    for program in ("node", "varnishd"):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            sys.exit(f"no {program} on the PATH: apt-get install nodejs varnish")
    with _edges() as edges:
        print(_table(_measure(edges, options.pages, options.polls), options.polls))


@contextmanager
def _edges() -> Iterator[tuple[Watched, ...]]:
    store = MemoryStore()
    store.put(KEY, pointer(), pointer_headers(1))
    with (
        tempfile.TemporaryDirectory(prefix="vcl") as folder,
        Serving(Edge(store)) as ours,
        http_origin(store) as port,
        varnish(port, Path(folder)) as theirs,
    ):
        yield (
            Watched("`x-now`", f"{ours.url}/{KEY}"),
            Watched("`Date` + `Age`, local edge", f"{ours.url}/{KEY}", hides="x-now"),
            Watched("`Date` + `Age`, Varnish", f"{theirs}/{KEY}"),
        )


def _measure(edges: Sequence[Watched], pages: int, polls: Sequence[int]) -> Mapping[str, Behind]:
    page_js = packaged("themes") / "plain" / "assets" / "page.js"
    wanted = json.dumps({"edges": [asdict(edge) for edge in edges], "pages": pages, "polls": polls})
    command = ["node", str(HERE / "clock.mjs"), str(page_js), wanted]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured: dict[str, Behind] = json.loads(done.stdout)
    return measured


def _table(measured: Mapping[str, Behind], polls: Sequence[int]) -> str:
    """Markdown: a row for each number of polls, and one for the guess that was furthest ahead, at any time."""
    rows = [("polls", *measured), ("---:",) * (len(measured) + 1)]
    rows += [(str(poll), *(_median_and_worst(behind[str(poll)]) for behind in measured.values())) for poll in polls]
    rows.append(("ahead", *(_furthest_ahead(behind) for behind in measured.values())))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _median_and_worst(behind: Sequence[float]) -> str:
    return f"{_seconds(statistics.median(behind))}, {_seconds(max(behind, key=abs))}"


def _furthest_ahead(behind: Behind) -> str:
    ahead = -min(min(row) for row in behind.values())
    return _seconds(ahead) if ahead > 0 else "never"


def _seconds(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}"  # no -0.000


if __name__ == "__main__":
    main()
