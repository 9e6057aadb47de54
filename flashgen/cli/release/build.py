"""Building the sales of a command, which `build`, `plan`, `push` and `serve` do first."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from flashgen.cli.failure import problem_text
from flashgen.cli.progress import parts_progress
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput, Problem, Refused
from flashgen.page.build import Built, build_sale
from flashgen.page.host.local import write_host
from flashgen.page.site import Site, read_record


def default_jobs() -> int:
    """One process for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def build_all(session: Session, sales: Sequence[str], folder: Path, jobs: int | None, theme: str = "") -> list[Built]:
    """Build each sale, in its own theme if none is given.

    Raises InvalidInput with the problems of all sales, after the valid ones were built.
    """
    problems: list[Problem] = []
    built: list[Built] = []
    for path in session.project.sale_paths(sales):
        try:
            with parts_progress(session, path.stem) as report:
                project = session.project
                built.append(
                    build_sale(
                        *(path, project.root, folder, jobs or default_jobs(), report),
                        site_url=project.site_url,
                        trusted_themes=project.settings.trusted_themes,
                        theme=theme,
                    )
                )
        except InvalidInput as invalid:
            problems += invalid.problems
    if built:
        write_host(folder)
    print_warnings(session, (warning for one in built for warning in _warnings(one)))
    if problems:
        raise InvalidInput(problems)
    return built


def _warnings(built: Built) -> Iterator[Problem]:
    yield from built.warnings
    if built.loaded:
        from flashgen.cli.runtime import now
        from flashgen.sale.date_warnings import date_warnings

        yield from date_warnings(built.loaded, now())


def built_sites(session: Session, sales: Sequence[str]) -> list[Site]:
    """The sites in build/, without building. Raises Refused for a sale that has not been built."""
    sites = []
    for path in session.project.sale_paths(sales):
        record = read_record(session.project.build_folder, path.stem)
        if record is None:
            raise Refused(f"{path.stem} has not been built", f"flashgen build {path.stem}")
        sites.append(record[0])
    return sites


def print_warnings(session: Session, warnings: Iterable[Problem]) -> None:
    """Each with its place, on stderr."""
    for warning in warnings:
        session.alert(problem_text(warning, "warning"))
