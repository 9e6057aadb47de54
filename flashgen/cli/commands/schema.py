"""`flashgen schema`: the JSON Schema of a sale."""

from __future__ import annotations

import json
from typing import Any

import click

from flashgen.cli.options import command
from flashgen.cli.session import Session


@command("schema")
def schema(session: Session) -> dict[str, Any]:
    """Print the JSON Schema of a sale, for editors."""
    from flashgen.sale.schema import sale_schema

    document = sale_schema()
    if not session.as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    return document
