"""Work shared among forked processes."""

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
Done = TypeVar("Done")

_work: Callable[[Any], Any]
"""Reaches the workers by fork, not by pickling: it may hold a whole sale and its compiled templates."""


def spread(work: Callable[[Task], Done], tasks: Sequence[Task], jobs: int) -> Iterator[Done]:
    """`work` done on each task, in order, by up to `jobs` processes; in this one where there is nothing to share.

    Raises what `work` raises, and Refused when a process dies.
    """
    global _work
    workers = min(jobs, len(tasks))
    if workers < 2:
        yield from map(work, tasks)
        return
    _work = work
    gc.freeze()  # a collection in a worker would copy every page of memory it shares with us
    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(workers, fork, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
            yield from pool.map(_do, tasks)
    except BrokenProcessPool as broken:
        raise Refused("a process of the build died, perhaps for want of memory", "use fewer: --jobs 1") from broken


def _do(task: Any) -> Any:
    return _work(task)
