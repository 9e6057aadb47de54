"""`flashgen rotate`: a new random version for the pointer's name."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from flashgen.cli.options import command, sale_argument, yes_option
from flashgen.cli.session import Session
from flashgen.errors import Refused


@command("rotate")
@sale_argument
@yes_option
def rotate(session: Session, sale: str, yes: bool) -> dict[str, Any]:
    """Write a new random version into the YAML; the next push puts it."""
    from flashgen.cli.naming import new_version
    from flashgen.cli.runtime import open_control, open_header, read_pointer
    from flashgen.document.yaml_edit import replace_scalar
    from flashgen.page.output import replace_file
    from flashgen.unlock.control import NotPushed
    from flashgen.unlock.state import State

    header = open_header(session, sale)
    control = open_control(session, header)
    with contextlib.suppress(NotPushed):  # then nobody has a page that names the old version
        state = read_pointer(control).pointer.state.state
        if state is not State.SCHEDULED:
            raise Refused(f"{sale} is {state}: its version is rotated only while it is scheduled")
    path, version = session.project.sale_path(sale), new_version()
    session.note(f"{path}: version {header.unlock.version} becomes {version}; comments stay")
    session.confirm("go on?", yes)
    text = path.read_bytes().decode()
    replace_file(path, replace_scalar(text, ("unlock", "version"), version).encode())
    session.say(f"{sale}: rotated to {click.style(version, bold=True)}")
    session.next_step(f"flashgen push {sale}")
    return {"sale": sale, "from": header.unlock.version, "to": version, "changed": True}
