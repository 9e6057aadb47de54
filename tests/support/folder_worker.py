"""A process that writes to a folder store: `folder_worker.py VERB ROOT [ARGUMENT]`. It starts when ROOT/go is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from flashgen.errors import Conflict
from flashgen.store import FolderStore, Headers

KEY = "sale/page.html"
#: Body and headers belong together: each can be told from the other.
STATES = tuple((bytes([letter]) * 5000, Headers("text/plain", f"state-{chr(letter)}")) for letter in b"ABC")
#: One system call each; `os.mkdir` and `os.rmdir` too, though some of theirs fail.
STEPS = ("open", "os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "fcntl.flock")


def start(verb: str, root: Path, argument: str = "") -> subprocess.Popen[str]:
    """Run this file in a process of its own; its output can be read from `stdout`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, __file__, verb, str(root), argument]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def create(store: FolderStore, name: str) -> str:
    """Try to be the first; `won` or `lost`."""
    try:
        store.put(KEY, name.encode(), Headers("text/plain", name), if_absent=True)
    except Conflict:
        return "lost"
    return "won"


def hammer(store: FolderStore) -> None:
    """Write the states in turn, until killed, and remove them now and then."""
    for turn in count():
        body, headers = STATES[turn % len(STATES)]
        store.put(KEY, body, headers)
        if turn % 50 == 49:
            store.delete([KEY])


def die_at(step: int) -> None:
    """Kill this process, as `kill -9` does, just before a system call."""
    left = step

    def count_down(event: str, _: tuple[Any, ...]) -> None:
        nonlocal left
        if event in STEPS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count_down)


def main(verb: str, root: str, argument: str) -> None:
    """Do what is asked, and print what came of it."""
    store = FolderStore(Path(root))
    store.get(KEY)  # what Python imports at a first read is no step of a write
    if verb == "create":
        while not Path(root, "go").exists():
            time.sleep(0.001)
        print(create(store, argument))  # noqa: T201
    elif verb == "hammer":
        hammer(store)
    elif verb == "replace":
        die_at(int(argument))
        store.put(KEY, *STATES[1])
    elif verb == "delete":
        die_at(int(argument))
        store.delete([KEY])


if __name__ == "__main__":
    main(*sys.argv[1:])
