"""`flashgen verify`: read a pushed sale back through the edge."""

from __future__ import annotations

from typing import Any

from flashgen.cli.options import command
from flashgen.cli.session import Session
from flashgen.errors import Refused


@command("verify")
def verify(session: Session) -> dict[str, Any]:
    """To be written."""
    raise Refused("not built yet")
