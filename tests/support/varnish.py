"""A real cache in front of an origin on this machine: varnishd, with flashgen's behaviours written in its language."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

VCL = Path(__file__).parent.parent / "edge" / "edge.vcl"
START_SECONDS = 20


@contextmanager
def varnish(origin_port: int, folder: Path, origin_path: str = "", more: str = "") -> Iterator[str]:
    """Run it with an empty cache, and give its URL. `folder` is for its files; its path has to be short.

    Keys are below `origin_path` (`/bucket`) of a server on this machine. `more` is VCL that follows ours. Without
    Varnish the test is skipped, or fails where `CI` is set.
    """
    program = _program()
    vcl = folder / "edge.vcl"
    text = VCL.read_text(encoding="utf-8")
    text = text.replace("ORIGIN_PORT", str(origin_port)).replace("ORIGIN_PATH", origin_path)
    vcl.write_text(text + more, encoding="utf-8")
    port = _free_port()
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen(_command(program, port, vcl, folder), stdout=log, stderr=log)
        try:
            _await_start(process, port, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def _program() -> str:
    if found := shutil.which("varnishd", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found
    lacking = "no varnishd: `apt-get install varnish` (or brew) has it"
    if os.environ.get("CI"):
        pytest.fail(lacking)
    pytest.skip(lacking)


def _command(program: str, port: int, vcl: Path, folder: Path) -> list[str]:
    # No jail: there is no user to change to in a container. No management port.
    parameters = {"default_ttl": 86400, "default_grace": 0, "default_keep": 60}
    settings = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    place = ["-n", str(folder / "v"), "-a", f"127.0.0.1:{port}", "-T", "none", "-s", "malloc,64m"]
    return [program, "-j", "none", "-F", "-f", str(vcl), *place, *settings]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _await_start(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"varnishd did not start: {log.read_text(encoding='utf-8', errors='replace')}")
