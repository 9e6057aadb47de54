"""What a check found: the lines that `verify` and `doctor` print."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. WARN is for what works but could be better, or could not be checked."""

    PASS = "PASS"  # noqa: S105
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a report: `check` names what was checked, `hint` is the fix; empty for PASS."""

    level: Level
    check: str
    message: str
    hint: str = ""
