"""Every error flashgen raises on purpose.

::

    FlashgenError                  exit 1
    ├── InvalidInput               files that marketing or a theme author has to mend; carries every Problem
    ├── Refused                    the input is fine, the moment is not: wrong state, no secret, frozen
    ├── StoreError                 a store said no
    │   ├── Conflict               the precondition of a conditional write did not hold
    │   ├── NoAnswer               nobody knows whether the write happened
    │   └── AccessDenied           the credentials or file modes do not allow it
    ├── NotSeen                    done, but the public does not see it
    └── LostRace                   exit 4: another operator won; nothing was changed

Messages are lower case, one line, without a final period: place, what, what was found; `hint` is the fix.
Only `flashgen.cli` turns them into text and exit codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file. `line` and `column` count from 1; 0 means the file as a whole."""

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = [str(self.file)]
        if self.line:
            place.append(str(self.line))
            if self.column:
                place.append(str(self.column))
        return ":".join(place)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in one place.

    `path` is the dotted path inside the document (`products.3.price`), `quote` the line as it stands in the file.
    """

    where: Where
    message: str
    hint: str = ""
    path: str = ""
    quote: str = ""


class FlashgenError(Exception):
    """The root. `hint` says what to do next; it may be empty."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class InvalidInput(FlashgenError):
    """One or more problems in input files. All of them, not the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the input")

    def __reduce__(self) -> tuple[type[InvalidInput], tuple[tuple[Problem, ...]]]:
        """Workers of a build hand their errors to the parent pickled."""
        return (InvalidInput, (self.problems,))


class Refused(FlashgenError):
    """What was asked is understood, and not allowed now."""


class StoreError(FlashgenError):
    """A store could not do what it was asked."""


class Conflict(StoreError):
    """A conditional write met another object than it expected (HTTP 412 or 409)."""


class NoAnswer(StoreError):
    """The store did not answer in time: the write may or may not have happened."""


class AccessDenied(StoreError):
    """The store knows us and does not let us."""


class NotSeen(FlashgenError):
    """What was asked for is done, and the public does not see it."""


class LostRace(FlashgenError):
    """Another operator or push was first. Nothing of ours became public. `winner` says who, where known."""

    exit_code = 4

    def __init__(self, message: str, hint: str = "", winner: str = "") -> None:
        super().__init__(message, hint)
        self.winner = winner
