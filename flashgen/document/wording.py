"""How values and suggestions are put in a message, and the error a value raises when it does not fit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

LONGEST_SHOWN = 60
_BARE = re.compile(r"[\w.+/:@%-]+")


class InvalidValue(ValueError):
    """A value that does not fit its key. The message goes on from the key's name: "must be above 0, found -5"."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def quoted(value: object) -> str:
    """A value as a message names it: one line, at most 60 characters, in quotes unless it is a single word."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    if _BARE.fullmatch(text) and len(text) <= LONGEST_SHOWN:
        return text
    if len(text) > LONGEST_SHOWN:
        text = text[: LONGEST_SHOWN - 1] + "…"
    return '"' + "".join(map(_printable, text)) + '"'


def clipped(line: str, longest: int = 160) -> str:
    """A line of a file as it may be quoted: control characters escaped, cut after `longest` characters."""
    line = line if len(line) <= longest else line[: longest - 1] + "…"
    return "".join(character if character == "\t" else _printable(character) for character in line)


def suggestion(word: str, known: Iterable[str]) -> str:
    """A hint for a word nobody knows: the one that was probably meant, else all there are."""
    words = sorted(known)
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(words)}"


def counted(count: int, noun: str) -> str:
    """`1 cell`, `2 cells`, `20,000 characters`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
