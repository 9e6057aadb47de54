"""`flashgen demo`: the whole life of the example sale on this machine, with shoppers."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError

if TYPE_CHECKING:
    from flashgen.rehearse.crowd import Crowd
    from flashgen.rehearse.shopper import Sight

EXAMPLE = "lantern-night"
OPENS_IN = timedelta(seconds=5)
LASTS = timedelta(minutes=10)
SHOPPERS = 12
SEEN_WITHIN_SECONDS = 20.0
"""Once a sale is open pages poll every 10 s, with jitter 12; the edge keeps an answer for 1 s."""

_SETTINGS = """\
# The demo's sale starts in a moment, so nothing is frozen around its start.
freeze: {before: 0s, after: 0s}
"""


@dataclass(frozen=True)
class Step:
    """A command, and what every shopper should then see (if anything)."""

    title: str
    line: str
    told: str = ""
    seen: Callable[[Sight], bool] | None = None


_BEFORE = (
    Step("check the sale", f"check {EXAMPLE}"),
    Step("render its pages", f"build {EXAMPLE}"),
    Step("put them into a store, here a folder", f"push {EXAMPLE} --yes"),
    Step("push again: there is nothing to do", f"push {EXAMPLE}"),
)

_DURING = (
    Step(
        "wait for the start, then open: one write",
        f"go-live {EXAMPLE} --at start --late-ok --yes",
        "saw the button open and have the order URL",
        lambda sight: sight.state == "open" and bool(sight.order_url),
    ),
    Step("opening twice changes nothing", f"go-live {EXAMPLE}"),
    Step(
        "one product is gone",
        f"sold-out {EXAMPLE} --sku LANTERN-L --yes",
        "saw it sold out",
        lambda sight: "LANTERN-L" in sight.gone,
    ),
    Step("it was a mistake: open it again", f"resume {EXAMPLE} --sku LANTERN-L --yes"),
    Step("now everything is gone", f"sold-out {EXAMPLE} --yes"),
    Step("the sale is over", f"end {EXAMPLE} --yes", "saw the end", lambda sight: sight.state == "ended"),
    Step("who did what, and when", f"status {EXAMPLE}"),
)


@command("demo")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Leave the project in this (new or empty) folder."
)
def demo(session: Session, keep: Path | None) -> dict[str, Any]:
    """Run the whole life of the example sale on this machine."""
    from flashgen.edge.app import Edge
    from flashgen.edge.serving import Serving
    from flashgen.rehearse.crowd import Crowd
    from flashgen.store.folder import FolderStore

    began = time.perf_counter()
    with _folder(keep) as folder:
        _write_project(folder)
        steps = [_run(session, folder, step) for step in _BEFORE]
        edge = Edge(FolderStore(folder / ".flashgen" / "store"))
        with Serving(edge) as serving:
            page = f"{serving.url}/{EXAMPLE}/"
            session.say(f"\n{SHOPPERS} shoppers open {click.style(page, underline=True)} and poll; so can you")
            with Crowd(page, SHOPPERS) as crowd:
                steps += [_run(session, folder, step, crowd) for step in _DURING]
    polls = {"shoppers": crowd.polls, "store": edge.origin.requests}
    seconds = round(time.perf_counter() - began, 1)
    session.say(f"\nthe shoppers asked {polls['shoppers']} times; {polls['store']} requests reached the store")
    session.say(f"the whole life of a sale in {seconds} s")
    if keep:
        session.say(f"the project is in {keep}")
    session.next_step("flashgen new my-sale")
    return {"steps": steps, "polls": polls, "seconds": seconds}


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="flashgen-demo-") as name:
            yield Path(name)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise click.UsageError(f"--keep {keep}: the folder is not empty")
    yield keep.resolve()


def _write_project(folder: Path) -> None:
    """The packaged example, with a start a few seconds from now."""
    from flashgen import timestamps
    from flashgen.cli.operating import now
    from flashgen.packaged import packaged
    from flashgen.sale.amend import replace_scalar

    shutil.copytree(packaged("sale_configs"), folder / "sale_configs")
    (folder / "flashgen.yaml").write_text(_SETTINGS, encoding="utf-8")
    sale = folder / "sale_configs" / f"{EXAMPLE}.yaml"
    starts_at = now() + OPENS_IN
    text = replace_scalar(sale.read_text(encoding="utf-8"), ("sale", "starts_at"), timestamps.to_text(starts_at))
    text = replace_scalar(text, ("sale", "ends_at"), timestamps.to_text(starts_at + LASTS))
    sale.write_text(text, encoding="utf-8")


def _run(session: Session, folder: Path, step: Step, crowd: Crowd | None = None) -> dict[str, Any]:
    session.say(f"\n{click.style(step.title, bold=True)}\n{click.style(f'$ flashgen {step.line}', fg='cyan')}")
    result = _command(session, folder, step.line)
    answer = {"command": f"flashgen {step.line}", "result": result}
    if crowd is None or step.seen is None:
        return answer
    written_at = time.time()
    delays = [max(0.0, at - written_at) for at in crowd.wait_until(step.seen, SEEN_WITHIN_SECONDS)]
    if len(delays) < SHOPPERS:
        raise FlashgenError(f"only {len(delays)} of {SHOPPERS} shoppers {step.told} within {SEEN_WITHIN_SECONDS:.0f} s")
    session.say(f"all {SHOPPERS} shoppers {step.told}, {delays[0]:.1f} to {delays[-1]:.1f} s after the write")
    return {**answer, "seen_after_seconds": [round(delay, 2) for delay in delays]}


def _command(session: Session, folder: Path, line: str) -> Any:
    """Run a command in this process, as typed. With `--json` its document is kept instead of printed."""
    from flashgen.cli.run import main

    arguments = [*line.split(), "--project", str(folder)]
    if not session.as_json:
        exit_code, result = main([*arguments, "--no-next"]), None
    else:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exit_code = main([*arguments, "--json", "--quiet"])
        result = json.loads(printed.getvalue())["result"]
    if exit_code:
        raise FlashgenError(f"`flashgen {line}` exited with {exit_code}", "look closer: flashgen demo --keep DIR")
    return result
