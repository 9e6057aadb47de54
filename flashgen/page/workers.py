"""Spreads work over forked processes."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from flashgen.errors import Refused

Task = TypeVar("Task")
Result = TypeVar("Result")

_work: Callable[[Any], Any]
"""Workers inherit it by fork, because it may hold a whole sale and compiled templates, which cannot be pickled."""


def spread(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """The results of `work` for each task, in order, from up to `jobs` processes; with one job or task, from this one.

    Raises what `work` raises, and Refused if a process dies.
    """
    global _work
    workers = min(jobs, len(tasks))
    if workers < 2:
        yield from map(work, tasks)
        return
    _work = work
    gc.freeze()  # a collection in a worker would copy the memory that it shares with this process
    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(workers, fork, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
            yield from pool.map(_run, tasks)
    except BrokenProcessPool as broken:
        raise Refused("a process of the build died, perhaps for want of memory", "use fewer: --jobs 1") from broken


def _run(task: Any) -> Any:
    return _work(task)
