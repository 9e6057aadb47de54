"""`flashgen prune`: delete what no cached page names any more."""

from __future__ import annotations

from typing import Any

from flashgen.cli.options import command
from flashgen.cli.session import Session
from flashgen.errors import Refused


@command("prune")
def prune(session: Session) -> dict[str, Any]:
    """To be written."""
    raise Refused("not built yet")
