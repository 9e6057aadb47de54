"""Every error flashgen raises on purpose.

::

    FlashgenError                  exit 1
    ├── InvalidInput               files that marketing or a theme author has to correct; carries every Problem
    ├── Refused                    valid input, but not allowed now: wrong state, no secret, frozen
    ├── StoreError                 a store failed
    │   ├── Conflict               the precondition of a conditional write did not hold
    │   ├── NoAnswer               no answer in time: the write may have happened
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
    """A place in a file. `line` and `column` count from 1; 0 means the file as a whole.

    `cell` is what a spreadsheet program calls the place, if it would open the file: `Prices!C5` in a workbook, where
    line and column are those of the sheet, and `C5` or `row 5` in a CSV file.
    """

    file: Path
    line: int = 0
    column: int = 0
    cell: str = ""

    def __str__(self) -> str:
        if "!" in self.cell:
            return f"{self.file}:{self.cell}"
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place} ({self.cell})" if self.cell else place


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct in one place.

    `path` is the dotted path inside the document (`products.3.price`), `quote` the line in the file.
    """

    where: Where
    message: str
    hint: str = ""
    path: str = ""
    quote: str = ""


class FlashgenError(Exception):
    """The root of all. `hint` says what to do next; it may be empty."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class InvalidInput(FlashgenError):
    """Problems in input files: all of them, not only the first. `notes` say what was understood in spite of them."""

    def __init__(self, problems: Iterable[Problem], notes: Iterable[str] = ()) -> None:
        self.problems = tuple(problems)
        self.notes = tuple(notes)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the input")

    def __reduce__(self) -> tuple[type[InvalidInput], tuple[tuple[Problem, ...], tuple[str, ...]]]:
        """How to pickle it: build workers send their errors to the parent process."""
        return (InvalidInput, (self.problems, self.notes))


class Refused(FlashgenError):
    """A valid command that is not allowed now."""


class StoreError(FlashgenError):
    """A request to a store failed."""


class Conflict(StoreError):
    """The condition of a write did not hold: the object is another one than expected (HTTP 412 or 409)."""


class NoAnswer(StoreError):
    """The store did not answer in time: the write may or may not have happened."""


class AccessDenied(StoreError):
    """The store denies access."""


class NotSeen(FlashgenError):
    """The command is done, but the public does not see its effect."""


class LostRace(FlashgenError):
    """Another operator or push was first, and nothing of ours became public. `winner` is who, if known, else empty."""

    exit_code = 4

    def __init__(self, message: str, hint: str = "", winner: str = "") -> None:
        super().__init__(message, hint)
        self.winner = winner
