"""Which edits make a watch act."""

from __future__ import annotations

import threading
from pathlib import Path

from support.projects import write_sale

from flashgen.cli.file_watch import changes
from flashgen.cli.session import Session

QUIET_SECONDS = 0.8
"""Longer than the watch waits for a complete file, several times over."""


def test_what_an_editor_leaves_is_no_change(tmp_path: Path) -> None:
    """A lock, a backup, a swap file: the watch acts at the edit itself, and once."""
    path = write_sale(tmp_path)
    watch = changes(Session(project_folder=tmp_path))
    next(watch)
    edited = threading.Event()

    def edit() -> None:
        for name in ("._night.yaml", ".night.yaml.swp", "night.yaml~", "#night.yaml#", "4913"):
            (path.parent / name).write_text("x")
        (path.parent / ".#night.yaml").symlink_to("somebody@host.1")
        threading.Event().wait(QUIET_SECONDS)
        edited.set()
        path.write_text(path.read_text() + "# edited\n")

    editor = threading.Thread(target=edit)
    editor.start()
    next(watch)
    assert edited.is_set()
    editor.join()
