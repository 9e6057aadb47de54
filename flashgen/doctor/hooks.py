"""Hooks: what signs them can be read, and who is to be told is there. Nothing is sent; `flashgen hooks test` does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

from flashgen.doctor.context import DoctorContext
from flashgen.finding import Finding, Level
from flashgen.hint import command_line
from flashgen.hooks.delivery import ping


def check(name: str, context: DoctorContext) -> Iterator[Finding]:
    """One hook. That it cannot be reached is a warning, as no sale needs it.

    Raises FlashgenError if its secret or its URL cannot be read.
    """
    receiver = context.hooks[name]()
    if receiver.command:
        program = receiver.command[0]
        # As the system finds it from the project's folder: a name with a slash is a path.
        found = (receiver.folder / program).is_file() if "/" in program else bool(shutil.which(program))
        if not found:
            yield Finding(
                Level.WARN, name, f"there is no program {program} here", "correct its `command:`, or install it"
            )
        else:
            yield Finding(Level.PASS, name, f"{program} is there")
        return
    host = urlsplit(receiver.url.reveal()).hostname
    if trouble := ping(receiver):
        yield Finding(Level.WARN, name, f"{host}: {trouble}", command_line(f"hooks test {name}"))
    else:
        signed = f", and signed by {len(receiver.keys)} keys" if len(receiver.keys) > 1 else ""
        yield Finding(Level.PASS, name, f"{host} answers{signed}")
