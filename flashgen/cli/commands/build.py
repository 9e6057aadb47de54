"""`flashgen build`: render; only what changed is written."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command, jobs_option, sales_argument
from flashgen.cli.session import Session
from flashgen.hint import command_line


@command("build")
@sales_argument
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder [default: build/].")
@click.option("--watch", is_flag=True, help="Build again at every change, until Ctrl-C.")
@jobs_option
def build(
    session: Session, sales: tuple[str, ...], output: Path | None, watch: bool, jobs: int | None
) -> dict[str, Any]:
    """Render pages and the unlock script; write only what changed."""
    from flashgen.cli.file_watch import repeat_on_change

    folder = (output or session.project.build_folder).resolve()
    if watch:
        repeat_on_change(session, lambda: _build(session, sales, folder, jobs))
    return _build(session, sales, folder, jobs)


def _build(session: Session, sales: tuple[str, ...], folder: Path, jobs: int | None) -> dict[str, Any]:
    from rich.filesize import decimal

    from flashgen.cli.release.build import build_all

    began = time.perf_counter()
    built = build_all(session, sales, folder, jobs)
    session.has_begun = True
    for one in built:
        session.say(
            f"{one.site.sale}: {one.pages:,} pages, {len(one.site.files):,} files, {one.written:,} written "
            f"({decimal(one.total_bytes)})"
        )
    seconds = round(time.perf_counter() - began, 3)
    session.note(f"built into {folder} in {seconds:.2f} s")
    session.next_step(command_line("push"))
    return {
        "pages": sum(one.pages for one in built),
        "files": sum(len(one.site.files) for one in built),
        "written": sum(one.written for one in built),
        "bytes": sum(one.total_bytes for one in built),
        "seconds": seconds,
    }
