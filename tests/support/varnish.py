"""A real cache in front of an origin on this machine: varnishd, with flashgen's behaviours written in its language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.ports import free_port
from support.s3_server import lacking, running

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
    port = free_port()
    with running(_command(program, port, vcl, folder), port, folder / "log", START_SECONDS) as url:
        yield url


def _program() -> str:
    found = shutil.which("varnishd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        lacking("no varnishd: `apt-get install varnish` (or brew) has it")
    if shutil.which("gcc") is None:  # varnishd compiles its VCL with it
        lacking("no gcc, which varnishd needs: apt-get install gcc")
    return found


def _command(program: str, port: int, vcl: Path, folder: Path) -> list[str]:
    # No jail: there is no user to change to in a container. No management port.
    parameters = {"default_ttl": 86400, "default_grace": 0, "default_keep": 60}
    settings = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    place = ["-n", str(folder / "v"), "-a", f"127.0.0.1:{port}", "-T", "none", "-s", "malloc,64m"]
    return [program, "-j", "none", "-F", "-f", str(vcl), *place, *settings]
