"""How a command of flashgen ended when a test ran it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Run:
    """How a command ended, and what it printed."""

    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    @property
    def result(self) -> dict[str, Any]:
        """What the command answered."""
        answer: dict[str, Any] = self.document["result"]
        return answer


Flashgen = Callable[..., Run]
