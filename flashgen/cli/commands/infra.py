"""`flashgen infra`: the stack of the sale's own bucket and CDN."""

from __future__ import annotations

from typing import Any

from flashgen.cli.options import command
from flashgen.cli.session import Session
from flashgen.errors import Refused


@command("infra")
def infra(session: Session) -> dict[str, Any]:
    """To be written."""
    raise Refused("not built yet")
