"""What `build`, `plan` and `push` have in common: they build first, show warnings, and may be limited to some sales."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from flashgen.cli.failure import problem_text
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput, Problem, Refused
from flashgen.page.build import Built, build_sale
from flashgen.page.site import Site, read_record


def default_jobs() -> int:
    """As many processes as this one may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def build_all(session: Session, sales: Sequence[str], folder: Path, jobs: int | None) -> list[Built]:
    """Build each sale; problems of all of them are raised together, after the others were built."""
    problems: list[Problem] = []
    built: list[Built] = []
    for path in session.project.sale_paths(sales):
        try:
            built.append(build_sale(path, session.project.root, folder, jobs or default_jobs()))
        except InvalidInput as invalid:
            problems += invalid.problems
    show_warnings(session, (warning for one in built for warning in one.warnings))
    if problems:
        raise InvalidInput(problems)
    return built


def built_sites(session: Session, sales: Sequence[str]) -> list[Site]:
    """What the last builds left, as it is."""
    sites = []
    for path in session.project.sale_paths(sales):
        record = read_record(session.project.build_folder, path.stem)
        if record is None:
            raise Refused(f"{path.stem} has not been built", f"flashgen build {path.stem}")
        sites.append(record[0])
    return sites


def show_warnings(session: Session, warnings: Iterable[Problem]) -> None:
    """Each with its place, on stderr."""
    for warning in warnings:
        session.note(problem_text(warning, "warning"))
