"""Invariant 5 between real processes, on a folder."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

from support.go_live_worker import open_sale
from support.operators import bring, chain

from flashgen.store import FolderStore

MANY, FEW = 50, 8


def test_of_fifty_processes_one_goes_live(tmp_path: Path) -> None:
    """The others changed nothing, and know who did."""
    bring(FolderStore(tmp_path))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["support.go_live_worker"])
    with context.Manager() as manager, context.Pool(MANY) as pool:
        barrier = manager.Barrier(MANY)
        endings = dict(pool.starmap(open_sale, [(tmp_path, number, barrier) for number in range(MANY)], chunksize=1))
    (winner,) = [who for who, ending in endings.items() if ending == "changed"]
    assert {"changed", f"unchanged since {winner}", f"lost to {winner}"} >= set(endings.values())
    assert MANY == len(endings)
    assert [winner, "ops"] == [record.who for record in chain(FolderStore(tmp_path))]


def _flashgen(project: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "flashgen", "--json", *arguments]
    return subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=60)
    assert process.returncode in (0, 4), err
    return process.returncode, out


def test_of_eight_commands_one_goes_live(tmp_path: Path) -> None:
    """Exit 0 or 4, and one `changed: true`."""
    for arguments in (["new", "fair"], ["push", "fair", "--yes", "--force"]):
        assert 0 == _ended(_flashgen(tmp_path, *arguments))[0]
    commands = [_flashgen(tmp_path, "go-live", "fair", "--early", "--yes") for _ in range(FEW)]
    endings = [_ended(command) for command in commands]
    changed = [json.loads(out)["result"]["changed"] for code, out in endings if code == 0]
    assert 1 == changed.count(True)
