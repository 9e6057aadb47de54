"""flashgen as a process of its own: one command, and then it is gone."""

from __future__ import annotations

import atexit
import gc

from flashgen.cli.main import main

COLLECT_EVERY = 200_000
"""New objects from one collection to the next: go-live makes fewer. Python's own 700 has it collect 130 times."""


def run() -> int:
    """Run flashgen with the process's arguments and return its exit code."""
    gc.set_threshold(COLLECT_EVERY, 20, 20)
    # At exit Python looks for cycles in everything that was imported, only to free what goes with the process anyway.
    atexit.register(gc.freeze)
    return main()
