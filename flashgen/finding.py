"""What a check found. `verify` and `doctor` speak in these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. WARN is for what works and could be better, or could not be looked at."""

    PASS = "PASS"  # noqa: S105
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a report: `check` names what was looked at, `hint` is the fix; PASS needs none."""

    level: Level
    check: str
    message: str
    hint: str = ""
