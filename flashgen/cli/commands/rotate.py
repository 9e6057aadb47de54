"""`flashgen rotate`: a new random version for the pointer's name."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from flashgen.cli.options import command, sale_argument, yes_option
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.hint import command_line


@command("rotate")
@sale_argument
@yes_option
def rotate(session: Session, sale: str, yes: bool) -> dict[str, Any]:
    """Write a new random version into the YAML; the next push puts it."""
    from flashgen.cli.runtime import new_version, open_header, pointer_file, read_pointer
    from flashgen.document.yaml_edit import replace_scalar
    from flashgen.files import replace_file
    from flashgen.unlock.pointer_file import NotPushed
    from flashgen.unlock.state import State

    header = open_header(session, sale)
    with contextlib.suppress(NotPushed):  # then no page names the old version
        state = read_pointer(pointer_file(session.store, header)).pointer.state.state
        if state is not State.SCHEDULED:
            raise Refused(f"{sale} is {state}: its version is rotated only while it is scheduled")
    path, version = session.project.sale_path(sale), new_version()
    session.note(f"{path}: version {header.unlock.version} becomes {version}; comments stay")
    session.confirm("go on?", yes)
    text = path.read_bytes().decode()
    session.has_begun = True
    replace_file(path, replace_scalar(text, ("unlock", "version"), version).encode(), durable=True)
    session.say(f"{sale}: rotated to {click.style(version, bold=True)}")
    session.next_step(command_line(f"push {sale}"))
    return {"sale": sale, "from": header.unlock.version, "to": version, "changed": True}
