"""`flashgen demo`: the whole life of the example sale on this machine."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError

EXAMPLE = "lantern-night"
OPENS_IN = timedelta(seconds=4)
LASTS = timedelta(minutes=10)

_SETTINGS = """\
# The demo's sale starts in a moment, so nothing is frozen around its start.
freeze: {before: 0s, after: 0s}
"""

_STEPS = (
    ("check the sale", f"check {EXAMPLE}"),
    ("render its pages", f"build {EXAMPLE}"),
    ("put them into a store, here a folder", f"push {EXAMPLE} --yes"),
    ("push again: there is nothing to do", f"push {EXAMPLE}"),
    ("before the sale, the pointer says", f"status {EXAMPLE}"),
    ("wait for the start, then open: one write", f"go-live {EXAMPLE} --at start --yes"),
    ("opening twice changes nothing", f"go-live {EXAMPLE}"),
    ("one product is gone", f"sold-out {EXAMPLE} --sku LANTERN-L --yes"),
    ("it was a mistake: open it again", f"resume {EXAMPLE} --sku LANTERN-L --yes"),
    ("now everything is gone", f"sold-out {EXAMPLE} --yes"),
    ("the sale is over", f"end {EXAMPLE} --yes"),
    ("who did what, and when", f"status {EXAMPLE}"),
)


@command("demo")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Leave the project in this (new or empty) folder."
)
def demo(session: Session, keep: Path | None) -> dict[str, Any]:
    """Run the whole life of the example sale on this machine."""
    began = time.perf_counter()
    with _folder(keep) as folder:
        _write_project(folder)
        steps = [_run(session, folder, number, *step) for number, step in enumerate(_STEPS, 1)]
    seconds = round(time.perf_counter() - began, 1)
    session.say(f"\nthe whole life of a sale in {seconds} s")
    if keep:
        session.say(f"the project is in {keep}")
    session.next_step("flashgen new my-sale")
    return {"steps": steps, "seconds": seconds}


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


def _run(session: Session, folder: Path, number: int, title: str, line: str) -> dict[str, Any]:
    from flashgen.cli.run import main

    arguments = [*line.split(), "--project", str(folder)]
    session.say(f"\n{click.style(f'{number}. {title}', bold=True)}\n{click.style(f'$ flashgen {line}', fg='cyan')}")
    if not session.as_json:
        exit_code, result = main([*arguments, "--no-next"]), None
    else:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exit_code = main([*arguments, "--json", "--quiet"])
        result = json.loads(printed.getvalue())["result"]
    if exit_code:
        raise FlashgenError(f"`flashgen {line}` exited with {exit_code}", "run it by hand: flashgen demo --keep DIR")
    return {"command": f"flashgen {line}", "exit_code": exit_code, "result": result}
