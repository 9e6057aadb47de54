"""`flashgen audit`: who did what to a sale, from its journal, for a spreadsheet or another system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.hint import Hint, command_line


@command("audit")
@sale_argument
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; else stdout.")
@click.option("--format", "form", type=click.Choice(("csv", "json")), help="[default: as FILE's name says, else csv]")
def audit(session: Session, sale: str, output: Path | None, form: str | None) -> dict[str, Any]:
    """Write down who changed SALE, when, and from what to what, oldest first.

    Each record of the journal is a row, also of attempts that never became public (`written` is no). What cannot be
    read is named, and left out.
    """
    from flashgen.cli import audit as journal_audit
    from flashgen.cli.progress import SlowNotice
    from flashgen.cli.runtime import open_header, pointer_file
    from flashgen.errors import FlashgenError
    from flashgen.files import replace_file
    from flashgen.unlock import journal

    header = open_header(session, sale)
    file = pointer_file(session.store, header)
    damaged: list[FlashgenError] = []
    head: str | None = None
    with SlowNotice(session, file.store.url).for_an_answer():
        records = journal.read_readable(file.store, header.id, damaged.append)
        try:
            head = file.read().pointer.nonce
        except FlashgenError as trouble:
            if records:
                session.warn(f"which records became public is not known: {trouble.message}", trouble.hint)
    for one in sorted(damaged, key=lambda error: error.message):
        session.warn(f"left out: {one.message}", one.hint)
    rows = journal_audit.rows(records, head, header)
    if not rows:
        session.note(Hint(f"nothing was done to {sale} here yet: ", command_line(f"push {sale}")))
    is_json = (form or (output.suffix.lstrip(".") if output else "")) == "json"
    text = journal_audit.as_json(rows) if is_json else journal_audit.as_csv(rows)
    if output is None:
        session.say(text.rstrip("\r\n"))
        return {"sale": header.id, "unreadable": len(damaged), "records": journal_audit.documents(rows)}
    replace_file(output, text.encode())
    session.note(f"{len(rows)} records in {output}")
    return {"sale": header.id, "unreadable": len(damaged), "file": str(output), "count": len(rows)}
